#!/bin/sh
# Makes .venv with the pinned packages and fraudlake itself, editable.
# Usage: set_up.sh STAMP [interpreter]. STAMP, a file inside .venv, is written last: without it
# .venv is the rest of an interrupted set-up and is made anew; with it .venv is brought up to date.
set -eu

stamp=$1
python=$(sh scripts/find_python.sh "${2-}")

packages=$(grep -c '==' constraints.txt)
if [ -f "$stamp" ]; then
    echo "bringing .venv up to date" >&2
    rm "$stamp"
else
    echo "installing $packages packages into .venv, about 1.9 GB, takes 1 to 4 minutes" >&2
    rm -rf .venv
    "$python" -m venv .venv
fi

pip() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check "$@"
}
pip install -r requirements.txt -r requirements-dev.txt
pip install --no-build-isolation --no-deps --editable .
pip check >&2
echo "archiving Spark's Java classes, half a minute, so that every start is 10 seconds shorter" >&2
.venv/bin/python scripts/archive_classes.py || echo "not done; starts take longer" >&2
touch "$stamp"

#!/bin/sh
# Makes .venv with the pinned packages and fraudlake itself, editable.
# Usage: set_up.sh STAMP [interpreter]. STAMP, a file inside .venv, is written last. A .venv whose
# packages are not all there is the rest of an interrupted set-up and is made anew; any other is
# brought up to date.
set -eu

stamp=$1
packages_stamp=.venv/.packages-complete
python=$(sh scripts/find_python.sh "${2-}")

packages=$(grep -c '==' constraints.txt)
if [ -f "$stamp" ] || [ -f "$packages_stamp" ]; then
    echo "bringing .venv up to date" >&2
    rm -f "$stamp" "$packages_stamp"
else
    echo "installing $packages packages into .venv, about 2.1 GB, takes 1 to 4 minutes" >&2
    rm -rf .venv
    "$python" -m venv .venv
fi

pip() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check "$@"
}
pip install -r requirements.txt -r requirements-dev.txt
pip install --no-build-isolation --no-deps --editable .
pip check >&2
touch "$packages_stamp"
echo "archiving Spark's Java classes, half a minute, so that every start is 7 seconds shorter" >&2
.venv/bin/python scripts/archive_classes.py || echo "not done; starts take longer" >&2
touch "$stamp"

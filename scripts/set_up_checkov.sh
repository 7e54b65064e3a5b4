#!/bin/sh
# Makes .venv-checkov: checkov wants another boto3 than the project, so it lives apart.
# Usage: set_up_checkov.sh STAMP [interpreter]. STAMP, a file inside, is written last.
set -eu

stamp=$1
python=$(sh scripts/find_python.sh "${2-}")

echo "installing checkov into .venv-checkov, about 300 MB, takes a minute" >&2
rm -rf .venv-checkov
"$python" -m venv .venv-checkov
.venv-checkov/bin/python -m pip --quiet --disable-pip-version-check install \
    --constraint constraints-checkov.txt checkov
.venv-checkov/bin/python -m pip --quiet --disable-pip-version-check check >&2
touch "$stamp"

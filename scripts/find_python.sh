#!/bin/sh
# Prints the Python 3.11 to build .venv with, or says on stderr what to install.
# Usage: find_python.sh [interpreter]; without one, python3.11, python3 and python are tried.

is_python_311() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

has_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

say_no_python() {
    cat >&2 <<'TEXT'
fraudlake needs Python 3.11 (the Python of Glue 5.1), and none was found.
  Debian 12:     sudo apt-get install python3.11 python3.11-venv
  Ubuntu 22.04:  sudo apt-get install python3.11 python3.11-venv
  other Ubuntu:  sudo add-apt-repository ppa:deadsnakes/ppa
                 sudo apt-get update && sudo apt-get install python3.11 python3.11-venv
  macOS:         brew install python@3.11
If it is somewhere else: make PYTHON=/path/to/python3.11 setup
TEXT
}

say_not_311() {
    echo "PYTHON=$1 is not a Python 3.11 that runs (found: $("$1" --version 2>&1))." >&2
    echo "Name one: make PYTHON=/path/to/python3.11 setup" >&2
}

say_no_venv() {
    echo "$1 lacks the module ensurepip, so it cannot make a virtual environment." >&2
    echo "  Debian and Ubuntu: sudo apt-get install python3.11-venv" >&2
}

use() {
    if ! has_venv "$1"; then
        say_no_venv "$1"
        exit 1
    fi
    printf '%s\n' "$1"
    exit 0
}

if [ -n "$1" ]; then
    is_python_311 "$1" && use "$1"
    say_not_311 "$1"
    exit 1
fi
for candidate in python3.11 python3 python; do
    is_python_311 "$candidate" && use "$candidate"
done
say_no_python
exit 1

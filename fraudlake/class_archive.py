"""Spark's Java classes, archived once the way Java maps them into memory (class data sharing).

Spark loads some 16,000 classes before it scores a row. Reading, checking and linking them is a
third of a small night; mapped from an archive they cost next to nothing. The set-up makes it
(`scripts/archive_classes.py`). Java takes the archive for the very Java and jars it was made with,
and loads classes one by one otherwise.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where a user gives Java options of its own: an agent or a recorder, perhaps. Java 17 crashes when
# one of these asks to see a class that comes from an archive.
OPTIONS_OF_USERS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS")
_QUIET = "-Xlog:cds*=off"  # what cannot be archived, or not be used, is no fault


def archive_file() -> Path:
    """Where the archive of this Python environment is, once it was made."""
    return Path(sys.prefix) / "share" / "fraudlake" / "spark.jsa"


def class_path_file() -> Path:
    """Where the class path is noted that the archive was made with."""
    return archive_file().with_suffix(".classpath")


def sharing_options() -> tuple[str, ...]:
    """Java's options to take classes from the archive.

    None before it was made, or where the environment gives Java options: an agent may be one.
    """
    archive = archive_file()
    if not archive.is_file() or any(os.environ.get(name) for name in OPTIONS_OF_USERS):
        return ()
    return f"-XX:SharedArchiveFile={archive}", _QUIET


def archiving_options(archive: Path) -> tuple[str, ...]:
    """Java's options to write an archive, when it ends, of the classes that it loaded."""
    return f"-XX:ArchiveClassesAtExit={archive}", _QUIET


def class_path_with(jars: Sequence[Path]) -> str:
    """The class path of jars that are added to Spark's own, so that the archive stays usable.

    Java takes an archive when its class path begins with that of the archive. Spark puts what is
    added first, so its own jars are named before it.
    """
    noted = class_path_file()
    is_there = archive_file().is_file() and noted.is_file()
    own = [noted.read_text(encoding="utf-8")] if is_there else []
    return os.pathsep.join([*own, *(str(one.absolute()) for one in jars)])

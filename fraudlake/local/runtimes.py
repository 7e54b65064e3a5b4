"""The Python that a function or a job runs on: what AWS's runtime brings, and nothing else.

The player's own environment holds much that AWS has not, and this project's checkout is on its
path. A process that ran there would find whatever its zip lacks.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution

# The runtime of a function is boto3 and AWS's own client of the Lambda service.
FUNCTION = ("boto3", "awslambdaric")
# What a layer adds, by the beginning of its name.
LAYERS = {"AWSSDKPandas-": ("awswrangler",)}
PYTHON_SHELL = ("boto3",)
PYTHON_SHELL_ANALYTICS = ("boto3", "awswrangler", "pymysql")
SPARK = ("pyspark", "pandas", "pyarrow", "boto3")


def python_with(packages: Iterable[str], folder: Path) -> Path:
    """The interpreter of an environment with these packages, what they require, and no others.

    It is made of links into the player's own environment, once, below `folder`. Raises
    SettingsError when a package is not installed.
    """
    chosen = _closure(packages)
    versions = json.dumps(
        sorted((name, one.version, str(one.locate_file(""))) for name, one in chosen.items())
    )
    home = folder / f"python-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
    if not home.is_dir():
        _make(home, chosen.values())
    return home / "bin" / "python"


def layer_packages(arn: str) -> tuple[str, ...]:
    """The packages of a layer; SettingsError for one that is not known here."""
    name = arn.split(":")[6]
    for known, packages in LAYERS.items():
        if name.startswith(known):
            return packages
    raise SettingsError(f"the layer {name} is not known here; add its packages to {__name__}")


def _closure(packages: Iterable[str]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [*packages]
    roots = set(waiting)
    while waiting:
        name = waiting.pop()
        try:
            one = distribution(name)
        except PackageNotFoundError:
            if name in roots:
                raise SettingsError(
                    f"the package {name} is not installed; run make setup"
                ) from None
            continue  # required on other systems only
        if one.name not in found:
            found[one.name] = one
            waiting += [_name(line) for line in one.requires or () if "extra ==" not in line]
    return found


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _make(home: Path, chosen: Iterable[Distribution]) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and moved, for two processes may need it at once, and one may be interrupted.
    aside = Path(tempfile.mkdtemp(prefix=".python-", dir=home.parent))
    venv.EnvBuilder(symlinks=True).create(aside)
    packages = next(aside.glob("lib/python*/site-packages"))
    for one in chosen:
        _link(one, packages)
    try:
        aside.rename(home)
    except OSError:  # another was quicker
        shutil.rmtree(aside)


def _link(one: Distribution, packages: Path) -> None:
    tops = {file.parts[0] for file in one.files or () if not file.name.endswith(".pth")}
    for top in tops - {"..", "__pycache__"}:
        place = packages / top
        if not place.is_symlink():
            place.symlink_to(Path(str(one.locate_file(top))))

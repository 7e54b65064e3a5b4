"""What is shipped: the core and each function as a zip, the same bytes from the same sources."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fraudlake.rules.file import read_rule_file

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).parents[1]
BUILD = PROJECT / "build"
RULES_IN_ZIP = "fraudlake/rules.json"
# What the core needs in Glue; the command line, its demo and sample data stay behind.
_NOT_IN_GLUE = (
    "cli",
    "options.py",
    "local_run.py",
    "progress.py",
    "screen.py",
    "sample_data/",
    "local/",
)
# The script of a job travels alone; what it imports beside the core is in the zip.
_JOB_SCRIPTS = ("glue_jobs/extract_blacklist.py", "glue_jobs/score_transactions.py")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def core_zip() -> Path:
    """What the scoring job imports: `fraudlake`, the checked rules as JSON, its own modules.

    Raises SettingsError when the rule file cannot be used: a bad rule is never deployed.
    """
    rules = json.dumps(read_rule_file().as_mapping(), sort_keys=True, separators=(",", ":"))
    sources = {
        name: path.read_bytes()
        for name, path in _python_files("fraudlake").items()
        if not name.removeprefix("fraudlake/").startswith(_NOT_IN_GLUE)
    }
    beside_scripts = {
        name: path.read_bytes()
        for name, path in _python_files("glue_jobs").items()
        if name not in _JOB_SCRIPTS
    }
    return _zipped("core.zip", {**sources, **beside_scripts, RULES_IN_ZIP: rules.encode()})


def function_zip(function: str, *, core: Sequence[str], packages: Sequence[str] = ()) -> Path:
    """A function of `lambdas/` as Lambda gets it; its handler is `lambdas.<name>.handler.handler`.

    Args:
        function: its folder.
        core: modules of `fraudlake` that it imports, as `errors`; the package itself is added.
        packages: installed packages of pure Python that it imports and Lambda has not.
    """
    own = [f"lambdas/{path.name}" for path in (PROJECT / "lambdas").glob("*.py")]
    own += [str(path.relative_to(PROJECT)) for path in _shipped(PROJECT / "lambdas" / function)]
    modules = [f"fraudlake/{name}.py" for name in ("__init__", *core)]
    files = {name: PROJECT / name for name in (*own, *modules)}
    for package in packages:
        files |= package_files(package)
    return _zipped(f"{function}.zip", {name: path.read_bytes() for name, path in files.items()})


def package_files(package: str) -> dict[str, Path]:
    """The modules of an installed package of pure Python, by their names in a zip."""
    root = Path(str(import_module(package).__file__)).parent
    return {f"{package}/{path.relative_to(root)}": path for path in sorted(root.rglob("*.py"))}


def _shipped(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in {".py", ".pem", ".sql"}]


def _python_files(folder: str) -> dict[str, Path]:
    found = sorted((PROJECT / folder).rglob("*.py"))
    return {str(path.relative_to(PROJECT)): path for path in found}


def _zipped(name: str, files: dict[str, bytes]) -> Path:
    BUILD.mkdir(exist_ok=True)
    target = BUILD / name
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, 9)
    return target

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from stacks import assets
from stacks.assets import PROJECT, RULES_IN_ZIP, core_zip, function_zip

if TYPE_CHECKING:
    from pathlib import Path

CORE = {
    "blacklist_extract": ("errors", "identity", "input_tables"),
    "demo_source": ("errors",),
    "fx_rates": ("errors", "ecb"),
}
PACKAGES = {"blacklist_extract": ("pymysql",), "demo_source": ("pymysql",), "fx_rates": ()}
# What Lambda's Python and the layer of pandas bring along.
GIVEN = ("boto3", "botocore", "urllib3", "pandas")


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "BUILD", tmp_path / "build")


def test_the_same_sources_give_the_same_bytes() -> None:
    first = core_zip().read_bytes()
    assert core_zip().read_bytes() == first


def test_the_core_travels_with_its_rules_and_without_its_command_line() -> None:
    with zipfile.ZipFile(core_zip()) as archive:
        names = set(archive.namelist())
        rules = archive.read(RULES_IN_ZIP)
    assert {"fraudlake/__init__.py", "fraudlake/pipeline.py", "fraudlake/rules/book.py"} <= names
    assert not {"fraudlake/cli.py", "fraudlake/demo.py", "fraudlake/sample_data/write.py"} & names
    assert b'"AMOUNT_OVER_LIMIT"' in rules


@pytest.mark.parametrize("function", list(CORE))
def test_a_function_imports_nothing_that_is_not_in_its_zip(function: str, tmp_path: Path) -> None:
    zipped = function_zip(function, core=CORE[function], packages=PACKAGES[function])
    code = f"""
import sys
given = {GIVEN!r}
for name in given:
    __import__(name)
before = set(sys.modules)
project = {str(PROJECT)!r}
sys.path = [{str(zipped)!r}, *(one for one in sys.path if one not in ("", project))]
import lambdas.{function}.handler
ours = [sys.modules[name] for name in set(sys.modules) - before]
files = {{getattr(one, "__file__", None) or "" for one in ours}}
print(sorted(one for one in files if "fraudlake" in one or "lambdas" in one or "pymysql" in one))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = done.stdout.strip("[]\n").replace("'", "").split(", ")
    assert imported
    assert all(one.startswith(str(zipped)) for one in imported), imported


def test_the_scoring_script_finds_all_it_imports_in_the_zip_of_the_core(tmp_path: Path) -> None:
    script = (PROJECT / "glue_jobs" / "score_transactions.py").read_bytes()
    (tmp_path / "score_transactions.py").write_bytes(script)
    code = f"""
import sys
project = {str(PROJECT)!r}
given = [one for one in sys.path if one not in ("", project)]
sys.path = [{str(core_zip())!r}, {str(tmp_path)!r}, *given]
import score_transactions, glue_jobs.arguments, fraudlake.pipeline
print(glue_jobs.arguments.__file__, fraudlake.pipeline.__file__)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all("core.zip" in one for one in done.stdout.split())

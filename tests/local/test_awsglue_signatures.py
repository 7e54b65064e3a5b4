"""The stand-in beside Glue's own library: no name, parameter or default that Glue has not.

AWSGlueDataplanePython is a development dependency, for its signatures alone: it needs Glue's JVM.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local import glue_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

MODULES = ("context", "dynamicframe", "job", "transforms", "utils")
PACKAGE = distribution("AWSGlueDataplanePython")
JOBS = sorted((Path(__file__).parents[2] / "glue_jobs").glob("*.py"))
PROBE = Path(__file__).with_name("awsglue_probe.py")


def loaded(folder: Path) -> dict[str, ModuleType]:
    """The modules of the `awsglue` in a folder; afterwards nothing of that name is imported."""
    with _first_on_the_path(folder):
        found = {one: importlib.import_module(f"awsglue.{one}") for one in MODULES}
    assert all(Path(str(one.__file__)).is_relative_to(folder) for one in found.values())
    return found


@contextlib.contextmanager
def _first_on_the_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [one for one in sys.modules if one.split(".")[0] == "awsglue"]:
            del sys.modules[name]


STAND_IN = loaded(Path(glue_runtime.__file__).parent)
REAL = loaded(Path(str(PACKAGE.locate_file(""))))


def public(module: ModuleType) -> list[str]:
    """The names of its own functions and classes that a job may use."""
    return [
        name
        for name, one in vars(module).items()
        if (inspect.isclass(one) or inspect.isfunction(one))
        and one.__module__ == module.__name__
        and not name.startswith("_")
        and not (module.__name__.endswith("transforms") and name == "GlueTransform")
    ]


def methods(kind: type) -> list[str]:
    """Its own methods: the public ones, its construction and its call."""
    named = [name for name in vars(kind) if not name.startswith("_")]
    return [*named, *(name for name in ("__init__", "__call__") if name in vars(kind))]


NAMES = [(module, name) for module in MODULES for name in public(STAND_IN[module])]
METHODS = [
    (module, name, method)
    for module, name in NAMES
    if inspect.isclass(vars(STAND_IN[module])[name])
    for method in methods(vars(STAND_IN[module])[name])
]


def shape(of: Any) -> list[tuple[str, Any, Any]]:  # noqa: ANN401 - anything that can be called
    return [(one.name, one.kind, one.default) for one in inspect.signature(of).parameters.values()]


def test_the_library_is_the_one_for_the_glue_version_that_is_deployed() -> None:
    assert PACKAGE.version == "5.1.0"
    assert len(METHODS) > 15


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_glue_has_the_name_and_its_signature(module: str, name: str) -> None:
    real, stand_in = getattr(REAL[module], name), vars(STAND_IN[module])[name]
    assert inspect.isclass(real) == inspect.isclass(stand_in)
    assert inspect.isclass(real) or shape(real) == shape(stand_in)


@pytest.mark.parametrize(("module", "name", "method"), METHODS)
def test_glue_has_the_method_and_its_signature(module: str, name: str, method: str) -> None:
    real, stand_in = (getattr(one[module], name) for one in (REAL, STAND_IN))
    found = inspect.getattr_static(real, method)
    assert type(found) is type(inspect.getattr_static(stand_in, method))
    assert shape(getattr(real, method)) == shape(getattr(stand_in, method))


@pytest.mark.parametrize("name", ["spark_session", "create_dynamic_frame"])
def test_glue_sets_the_attributes_of_a_context_too(name: str) -> None:
    assert name in attributes_set(REAL["context"])
    assert name in attributes_set(STAND_IN["context"])


def attributes_set(module: ModuleType) -> set[str]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    stored = (one for one in ast.walk(tree) if isinstance(one, ast.Attribute))
    return {one.attr for one in stored if isinstance(one.ctx, ast.Store)}


PAUSED = ("--job-bookmark-option", "job-bookmark-pause")
ARGUMENTS = [
    (["--a", "1"], ["a"]),
    (["--a=1", "--a", "2"], ["a"]),
    (["--a", "-1"], ["a"]),
    (["--a", ""], ["a"]),
    (["--a", "%s and a blank"], ["a"]),
    (["x", "--a", "1", "y", "--b", "2"], ["a"]),
    (["--a-b", "1"], ["a-b"]),
    ([], ["a"]),
    (["--a"], ["a"]),
    (["--a", "--b"], ["a"]),
    (["--WORK", "1"], ["WORKFLOW_NAME"]),
    (["--WORK", "1"], ["WORKFLOW_NAME", "WORKFLOW_RUN_ID"]),
    (["--JOB", "1"], []),
    (["--JOB_NAME", "j", "--JOB_RUN_ID", "r", "--enable-metrics", "true"], ["JOB_NAME"]),
    (["--JOB_RUN_ID", "r"], ["JOB_RUN_ID"]),
    (["--a", "1"], ["a", "a"]),
    (["--TempDir", "s3://x"], ["TempDir"]),
    (["--RedshiftTempDir", "s3://x"], []),
    (["--TempDir", "s3://x", "--RedshiftTempDir", "s3://y"], ["RedshiftTempDir"]),
    ([], ["job-bookmark-option"]),
    ([], ["continuation-option"]),
    ([], ["job-bookmark-from"]),
    (["--job-bookmark-option", "job-bookmark-enable"], []),
    (["--job-bookmark-option", "on"], []),
    (["--job-bookmark-from", "1"], []),
    (["--job-bookmark-from", "1", "--job-bookmark-to", "2"], []),
    (
        [*PAUSED, "--job-bookmark-from", "1", "--job-bookmark-to", "2"],
        [],
    ),
    (["--continuation-option", "continuation-enabled"], []),
    (["--continuation-option", "continuation-readonly"], []),
    (["--continuation-option", "continuation-ignore"], []),
    (
        ["--continuation-option", "continuation-enabled", *PAUSED],
        [],
    ),
    (["--encryption-type", "sse-s3", "--SECURITY_CONFIGURATION", "s"], []),
    (["--encryption-type", "none"], []),
    ([*PAUSED, "--job-bookmark-from", "1"], []),
    ([*PAUSED, "--job-bookmark-to", "1"], []),
    ([], ["encryption-type"]),
    (["--continuation-option", "continuation-on"], []),
    (["--enable-data-lineage", "true"], ["enable-data-lineage"]),
]


@pytest.mark.parametrize(("argv", "options"), ARGUMENTS)
def test_arguments_are_resolved_as_by_glue(argv: list[str], options: list[str]) -> None:
    assert resolved(STAND_IN["utils"], argv, options) == resolved(REAL["utils"], argv, options)


def resolved(utils: ModuleType, argv: list[str], options: list[str]) -> object:
    """What came of it, a failure by its class and text."""
    try:
        return utils.getResolvedOptions(["script.py", *argv], options)
    except (utils.GlueArgumentError, argparse.ArgumentError, RuntimeError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("script", [*JOBS, PROBE], ids=lambda one: one.name)
def test_a_job_calls_nothing_that_glue_has_not(script: Path) -> None:
    for module, name in imported(script.read_text(encoding="utf-8")):
        assert module in MODULES, f"{script.name} imports awsglue.{module}"
        assert hasattr(REAL[module], name), f"Glue's {module} has no {name}"
        assert hasattr(STAND_IN[module], name), f"the stand-in's {module} has no {name}"


def imported(source: str) -> list[tuple[str, str]]:
    """The module and the name of each import from awsglue, wherever it stands."""
    tree = ast.parse(source)
    whole = [one for one in ast.walk(tree) if isinstance(one, ast.Import)]
    assert not [one for one in whole for name in one.names if name.name.startswith("awsglue")]
    return [
        (str(one.module).removeprefix("awsglue."), name.name)
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and str(one.module).split(".")[0] == "awsglue"
        for name in one.names
    ]


def test_a_job_without_bookmarks_begins_and_ends() -> None:
    job = STAND_IN["job"].Job(object())
    with pytest.raises(RuntimeError, match="commit before init"):
        job.commit()
    job.init("score", {"job_bookmark_option": "job-bookmark-disable"})
    job.commit()


def test_a_job_that_wants_bookmarks_is_told_that_there_are_none() -> None:
    with pytest.raises(NotImplementedError, match="no bookmarks outside Glue"):
        STAND_IN["job"].Job(object()).init("score", {"job_bookmark_option": "job-bookmark-enable"})


def test_a_context_wants_a_spark_context() -> None:
    with pytest.raises(TypeError, match=r"SparkContext\.getOrCreate"):
        STAND_IN["context"].GlueContext()


def test_a_table_is_named_by_its_database_and_name() -> None:
    reader = STAND_IN["dynamicframe"].DynamicFrameReader(object())
    with pytest.raises(ValueError, match="needs a database and a table_name"):
        reader.from_catalog(table_name="payments")

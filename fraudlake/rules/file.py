"""Rule files in YAML: reading them with line numbers, and the defaults that come with fraudlake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from fraudlake.errors import SettingsError
from fraudlake.rules.book import RuleBook, condition_problems, has_conditions, read_rule_book
from fraudlake.rules.form import Place, Problem, path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

_PACKAGE = Path(__file__).resolve().parent.parent
_PARTS_WITH_DEFAULTS = ("categories", "settings")


def default_rule_file() -> Path:
    """The file `rules/default.yaml` of this installation, or of the checkout."""
    installed = _PACKAGE / "rule_files" / "default.yaml"
    return installed if installed.exists() else _PACKAGE.parent / "rules" / "default.yaml"


def read_rule_file(
    path: Path | None = None, condition_rows: Callable[[tuple[str, ...]], DataFrame] | None = None
) -> RuleBook:
    """The rule book in a YAML file, or the default one.

    `condition_rows` makes an empty frame of `condition_schema(carry)`; it is called only when the
    file holds Spark SQL. Raises SettingsError with every problem of the file and its line.
    """
    path = path or default_rule_file()
    values, lines = _parse(path)
    defaults = {} if path == default_rule_file() else _defaults()
    book, problems = read_rule_book(values, defaults)
    if condition_rows is not None and has_conditions(book):
        problems += condition_problems(book, condition_rows(book.settings.cleansing.carry))
    if problems:
        raise SettingsError(_report(path, problems, lines))
    return book


def _defaults() -> Mapping[str, object]:
    values, _ = _parse(default_rule_file())
    return {name: values[name] for name in _PARTS_WITH_DEFAULTS}


def _parse(path: Path) -> tuple[dict[str, object], dict[Place, int]]:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"rule file {path} cannot be read: {error.strerror}; name a YAML file"
        raise SettingsError(message) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"rule file {path} is not YAML: {_where(error)}") from error
    if not isinstance(values, dict):
        raise SettingsError(f"rule file {path} must be a mapping with the key `rules`")
    lines, repeated = _lines(root)
    if repeated:
        raise SettingsError([f"{path}, {text}" for text in repeated])
    return {str(name): value for name, value in values.items()}, lines


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _lines(root: yaml.Node | None) -> tuple[dict[Place, int], list[str]]:
    """The line of every place in the file, and keys that stand twice in one mapping."""
    lines: dict[Place, int] = {}
    repeated: list[str] = []
    pending: list[tuple[Place, yaml.Node | None]] = [((), root)]
    seen: set[int] = set()  # an alias stands for a node already read, perhaps for one around it
    while pending:
        place, node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for key, line, value in _members(node):
            below = (*place, key)
            if below in lines:
                repeated.append(f"line {line}: {path_text(below)} stands twice; remove one")
            lines[below] = line
            pending.append((below, value))
    return lines, repeated


def _members(node: yaml.Node | None) -> list[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key.start_mark.line + 1, value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(at, one.start_mark.line + 1, one) for at, one in enumerate(node.value)]
    return []


def _report(path: Path, problems: list[Problem], lines: dict[Place, int]) -> list[str]:
    return [f"{path}, line {_line_of(problem.place, lines)}: {problem}" for problem in problems]


def _line_of(place: Place, lines: dict[Place, int]) -> int:
    """The line of a place, or of the nearest thing around it that is written down."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)

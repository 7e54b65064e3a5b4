"""Rules of EventBridge: which events match a pattern, and what a target is told of one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.events.models import EventPattern

from fraudlake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.deployment import Resource

# What the matcher knows; another filter would pass silently.
_FILTERS = frozenset(
    {"prefix", "suffix", "equals-ignore-case", "numeric", "anything-but", "exists"}
    | {"cidr", "wildcard"}
)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
# A placeholder; within quotes or not decides how its value is written.
_PLACE = re.compile(r"<([^<>\s]+)>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_MISSING = object()


def check_pattern(rule: Resource) -> None:
    """Raise SettingsError for a pattern with a filter that cannot be matched here."""
    unknown = sorted(set(_filters(rule.properties["EventPattern"])) - _FILTERS)
    if unknown:
        raise SettingsError(
            f"the rule {rule.name} filters events by {', '.join(unknown)}, which is not played "
            f"here; use {', '.join(sorted(_FILTERS))} or plain values"
        )


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event matches the pattern of a rule."""
    raw = json.dumps(pattern)
    return bool(EventPattern(raw, dict(pattern)).matches_event(dict(event)))  # type: ignore[arg-type]


def message_of(target: Mapping[str, Any], event: Mapping[str, Any], rule: Resource) -> str:
    """What a target is sent for an event: all of it, or what its input says.

    Raises SettingsError when the template of a transformer gives no JSON, which EventBridge would
    not deliver.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = _at(event, target["InputPath"])
        return json.dumps(None if found is _MISSING else found)
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule)
    return json.dumps(event)


def _filters(pattern: object) -> Iterator[str]:
    """The names of the filters in a pattern: the keys of objects within lists."""
    if isinstance(pattern, dict):
        for name, value in pattern.items():
            alternatives = value if name == "$or" else [value]
            for one in alternatives:
                yield from _filters(one)
    if isinstance(pattern, list):
        for one in pattern:
            yield from one if isinstance(one, dict) else ()


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], rule: Resource) -> str:
    paths = transformer.get("InputPathsMap", {})
    values = {name: _at(event, path) for name, path in paths.items()} | _reserved(event, rule)
    template = str(transformer["InputTemplate"])
    written, end = [], 0
    for quoted in _QUOTED.finditer(template):
        written.append(_filled(template[end : quoted.start()], values, as_json=True))
        written.append(_filled(quoted[0], values, as_json=False))
        end = quoted.end()
    text = "".join(written) + _filled(template[end:], values, as_json=True)
    return _checked(text, template, rule)


def _checked(text: str, template: str, rule: Resource) -> str:
    if template.lstrip()[:1] in "{[":
        try:
            json.loads(text)
        except ValueError as error:
            raise SettingsError(
                f"the input template of the rule {rule.name} gives no JSON for this event "
                f"({error}): {text}"
            ) from error
    return text


def _filled(text: str, values: Mapping[str, Any], *, as_json: bool) -> str:
    """A part of a template with its placeholders filled in."""

    def value(place: re.Match[str]) -> str:
        found = values.get(place[1], _MISSING)
        found = "" if found is _MISSING else found
        return json.dumps(found) if as_json or not isinstance(found, str) else found

    return _PLACE.sub(value, text)


def _reserved(event: Mapping[str, Any], rule: Resource) -> dict[str, Any]:
    without_detail = {name: value for name, value in event.items() if name != "detail"}
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": without_detail,
        "aws.events.event.json": event,
    }


def _at(event: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON
    """What is at a JSON path of dots and indices, as `$.detail.jobName`; else `_MISSING`."""
    found: Any = event
    for name, index in _STEP.findall(path.removeprefix("$")):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return found

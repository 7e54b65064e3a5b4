from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import SettingsError
from fraudlake.local.deployment import Resource
from fraudlake.local.watch.notices import Notices
from fraudlake.local.watch.notices_rules import message_of
from tests.local.glue_world import deployment
from tests.local.notice_world import failed, publisher, rule, sent

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.actors import Actors


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"jobName": ["score"]}, 1),
        ({"jobName": ["extract"]}, 0),
        ({"jobName": [{"prefix": "sc"}], "state": ["FAILED", "TIMEOUT"]}, 1),
        ({"jobName": [{"anything-but": ["score"]}]}, 0),
        ({"state": [{"anything-but": {"prefix": "SUC"}}]}, 1),
        ({"noSuchField": [{"exists": False}]}, 1),
        ({"$or": [{"jobName": ["x"]}, {"state": ["FAILED"]}]}, 1),
        ({"message": [{"wildcard": "ValueError*"}]}, 1),
    ],
)
def test_a_rule_tells_of_the_events_that_match_its_pattern(
    tmp_path: Path, moto_actors: Actors, detail: dict[str, Any], expected: int
) -> None:
    published = sent(tmp_path, moto_actors, rule({"detail": detail}, {}))
    assert len(published.notices) == expected


def test_a_rule_that_is_disabled_tells_nothing(tmp_path: Path, moto_actors: Actors) -> None:
    written = rule({"source": ["aws.glue"]}, {}, State="DISABLED")
    assert sent(tmp_path, moto_actors, written).notices == []


def test_a_filter_that_is_not_known_is_refused(tmp_path: Path, moto_actors: Actors) -> None:
    written = rule({"detail": {"state": [{"sounds-like": "FAILED"}]}}, {})
    with pytest.raises(SettingsError, match="filters events by sounds-like, which is not played"):
        Notices(deployment(tmp_path, written), publisher(moto_actors))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail.jobName"}, '"score"'),
        (
            {"InputTransformer": {"InputTemplate": '"rule <aws.events.rule-name>"'}},
            '"rule the-rule"',
        ),
    ],
)
def test_a_target_is_sent_what_its_input_says(
    tmp_path: Path, moto_actors: Actors, target: dict[str, Any], message: str
) -> None:
    published = sent(tmp_path, moto_actors, rule({"source": ["aws.glue"]}, target))
    assert published.notices[0].message == message


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{"reason":<why>}', '{"reason":"a \\"quoted\\" word"}'),
        ('{"all":<detail>}', '{"all":{"n":[1,2]}}'),
        ('{"first":<first>}', '{"first":1}'),
        ('{"missing":<missing>}', '{"missing":""}'),
        ('{"text":"job <name>, done"}', '{"text":"job score, done"}'),
    ],
)
def test_a_transformer_writes_values_as_json_and_texts_within_quotes(
    template: str, message: str
) -> None:
    paths = {
        "why": "$.detail.message",
        "detail": "$.more",
        "first": "$.more.n[0]",
        "missing": "$.detail.nothing",
        "name": "$.detail.jobName",
    }
    target = {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}
    event = {
        "time": "now",
        "detail": {"message": 'a "quoted" word', "jobName": "score"},
        "more": {"n": [1, 2]},
    }
    found = message_of(target, event, a_rule())
    assert json.loads(found) == json.loads(message)


def test_a_message_that_is_no_json_is_not_delivered(tmp_path: Path, moto_actors: Actors) -> None:
    transformer = {
        "InputPathsMap": {"why": "$.detail.message"},
        "InputTemplate": '{"reason":"<why>"}',
    }
    published = sent(
        tmp_path,
        moto_actors,
        rule({"source": ["aws.glue"]}, {"InputTransformer": transformer}),
        failed("job", "score", 'KeyError: "x"'),
    )
    assert published.notices == []
    assert "gives no JSON" in published.undelivered[0].reason


def test_a_target_that_is_no_topic_is_named(tmp_path: Path, moto_actors: Actors) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    written = rule({"source": ["aws.glue"]}, {"Arn": function})
    published = sent(tmp_path, moto_actors, written)
    assert "function:f is no topic" in published.undelivered[0].reason


def a_rule() -> Resource:
    return Resource(
        stack="s",
        logical_id="Rule",
        type="AWS::Events::Rule",
        name="the-rule",
        arn="arn:aws:events:us-east-1:123456789012:rule/the-rule",
        properties={},
    )

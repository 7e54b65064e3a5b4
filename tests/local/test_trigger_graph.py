"""The linter of triggers: a sound pair of templates is clean, and each fault is told."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.trigger_graph import trigger_problems

if TYPE_CHECKING:
    from collections.abc import Callable

Resources = dict[str, dict[str, Any]]


def resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::Glue::{kind}", "Properties": properties}


def after(kind: str, name: object) -> dict[str, Any]:
    state = {"job": "State", "crawler": "CrawlState"}[kind]
    return {f"{kind.title()}Name": name, "LogicalOperator": "EQUALS", state: "SUCCEEDED"}


def conditional(*conditions: dict[str, Any], start: dict[str, object]) -> dict[str, Any]:
    return resource(
        "Trigger",
        Name=f"on-{'-'.join(map(str, start.values()))}",
        Type="CONDITIONAL",
        WorkflowName={"Ref": "Flow"},
        StartOnCreation=True,
        Actions=[start],
        Predicate={"Logical": "AND", "Conditions": [*conditions]},
    )


# extract and crawl, then score, then catalog; the blacklist is crawled on the side.
SOUND: Resources = {
    "Extract": resource("Job", Name="extract"),
    "Score": resource("Job", Name="score"),
    "Raw": resource("Crawler", Name="raw"),
    "Curated": resource("Crawler", Name="curated"),
    "Blacklist": resource("Crawler", Name="blacklist"),
    "Flow": resource("Workflow", Name="night"),
    "Start": resource(
        "Trigger",
        Name="start",
        Type="SCHEDULED",
        WorkflowName={"Ref": "Flow"},
        StartOnCreation=False,
        Actions=[{"JobName": {"Ref": "Extract"}}, {"CrawlerName": "raw"}],
    ),
    "ToScore": conditional(
        after("job", "extract"), after("crawler", {"Ref": "Raw"}), start={"JobName": "score"}
    ),
    "ToCurated": conditional(after("job", {"Ref": "Score"}), start={"CrawlerName": "curated"}),
}


@pytest.fixture
def resources() -> Resources:
    return deepcopy(SOUND)


def problems(*templates: Resources) -> list[str]:
    whole = [{"Resources": one} for one in templates]
    return trigger_problems(whole, lambda_started={"blacklist"})


def test_a_sound_workflow_has_no_problems(resources: Resources) -> None:
    assert problems(resources) == []


def test_several_templates_are_one_deployment(resources: Resources) -> None:
    assert problems({"Blacklist": resources.pop("Blacklist")}, resources) == []


def test_a_name_imported_from_another_template_is_resolved(resources: Resources) -> None:
    lake: Resources = {
        "Resources": {"Raw": resources.pop("Raw")},
        "Outputs": {"Out": {"Value": {"Ref": "Raw"}, "Export": {"Name": "lake:Raw"}}},
    }
    imported = {"Fn::ImportValue": "lake:Raw"}
    resources["Start"]["Properties"]["Actions"][1] = {"CrawlerName": imported}
    resources["ToScore"]["Properties"]["Predicate"]["Conditions"][1]["CrawlerName"] = imported

    assert trigger_problems([{"Resources": resources}, lake], lambda_started={"blacklist"}) == []


def test_a_resource_without_a_name_is_known_by_its_id(resources: Resources) -> None:
    del resources["Extract"]["Properties"]["Name"]
    resources["ToScore"]["Properties"]["Predicate"]["Conditions"][0]["JobName"] = {"Ref": "Extract"}

    assert problems(resources) == []


def test_a_step_may_be_in_two_workflows(resources: Resources) -> None:
    resources["Again"] = resource("Workflow", Name="again")
    resources["StartAgain"] = resource(
        "Trigger",
        Name="start-again",
        Type="ON_DEMAND",
        WorkflowName="again",
        Actions=[{"JobName": "score"}],
    )

    assert problems(resources) == []


def _not_activated(resources: Resources) -> None:
    del resources["ToScore"]["Properties"]["StartOnCreation"]


def _no_operator(resources: Resources) -> None:
    del resources["ToCurated"]["Properties"]["Predicate"]["Conditions"][0]["LogicalOperator"]


def _state_of_the_wrong_kind(resources: Resources) -> None:
    crawled = resources["ToScore"]["Properties"]["Predicate"]["Conditions"][1]
    crawled["State"] = crawled.pop("CrawlState")


def _watches_what_nothing_starts(resources: Resources) -> None:
    resources["Start"]["Properties"]["Actions"].pop()
    resources["Other"] = resource("Workflow", Name="other")
    resources["StartOther"] = resource(
        "Trigger",
        Name="start-other",
        Type="ON_DEMAND",
        WorkflowName="other",
        Actions=[{"CrawlerName": "raw"}],
    )


def _two_roots(resources: Resources) -> None:
    second = deepcopy(resources["Start"])
    second["Properties"] |= {"Name": "second", "Type": "ON_DEMAND"}
    resources["Second"] = second


def _no_root(resources: Resources) -> None:
    resources["Empty"] = resource("Workflow", Name="empty")


def _circle(resources: Resources) -> None:
    resources["Back"] = conditional(after("crawler", "curated"), start={"JobName": "score"})


def _three_crawlers(resources: Resources) -> None:
    for name in ("second", "third"):
        resources[name] = resource("Crawler", Name=name)
        resources["Start"]["Properties"]["Actions"].append({"CrawlerName": name})


def _job_left_out(resources: Resources) -> None:
    resources["Forgotten"] = resource("Job", Name="forgotten")


def _crawler_left_out(resources: Resources) -> None:
    resources["Forgotten"] = resource("Crawler", Name="forgotten")


def _watches_the_lambda_s_crawler(resources: Resources) -> None:
    conditions = resources["ToScore"]["Properties"]["Predicate"]["Conditions"]
    conditions.append(after("crawler", {"Ref": "Blacklist"}))


def _starts_the_lambda_s_crawler(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Actions"].append({"CrawlerName": "blacklist"})


def _starts_what_is_not_there(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Actions"].append({"JobName": "deleted"})


def _in_no_workflow(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["WorkflowName"] = "gone"
    resources["ToCurated"]["Properties"]["Type"] = "ON_DEMAND"
    del resources["ToCurated"]["Properties"]["Predicate"]


def _waits_for_nothing(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Predicate"] = {"Conditions": []}


def _lambda_s_crawler_is_not_there(resources: Resources) -> None:
    del resources["Blacklist"]


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (_not_activated, "trigger on-score of workflow night is not activated"),
        (_no_operator, "trigger on-curated of workflow night compares the job score with None"),
        (
            _state_of_the_wrong_kind,
            "trigger on-score of workflow night does not say which CrawlState of the crawler raw",
        ),
        (
            _watches_what_nothing_starts,
            "trigger on-score of workflow night watches the crawler raw, which no trigger of that",
        ),
        (_two_roots, "workflow night needs one trigger that starts it, and has second, start"),
        (_no_root, "workflow empty needs one trigger that starts it, and has none"),
        (_circle, "workflow night goes in a circle: the crawler curated by trigger on-curated"),
        (_three_crawlers, "trigger start of workflow night starts 3 crawlers"),
        (_job_left_out, "the job forgotten is never started"),
        (_crawler_left_out, "the crawler forgotten is never started"),
        (
            _watches_the_lambda_s_crawler,
            "trigger on-score of workflow night watches the crawler blacklist, which a function",
        ),
        (
            _starts_the_lambda_s_crawler,
            "trigger on-curated of workflow night starts the crawler blacklist, which a function",
        ),
        (
            _starts_what_is_not_there,
            "trigger on-curated of workflow night starts the job deleted, which is not in",
        ),
        (_in_no_workflow, "trigger on-curated of workflow gone belongs to a workflow that is not"),
        (_waits_for_nothing, "trigger on-curated of workflow night waits for nothing"),
        (_lambda_s_crawler_is_not_there, "the crawler blacklist, which a function is said to"),
    ],
)
def test_the_fault_is_told(
    resources: Resources, breaks: Callable[[Resources], None], sentence: str
) -> None:
    breaks(resources)

    assert [one for one in problems(resources) if one.startswith(sentence)], problems(resources)


def test_a_step_behind_a_trigger_that_cannot_fire_is_never_started(resources: Resources) -> None:
    _watches_what_nothing_starts(resources)

    assert "the crawler curated is never started: no trigger leads to it" in problems(resources)


def test_a_trigger_that_needs_any_of_its_steps_goes_on_with_one(resources: Resources) -> None:
    predicate = resources["ToScore"]["Properties"]["Predicate"]
    predicate["Logical"] = "ANY"
    predicate["Conditions"][1]["CrawlerName"] = "curated"

    told = problems(resources)

    assert not [one for one in told if "never started" in one]
    assert [one for one in told if "goes in a circle" in one]

"""The linter of triggers: a sound pair of templates is clean, and each fault is told."""

from __future__ import annotations

from typing import Any

import pytest

from fraudlake.local.trigger_graph import trigger_problems

Resources = dict[str, dict[str, Any]]


def resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::Glue::{kind}", "Properties": properties}


def after(kind: str, name: object, state: str = "SUCCEEDED") -> dict[str, Any]:
    key = {"job": "State", "crawler": "CrawlState"}[kind]
    return {f"{kind.title()}Name": name, "LogicalOperator": "EQUALS", key: state}


def conditional(*awaited: object, start: dict[str, str], flow: str = "night") -> dict[str, Any]:
    return resource(
        "Trigger",
        Name=f"on-{'-'.join(map(str, start.values()))}",
        Type="CONDITIONAL",
        WorkflowName=flow,
        StartOnCreation=True,
        Actions=[start],
        Predicate={"Logical": "AND", "Conditions": [*awaited]},
    )


def root(name: str, flow: object, *start: object, kind: str = "SCHEDULED") -> dict[str, Any]:
    return resource("Trigger", Name=name, Type=kind, WorkflowName=flow, Actions=[*start])


@pytest.fixture
def resources() -> Resources:
    """Extract and crawl, then score, then catalog; the blacklist is crawled on the side."""
    return {
        "Extract": resource("Job", Name="extract"),
        "Score": resource("Job", Name="score"),
        "Raw": resource("Crawler", Name="raw"),
        "Curated": resource("Crawler", Name="curated"),
        "Blacklist": resource("Crawler", Name="blacklist"),
        "Flow": resource("Workflow", Name="night"),
        "Start": root(
            "start", {"Ref": "Flow"}, {"JobName": {"Ref": "Extract"}}, {"CrawlerName": "raw"}
        ),
        "ToScore": conditional(
            after("job", "extract"), after("crawler", {"Ref": "Raw"}), start={"JobName": "score"}
        ),
        "ToCurated": conditional(after("job", {"Ref": "Score"}), start={"CrawlerName": "curated"}),
    }


def problems(resources: Resources) -> list[str]:
    return trigger_problems({"night": {"Resources": resources}}, lambda_started={"blacklist"})


def told(resources: Resources, sentence: str) -> bool:
    return any(one.startswith(sentence) for one in problems(resources))


def conditions(resources: Resources, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resources[key]["Properties"]["Predicate"]["Conditions"]
    return found


def add_workflow(resources: Resources, start: dict[str, object]) -> None:
    resources["Other"] = resource("Workflow", Name="other")
    resources["StartOther"] = root("start-other", "other", start, kind="ON_DEMAND")


def test_a_sound_workflow_has_no_problems(resources: Resources) -> None:
    assert problems(resources) == []


def test_a_name_imported_from_another_template_is_resolved(resources: Resources) -> None:
    lake: Resources = {
        "Resources": {key: resources.pop(key) for key in ("Raw", "Blacklist")},
        "Outputs": {"Out": {"Value": {"Ref": "Raw"}, "Export": {"Name": "lake:Raw"}}},
    }
    imported = {"Fn::ImportValue": "lake:Raw"}
    resources["Start"]["Properties"]["Actions"][1] = {"CrawlerName": imported}
    conditions(resources, "ToScore")[1]["CrawlerName"] = imported
    both = {"night": {"Resources": resources}, "lake": lake}
    assert trigger_problems(both, lambda_started={"blacklist"}) == []


def test_a_resource_without_a_name_is_known_by_its_id(resources: Resources) -> None:
    del resources["Extract"]["Properties"]["Name"]
    conditions(resources, "ToScore")[0]["JobName"] = {"Ref": "Extract"}
    assert problems(resources) == []


def test_a_name_that_is_joined_from_parts_is_resolved(resources: Resources) -> None:
    conditions(resources, "ToScore")[0]["JobName"] = {"Fn::Join": ["", ["ex", "tract"]]}
    assert problems(resources) == []


def test_a_crawler_in_two_workflows(resources: Resources) -> None:
    add_workflow(resources, {"CrawlerName": "curated"})
    sentence = "the crawler curated is started by night and other: busy in one, it fails the other"
    assert problems(resources) == [sentence]


def test_a_job_may_be_in_two_workflows(resources: Resources) -> None:
    add_workflow(resources, {"JobName": "score"})
    assert problems(resources) == []


def test_a_trigger_that_is_not_activated(resources: Resources) -> None:
    del resources["ToScore"]["Properties"]["StartOnCreation"]
    assert told(resources, "trigger on-score of workflow night is not activated")


def test_a_condition_without_operator(resources: Resources) -> None:
    del conditions(resources, "ToCurated")[0]["LogicalOperator"]
    assert told(resources, "trigger on-curated of workflow night compares the job score with None")


def test_a_condition_with_the_state_of_the_other_kind(resources: Resources) -> None:
    crawled = conditions(resources, "ToScore")[1]
    crawled["State"] = crawled.pop("CrawlState")
    assert told(resources, "trigger on-score of workflow night does not say which CrawlState of")


@pytest.mark.parametrize(("job", "raw"), [("Succeded", "Succeded"), ("CANCELLED", "STOPPED")])
def test_a_state_that_glue_does_not_know(resources: Resources, job: str, raw: str) -> None:
    conditions(resources, "ToScore")[:] = after("job", "extract", job), after("crawler", "raw", raw)
    waits = "trigger on-score of workflow night waits for"
    assert told(resources, f"{waits} the job extract to be {job}, which is not one of")
    assert told(resources, f"{waits} the crawler raw to be {raw}, which is not one of")


@pytest.mark.parametrize("state", ["STOPPED", "FAILED", "TIMEOUT"])
def test_nothing_goes_on_after_success(resources: Resources, state: str) -> None:
    conditions(resources, "ToScore")[0]["State"] = state
    waits = f"trigger on-score of workflow night waits for the job extract to be {state}"
    assert told(resources, f"{waits}, so that success never leads to the job score")


def test_nothing_goes_on_after_success_in_one_of_two_workflows(resources: Resources) -> None:
    add_workflow(resources, {"JobName": "score"})
    failed = after("job", "score", "FAILED")
    resources["Then"] = conditional(failed, start={"CrawlerName": "curated"}, flow="other")
    waits = "trigger on-curated of workflow other waits for the job score to be FAILED"
    assert told(resources, f"{waits}, so that success never leads to the crawler curated")


def test_a_branch_for_failures_beside_the_good_path_is_sound(resources: Resources) -> None:
    failed = after("job", "extract", "FAILED")
    resources["Else"] = conditional(failed, start={"CrawlerName": "curated"})
    assert problems(resources) == []


def test_two_conditions_without_logical(resources: Resources) -> None:
    for key in ("ToScore", "ToCurated"):
        del resources[key]["Properties"]["Predicate"]["Logical"]
    sentence = "trigger on-score of workflow night has 2 conditions and no Logical (AND or ANY)"
    assert problems(resources) == [sentence]


def test_a_logical_that_glue_does_not_know(resources: Resources) -> None:
    resources["ToScore"]["Properties"]["Predicate"]["Logical"] = "OR"
    assert told(resources, "trigger on-score of workflow night has the Logical OR")


@pytest.mark.parametrize(("key", "name"), [("Start", "start"), ("ToCurated", "on-curated")])
def test_a_trigger_without_actions(resources: Resources, key: str, name: str) -> None:
    resources[key]["Properties"]["Actions"] = []
    assert told(resources, f"trigger {name} of workflow night starts nothing")


def test_a_watched_step_that_nothing_starts(resources: Resources) -> None:
    resources["Start"]["Properties"]["Actions"].pop()
    add_workflow(resources, {"CrawlerName": "raw"})
    assert told(resources, "trigger on-score of workflow night watches the crawler raw, which no")
    assert told(resources, "the crawler curated is never started: no trigger leads to it")


def test_two_roots(resources: Resources) -> None:
    resources["Second"] = root("second", {"Ref": "Flow"}, {"JobName": "extract"})
    assert told(resources, "workflow night needs one trigger that starts it, and has second, start")


def test_no_root(resources: Resources) -> None:
    resources["Empty"] = resource("Workflow", Name="empty")
    assert told(resources, "workflow empty needs one trigger that starts it, and has none")


def test_a_circle(resources: Resources) -> None:
    resources["Back"] = conditional(after("crawler", "curated"), start={"JobName": "score"})
    assert told(resources, "workflow night goes in a circle: the crawler curated by trigger")


def test_three_crawlers_started_by_one_trigger(resources: Resources) -> None:
    for name in ("second", "third"):
        resources[name] = resource("Crawler", Name=name)
        resources["Start"]["Properties"]["Actions"].append({"CrawlerName": name})
    assert told(resources, "trigger start of workflow night starts 3 crawlers")


@pytest.mark.parametrize("kind", ["Job", "Crawler"])
def test_a_step_left_out(resources: Resources, kind: str) -> None:
    resources["Forgotten"] = resource(kind, Name="forgotten")
    assert told(resources, f"the {kind.lower()} forgotten is never started")


def test_the_lambda_s_crawler_is_watched(resources: Resources) -> None:
    conditions(resources, "ToScore").append(after("crawler", {"Ref": "Blacklist"}))
    assert told(resources, "trigger on-score of workflow night watches the crawler blacklist,")


def test_the_lambda_s_crawler_is_started(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Actions"].append({"CrawlerName": "blacklist"})
    assert told(resources, "trigger on-curated of workflow night starts the crawler blacklist,")


def test_the_lambda_s_crawler_is_not_there(resources: Resources) -> None:
    del resources["Blacklist"]
    assert told(resources, "the crawler blacklist, which a function is said to")


def test_a_started_step_that_is_not_there(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Actions"].append({"JobName": "deleted"})
    assert told(resources, "trigger on-curated of workflow night starts the job deleted, which is")


def test_a_workflow_that_is_not_there(resources: Resources) -> None:
    resources["ToCurated"] = root("on-curated", "gone", {"CrawlerName": "curated"})
    assert told(resources, "trigger on-curated of workflow gone belongs to a workflow that is not")


def test_a_trigger_that_waits_for_nothing(resources: Resources) -> None:
    resources["ToCurated"]["Properties"]["Predicate"] = {"Conditions": []}
    assert told(resources, "trigger on-curated of workflow night waits for nothing")


def test_a_trigger_that_needs_any_of_its_steps_goes_on_with_one(resources: Resources) -> None:
    predicate = resources["ToScore"]["Properties"]["Predicate"]
    predicate["Logical"] = "ANY"
    predicate["Conditions"][1]["CrawlerName"] = "curated"
    assert not [one for one in problems(resources) if "never started" in one]
    assert told(resources, "workflow night goes in a circle")

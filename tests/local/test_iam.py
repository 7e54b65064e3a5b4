from __future__ import annotations

import pytest

from fraudlake.local.permissions.iam import Principal, Request, Ruling, ruling_of, statements_of
from fraudlake.local.permissions.iam_conditions import Context, PolicyProblem
from tests.local.tiny_templates import ACCOUNT, ROLE, ROOT, Properties, allow, deny

READER = Principal(ACCOUNT, arn=ROLE)
EVENTS = Principal(ACCOUNT, service="events.amazonaws.com")
OBJECT = "arn:aws:s3:::lake/a"


def ruling(
    *written: Properties,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: Principal = READER,
) -> Ruling:
    context = Context({"aws:securetransport": ("true",)})
    request = Request(principal=principal, action=action, resource=resource, context=context)
    return ruling_of(statements_of({"Statement": [*written]}, "the policy p"), request)[0]


def test_a_deny_wins_wherever_it_stands() -> None:
    assert ruling(allow("s3:*"), deny("s3:GetObject"), allow("*")) is Ruling.DENIED


def test_a_deny_whose_condition_does_not_hold_denies_nothing() -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}

    assert ruling(allow("s3:*"), deny("s3:*", Condition=insecure)) is Ruling.ALLOWED


def test_what_no_statement_mentions_is_not_allowed() -> None:
    assert ruling(allow("s3:PutObject")) is Ruling.SILENT
    assert ruling() is Ruling.SILENT


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:Get*", "s3:GetObjec?", "*"])
def test_actions_match_with_wildcards_and_in_any_case(action: str) -> None:
    assert ruling(allow(["x:Y", action])) is Ruling.ALLOWED


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (OBJECT, Ruling.ALLOWED),
        ("arn:aws:s3:::lake/*", Ruling.ALLOWED),
        ("arn:aws:s3:::lak?/a", Ruling.ALLOWED),
        ("arn:aws:s3", Ruling.ALLOWED),
        ("arn:aws:s3:::lake", Ruling.SILENT),
        ("arn:aws:s3:::Lake/a", Ruling.SILENT),
        ("arn:aws:s3:::other/*", Ruling.SILENT),
    ],
)
def test_resources_match_whole_and_by_case(resource: str, expected: Ruling) -> None:
    assert ruling(allow("s3:*", resource)) is expected


def test_an_action_without_resources_matches_only_the_star() -> None:
    put = "cloudwatch:PutMetricData"

    assert ruling(allow(put), action=put, resource="*") is Ruling.ALLOWED
    assert ruling(allow(put, "arn:aws:x:::*"), action=put, resource="*") is Ruling.SILENT


def test_not_action_means_every_other_action() -> None:
    others = {"Effect": "Deny", "NotAction": ["s3:Get*", "kms:*"], "Resource": "*"}

    assert ruling(allow("*"), others) is Ruling.ALLOWED
    assert ruling(allow("*"), others, action="s3:PutObject") is Ruling.DENIED


def test_not_resource_means_every_other_resource() -> None:
    others = {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::lake/*"}

    assert ruling(allow("*"), others) is Ruling.ALLOWED
    assert ruling(allow("*"), others, resource="arn:aws:s3:::other/a") is Ruling.DENIED


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", Ruling.ALLOWED),
        ({"AWS": "*"}, Ruling.ALLOWED),
        ({"AWS": [ROLE]}, Ruling.ALLOWED),
        ({"AWS": ROOT}, Ruling.DELEGATED),
        ({"AWS": ACCOUNT}, Ruling.DELEGATED),
        ({"AWS": "arn:aws:iam::999999999999:root"}, Ruling.SILENT),
        ({"AWS": f"{ROLE}s"}, Ruling.SILENT),
        ({"Service": "events.amazonaws.com"}, Ruling.SILENT),
    ],
)
def test_a_resource_policy_names_a_role_its_account_or_all(
    principal: object, expected: Ruling
) -> None:
    assert ruling(allow("s3:*", Principal=principal)) is expected


def test_a_service_is_let_in_by_its_own_name_and_not_with_its_account() -> None:
    named = allow("s3:*", Principal={"Service": ["events.amazonaws.com"]})
    other = allow("s3:*", Principal={"Service": "cloudwatch.amazonaws.com"})

    assert ruling(named, principal=EVENTS) is Ruling.ALLOWED
    assert ruling(other, allow("s3:*", Principal={"AWS": ROOT}), principal=EVENTS) is Ruling.SILENT


def test_a_deny_for_the_account_is_one_for_its_roles() -> None:
    both = allow("s3:*", Principal="*"), deny("s3:*", Principal={"AWS": ROOT})

    assert ruling(*both) is Ruling.DENIED


def test_not_principal_spares_the_named_only() -> None:
    others = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": ROLE}}
    account = {**others, "NotPrincipal": {"AWS": ROOT}}
    stranger = Principal(ACCOUNT, arn=f"{ROLE}2")

    assert ruling(allow("*"), others) is Ruling.ALLOWED
    assert ruling(allow("*"), account) is Ruling.DENIED
    assert ruling(allow("*"), others, principal=stranger) is Ruling.DENIED


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ({"Effect": "Allow", "Actions": "*", "Resource": "*"}, "Actions"),
        ({"Effect": "allow", "Action": "*", "Resource": "*"}, "Effect"),
        ({"Effect": "Allow", "Action": "*"}, "Resource"),
        ({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}, "NotAction"),
        (allow("*", Principal={"Federated": "x"}), "Federated"),
        (allow("*", Condition={"StringEquals": {"aws:Nothing": "x"}}), "aws:Nothing"),
    ],
)
def test_a_statement_that_cannot_be_judged_is_named_with_its_policy(
    written: Properties, named: str
) -> None:
    with pytest.raises(PolicyProblem, match="the policy p") as raised:
        ruling(written)

    assert named in str(raised.value)

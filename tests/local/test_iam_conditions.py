from __future__ import annotations

import pytest

from fraudlake.local.permissions.iam_conditions import (
    Context,
    PolicyProblem,
    condition_holds,
    is_arn_like,
    is_like,
)

CONTEXT = Context(
    {
        "s3:prefix": ("blacklist/2025",),
        "aws:securetransport": ("true",),
        "aws:sourcearn": ("arn:aws:events:eu-west-1:1:rule/nightly",),
        "aws:tagkeys": ("team", "cost"),
        "aws:currenttime": ("2026-01-02T03:04:05+00:00",),
        "s3:tlsversion": ("1.2",),
        "aws:sourcevpce": (),
    },
    families=("kms:encryptioncontext:",),
)


def holds(operator: str, key: str, *wanted: object) -> bool:
    return condition_holds({operator: {key: [*wanted]}}, CONTEXT)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"),
    [
        ("StringEquals", "s3:prefix", "blacklist/2025", True),
        ("StringEquals", "s3:prefix", "Blacklist/2025", False),
        ("StringEquals", "s3:prefix", "blacklist/*", False),
        ("StringEqualsIgnoreCase", "s3:prefix", "BLACKLIST/2025", True),
        ("StringNotEquals", "s3:prefix", "blacklist/2025", False),
        ("StringNotEquals", "s3:prefix", "other", True),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "BLACKLIST/2025", False),
        ("StringLike", "s3:prefix", "blacklist/*", True),
        ("StringLike", "s3:prefix", "blacklist/202?", True),
        ("StringLike", "s3:prefix", "transactions/*", False),
        ("StringNotLike", "s3:prefix", "blacklist/*", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:events:*:1:rule/night*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:events:*", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:events:*:1:rule/*", True),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:events:*:1:rule/*", False),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Bool", "aws:SecureTransport", True, True),
        ("NumericLessThan", "s3:TlsVersion", 1.2, False),
        ("NumericLessThanEquals", "s3:TlsVersion", 1.2, True),
        ("NumericGreaterThan", "s3:TlsVersion", "1.1", True),
        ("NumericEquals", "s3:TlsVersion", "1.20", True),
        ("NumericNotEquals", "s3:TlsVersion", "1.20", False),
        ("DateLessThan", "aws:CurrentTime", "2026-01-02T03:04:06Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-02T03:04:05Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "1767323045", True),
        ("Null", "aws:SourceVpce", "true", True),
        ("Null", "s3:prefix", "true", False),
        ("Null", "s3:prefix", "false", True),
    ],
)
def test_each_operator_decides_as_documented(
    operator: str, key: str, wanted: object, *, expected: bool
) -> None:
    assert holds(operator, key, wanted) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("StringNotEqualsIfExists", True),
        ("ArnLike", False),
        ("Bool", False),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_a_key_that_is_not_sent_fails_positive_tests_and_passes_negated_ones(
    operator: str, *, expected: bool
) -> None:
    assert holds(operator, "aws:SourceVpce", "vpce-1") is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("ForAllValues:StringEquals", ["team", "cost", "more"], True),
        ("ForAllValues:StringEquals", ["team"], False),
        ("ForAnyValue:StringEquals", ["team"], True),
        ("ForAnyValue:StringEquals", ["more"], False),
        ("ForAllValues:StringNotEquals", ["more"], True),
        ("ForAllValues:StringNotEquals", ["team"], False),
        ("ForAnyValue:StringNotEquals", ["team"], True),
        ("ForAnyValue:StringNotLike", ["*"], False),
    ],
)
def test_quantifiers_look_at_every_value_of_the_request(
    operator: str, wanted: list[str], *, expected: bool
) -> None:
    assert holds(operator, "aws:TagKeys", *wanted) is expected


def test_one_of_several_wanted_values_is_enough_but_a_negated_test_means_none_of_them() -> None:
    assert holds("StringEquals", "s3:prefix", "other", "blacklist/2025")
    assert not holds("StringNotEquals", "s3:prefix", "other", "blacklist/2025")
    assert not holds("StringNotEquals", "aws:TagKeys", "team")


def test_all_tests_of_a_block_must_hold() -> None:
    block = {
        "Bool": {"aws:SecureTransport": "true"},
        "StringLike": {"s3:prefix": "transactions/*"},
    }

    assert not condition_holds(block, CONTEXT)


def test_an_absent_entry_of_a_known_family_is_absent_and_not_unknown() -> None:
    assert not holds("StringEquals", "kms:EncryptionContext:aws:logs:arn", "x")


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "named"),
    [
        ("IpAddress", "s3:prefix", "10.0.0.0/8", "IpAddress"),
        ("BinaryEquals", "s3:prefix", "eA==", "BinaryEquals"),
        ("BoolNot", "aws:SecureTransport", "true", "BoolNot"),
        ("ForSomeValues:StringEquals", "s3:prefix", "x", "ForSomeValues:StringEquals"),
        ("StringEquals", "aws:PrincipalOrgID", "o-1", "aws:PrincipalOrgID"),
        ("StringLike", "s3:prefix", "${aws:username}/*", "aws:username"),
        ("NumericEquals", "s3:TlsVersion", "new", "new"),
        ("DateEquals", "aws:CurrentTime", "soon", "soon"),
    ],
)
def test_what_is_not_known_is_named_and_never_passed_over(
    operator: str, key: str, wanted: str, named: str
) -> None:
    with pytest.raises(PolicyProblem) as raised:
        holds(operator, key, wanted)

    assert named in str(raised.value)


def test_an_unknown_key_is_found_even_behind_a_test_that_fails() -> None:
    block = {"StringEquals": {"s3:prefix": "no", "aws:PrincipalOrgID": "o-1"}}

    with pytest.raises(PolicyProblem, match="PrincipalOrgID"):
        condition_holds(block, CONTEXT)


def test_wildcards_stay_within_a_part_of_an_arn_and_other_signs_mean_themselves() -> None:
    assert is_arn_like("arn:aws:s3:::lake/a:b", "arn:aws:s3:::lake/*")
    assert not is_arn_like("arn:aws:glue:r:1:table/x", "arn:aws:*:table/x")
    assert not is_like("lakeXcsv", "lake.csv")
    assert is_like("a\nb", "a*b")

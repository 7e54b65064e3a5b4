from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import SettingsError
from lambdas import blacklist_extract
from lambdas.blacklist_extract.settings import DatabaseSettings, ExtractSettings

if TYPE_CHECKING:
    from tests.lambdas.blacklist_extract.deployed import Deployed

ADVICE = "correct the function's environment variables and deploy it again"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The least that has to be set, with IAM."""
    ca_file = tmp_path / "ca.pem"
    shutil.copy(Path(blacklist_extract.__file__).with_name("rds-ca.pem"), ca_file)
    return {
        "DB_HOST": "db.example",
        "DB_NAME": "risk",
        "DB_CA_FILE": str(ca_file),
        "DB_AUTH": "iam",
        "DB_USER": "extract",
        "RAW_BUCKET": "raw-bucket",
        "CRAWLER_NAME": "blacklist",
        "MAX_SHRINK": "0.5",
        "AWS_REGION": "eu-central-1",
    }


def problems_of(variables: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        ExtractSettings.from_environment(variables)
    return caught.value.problems


def test_the_rest_has_defaults(variables: dict[str, str]) -> None:
    assert ExtractSettings.from_environment(variables) == ExtractSettings(
        database=DatabaseSettings(
            host="db.example",
            port=3306,
            database="risk",
            ca_file=Path(variables["DB_CA_FILE"]),
            user="extract",
            secret_id=None,
            region="eu-central-1",
            timeout_seconds=30,
            attempts=3,
            pause_seconds=2,
        ),
        bucket="raw-bucket",
        crawler="blacklist",
        max_shrink=Decimal("0.5"),
    )


def test_every_setting_can_be_set(variables: dict[str, str]) -> None:
    numbers = {
        "DB_PORT": "3307",
        "DB_TIMEOUT_SECONDS": "5",
        "DB_ATTEMPTS": "10",
        "DB_PAUSE_SECONDS": "0",
    }
    secret = {"DB_AUTH": "secret", "DB_SECRET_ID": "login", "MAX_SHRINK": "0.25"}
    found = ExtractSettings.from_environment({**variables, **numbers, **secret})
    database = found.database
    assert (database.port, database.timeout_seconds) == (3307, 5)
    assert (database.attempts, database.pause_seconds) == (10, 0)
    assert (database.user, database.secret_id) == (None, "login")
    assert found.max_shrink == Decimal("0.25")


@pytest.mark.parametrize(("auth", "needed"), [("iam", "DB_USER"), ("secret", "DB_SECRET_ID")])
def test_each_way_to_log_in_needs_its_own_name(
    variables: dict[str, str], auth: str, needed: str
) -> None:
    del variables["DB_USER"]
    assert problems_of({**variables, "DB_AUTH": auth}) == [f"{needed} is not set", ADVICE]


def test_nothing_set_is_told_all_at_once() -> None:
    needed = "DB_AUTH DB_HOST DB_NAME DB_CA_FILE AWS_REGION RAW_BUCKET CRAWLER_NAME MAX_SHRINK"
    assert problems_of({}) == [*(f"{name} is not set" for name in needed.split()), ADVICE]


def test_everything_wrong_is_told_all_at_once_and_nothing_is_quoted() -> None:
    names = "DB_HOST DB_PORT DB_NAME DB_CA_FILE DB_AUTH DB_TIMEOUT_SECONDS DB_ATTEMPTS"
    more = "DB_PAUSE_SECONDS RAW_BUCKET CRAWLER_NAME MAX_SHRINK AWS_REGION"
    problems = problems_of(dict.fromkeys(f"{names} {more}".split(), "S3cret! it's"))
    assert problems == [
        "DB_AUTH is none of iam, secret",
        "DB_HOST is not the name or address of a host",
        "DB_PORT is no whole number from 1 to 65535",
        "DB_CA_FILE is no file of certificates in PEM form; without it no server can be trusted",
        "DB_TIMEOUT_SECONDS is no whole number from 1 to 300",
        "DB_ATTEMPTS is no whole number from 1 to 10",
        "DB_PAUSE_SECONDS is no whole number from 0 to 60",
        "RAW_BUCKET is not the name of a bucket",
        "MAX_SHRINK is no number from 0 to 1",
        ADVICE,
    ]


@pytest.mark.parametrize(
    "bad", ["db.example:3306", "mysql://db", "db example", "d\u00e4", "db\n.x"]
)
def test_a_host_is_a_name_only(variables: dict[str, str], bad: str) -> None:
    assert len(problems_of({**variables, "DB_HOST": bad})) == 2


@pytest.mark.parametrize("bad", ["Raw", "s3://raw", "raw/folder", "ra", "r" * 64])
def test_a_bucket_is_a_name_only(variables: dict[str, str], bad: str) -> None:
    assert problems_of({**variables, "RAW_BUCKET": bad})[0].startswith("RAW_BUCKET")


def test_a_folder_is_no_file_of_authorities(variables: dict[str, str], tmp_path: Path) -> None:
    assert problems_of({**variables, "DB_CA_FILE": str(tmp_path)})[0].startswith("DB_CA_FILE")


def test_a_function_with_wrong_settings_does_nothing(deployed: Deployed) -> None:
    deployed.insert({"customer_id": "C1"})
    deployed.set(MAX_SHRINK="50%", DB_NAME=None)
    with pytest.raises(SettingsError, match=r"DB_NAME is not set\nMAX_SHRINK is no number"):
        deployed.call()
    assert deployed.keys() == []


def test_a_file_without_certificates_verifies_nothing(
    variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_text("no certificate")
    found = problems_of({**variables, "DB_CA_FILE": str(tmp_path / "other.pem")})
    assert found[0].startswith("DB_CA_FILE is no file of certificates in PEM form")

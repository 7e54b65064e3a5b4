from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import InputError, RunError, SettingsError
from lambdas.fx_rates.handler import handler
from lambdas.fx_rates.target_days import publication_days
from tests.lambdas.fx_rates.ecb_files import ecb_zip
from tests.lambdas.fx_rates.https_server import fails, sends

if TYPE_CHECKING:
    from tests.lambdas.fx_rates.deployment import Deployment

SCHEDULED = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


class Invocation:
    """What Lambda tells the function."""

    aws_request_id = "c0ffee"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def deployed(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The environment of the deployed function."""
    monkeypatch.setenv("RAW_BUCKET", deployment.bucket.name)
    monkeypatch.setenv("ECB_DAILY_URL", deployment.ecb.url("/daily.zip"))
    monkeypatch.setenv("ECB_HISTORY_URL", deployment.ecb.url("/history.zip"))
    today = datetime.now(UTC).date()
    *before, newest = [str(day) for day in publication_days(today - timedelta(14), today)]
    rates = {"USD": "1.20", "JPY": "180.0"}
    deployment.ecb.serves(sends(ecb_zip({newest: rates})), path="/daily.zip")
    days = dict.fromkeys([newest, *reversed(before)], rates)
    deployment.ecb.serves(sends(ecb_zip(days)), path="/history.zip")
    return deployment


def test_a_scheduled_event_loads_the_newest_day(deployed: Deployment) -> None:
    answer = handler(SCHEDULED, Invocation())
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["file"], answer["days"], answer["objects_written"]) == ("daily", 1, 1)
    assert deployed.ecb.asked == ["/daily.zip"]
    assert list(deployed.texts()) == [f"fx_rates/fx_rates_{answer['last'][:4]}.csv"]


def test_the_history_can_be_asked_for(deployed: Deployment) -> None:
    answer = handler({"file": "history"}, Invocation())
    assert answer["days"] > 5
    assert answer["days_missing"] == []
    assert deployed.ecb.asked == ["/history.zip"]


def test_each_line_of_the_log_is_json(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = handler({}, Invocation())
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["event"], line["request_id"]) == ("loaded", "c0ffee")
    assert answer.items() <= line.items()


@pytest.mark.parametrize("event", [{"file": "weekly"}, {"allow_jumps": ["TRY"]}])
def test_a_wrong_event_is_refused_before_anything_is_asked(
    deployed: Deployment, event: dict[str, object]
) -> None:
    with pytest.raises(InputError):
        handler(event, Invocation())
    assert deployed.ecb.asked == []


def test_a_wrong_environment_is_refused(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECB_DAILY_URL", "http://ecb.example/")
    with pytest.raises(SettingsError, match="ECB_DAILY_URL is not an https address"):
        handler({}, Invocation())


def test_a_failure_is_logged_and_raised(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.ecb.serves(fails(404), path="/daily.zip")
    with pytest.raises(RunError, match="answered 404"):
        handler({}, Invocation())
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["event"], line["level"]) == ("failed", "ERROR")
    assert deployed.objects() == {}


def test_the_function_needs_no_pandas_and_no_spark() -> None:
    code = (
        "import sys, lambdas.fx_rates.handler; "
        "print(sorted({'pandas', 'pyarrow', 'pyspark', 'requests', 'yaml'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True
    )
    assert run.stdout == "[]\n"

"""The function's surroundings in a test, and short words for calling it in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from lambdas.fx_rates.load import Loaded, load_rates
from lambdas.fx_rates.settings import Order, Patience, Settings
from tests.lambdas.fx_rates.ecb_files import ecb_zip
from tests.lambdas.fx_rates.https_server import sends

if TYPE_CHECKING:
    import pytest

    from lambdas.objects import Bucket
    from tests.lambdas.fx_rates.ecb_files import Days
    from tests.lambdas.fx_rates.https_server import Answer, HttpsServer

REGION: Final = "eu-central-1"
DAILY = Order()
HISTORY = Order("history")
QUICK = Patience(connect=20, read=20, attempt=20, pauses=(0.01, 0.02))
IMPATIENT = Patience(connect=20, read=0.2, attempt=0.3, pauses=(0.01, 0.02))


@dataclass(frozen=True)
class Deployment:
    """A server that stands for the ECB, and the bucket."""

    ecb: HttpsServer
    bucket: Bucket
    patience: Patience = QUICK

    @property
    def settings(self) -> Settings:
        url = self.ecb.url()
        return Settings(
            raw_bucket="raw-zone", daily_url=url, history_url=url, patience=self.patience
        )

    def load(self, today: str, days: Days, order: Order = DAILY) -> Loaded:
        """Load a file of these days."""
        return self.load_answer(today, sends(ecb_zip(days)), order)

    def load_answer(self, today: str, answer: Answer, order: Order = DAILY) -> Loaded:
        """Load what the server answers."""
        self.ecb.serves(answer)
        return load_rates(order, self.settings, self.bucket, date.fromisoformat(today))

    def objects(self) -> dict[str, tuple[str, str]]:
        """Text and ETag of every object."""
        found = {key: self.bucket.get(key) for key in self.bucket.keys("")}
        return {key: (one.body.decode(), one.etag) for key, one in found.items() if one}

    def texts(self) -> dict[str, str]:
        return {key: text for key, (text, _) in self.objects().items()}

    def store(self, key: str, text: str) -> None:
        self.bucket.s3.put_object(Bucket=self.bucket.name, Key=key, Body=text.encode())


def facts_of(log: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The facts of each line of an event in the log."""
    lines = [record for record in log.records if record.getMessage() == event]
    return [{"level": line.levelname, **vars(line)["facts"]} for line in lines]

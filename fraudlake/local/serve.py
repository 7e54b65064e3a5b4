"""The process of `fraudlake local up`: holds the local cloud until it is told to go down."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.errors import FraudlakeError, InputError
from fraudlake.local.control import STATE_FILE, CloudState, ControlServer
from fraudlake.local.delivery import Delivery
from fraudlake.local.night_report import night_report
from fraudlake.local.start import new_cloud
from fraudlake.progress import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.cloud import LocalCloud


class Operations:
    """What commands may ask of a running cloud; each answers with plain values."""

    def __init__(self, cloud: LocalCloud, stop: threading.Event) -> None:
        """Answer for a cloud; `stop` is set by the command that ends it."""
        self._cloud, self._stop = cloud, stop

    def by_name(self) -> Mapping[str, Any]:
        """The operations by name."""
        return {
            "night": self.night,
            "again": self.again,
            "status": self.status,
            "report": self.report,
            "describe": self.describe,
            "down": self.down,
        }

    def night(self, values: Mapping[str, Any]) -> str:
        """Deliver a day and start its night; the id of the workflow's run."""
        day = date.fromisoformat(values["date"])
        Delivery(Path(values["data"])).deliver(self._cloud, day)
        return self._begin(values, lambda: self._cloud.start_night(self._cloud.nightly, day))

    def again(self, values: Mapping[str, Any]) -> str:
        """Start the workflow that scores dates again; the id of its run."""
        properties = {str(name): str(value) for name, value in values["properties"].items()}
        return self._begin(values, lambda: self._cloud.start(self._cloud.rerun, properties))

    def status(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """How far a run is: its nodes, and what the alarm topic was told since it began."""
        run_id = values["run_id"]
        return {
            "nodes": [one.to_json() for one in self._cloud.status(run_id)],
            "notices": [one.message for one in self._cloud.notices_of(run_id)],
            "spark_ui": self._cloud.spark_ui,
        }

    def report(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The report on a run that is over, after the alarms had a look."""
        run_id = values["run_id"]
        self._cloud.finish(run_id)
        return asdict(night_report(self._cloud, run_id))

    def describe(self, _values: Mapping[str, Any]) -> dict[str, Any]:
        """Where the cloud is, and how it differs from AWS."""
        return {
            "differences": self._cloud.differences,
            "environment": self._cloud.actors.environment("operator"),
            "workflows": [self._cloud.nightly, self._cloud.rerun],
        }

    def down(self, _values: Mapping[str, Any]) -> None:
        """End the cloud."""
        self._stop.set()

    def _begin(self, values: Mapping[str, Any], start: Any) -> str:  # noqa: ANN401 - a function
        known = self._cloud.nodes
        wrong = sorted(set(values.get("fail_at", ())) - known)
        if wrong:
            raise InputError(
                f"nothing here is called {wrong[0]}; known are {', '.join(sorted(known))}"
            )
        self._cloud.fail_at(values.get("fail_at", ()))
        run_id: str = start()
        return run_id


def serve(folder: Path, stage: str, *, spark_ui: bool) -> None:
    """Hold a cloud in a folder until a command or a signal ends it."""
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    with new_cloud(folder, stage, spark_ui=spark_ui) as it:
        server = ControlServer(Operations(it, stop).by_name())
        with server:
            state = CloudState(
                pid=os.getpid(),
                stage=stage,
                endpoint=it.front.endpoint,
                port=server.port,
                token=server.token,
            )
            state.write(folder)
            say("up")
            stop.wait()
    (folder / STATE_FILE).unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), sys.argv[2], spark_ui=sys.argv[3:] == ["--spark-ui"])
    except FraudlakeError as error:
        sys.exit(f"problem: {error}")

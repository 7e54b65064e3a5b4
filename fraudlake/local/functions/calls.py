"""Answers Lambda's API: invokes the functions of a deployment, and keeps their logs and metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fraudlake.local.calls import Call, CallError
from fraudlake.local.differences import function_overrides
from fraudlake.local.functions.invoke import invoke
from fraudlake.local.watch.alarms import put_invocation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fraudlake.local.actors import Actors
    from fraudlake.local.calls import Handler
    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.mysql.database import Database


@dataclass(kw_only=True)
class FunctionCalls:
    """The functions of a deployment; code, runtimes and logs of them lie in `folder`.

    `fail_at` names functions that are made to fail.
    """

    deployment: Deployment
    actors: Actors
    database: Database
    folder: Path
    fail_at: frozenset[str] = field(default=frozenset(), init=False)

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """What answers which call."""
        return {("lambda", "Invoke"): self._invoke}

    def _invoke(self, call: Call) -> Mapping[str, Any]:
        function = self._function(str(call.parameters["FunctionName"]))
        payload = call.parameters.get("Payload") or b"null"
        is_told = function.name in self.fail_at
        answer, problem = _failure() if is_told else self._run(function, payload)
        put_invocation(self.actors, function.name, datetime.now(UTC), failed=problem is not None)
        error = {"FunctionError": problem} if problem else {}
        return {"StatusCode": 200, "Payload": answer, **error}

    def _run(self, function: Resource, payload: bytes) -> tuple[bytes, str | None]:
        role = self.deployment.role_named(function.properties["Role"])
        done = invoke(
            function,
            payload,
            code=self._code(function),
            environment={**self.actors.environment(role), **self._overrides(function)},
            work=self.folder,
        )
        self._keep_log(function, done.log)
        return done.payload, done.error

    def _overrides(self, function: Resource) -> dict[str, str]:
        known = function.properties.get("Environment", {}).get("Variables", {})
        overrides = function_overrides(self.database)
        return {one.name: one.value for one in overrides if one.name in known}

    def _function(self, name: str) -> Resource:
        try:
            return self.deployment.find("AWS::Lambda::Function", name.rsplit(":", 1)[-1])
        except KeyError:
            message = f"Function not found: {name}"
            raise CallError("ResourceNotFoundException", message, 404) from None

    def _code(self, function: Resource) -> Path:
        code = function.properties["Code"]
        return self.deployment.asset(f"s3://{code['S3Bucket']}/{code['S3Key']}")

    def _keep_log(self, function: Resource, log: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{function.name}.log").open("a", encoding="utf-8") as stream:
            stream.write(log)


def _failure() -> tuple[bytes, str]:
    error = {"errorType": "Exception", "errorMessage": "it was asked to fail"}
    return json.dumps(error).encode(), "Unhandled"

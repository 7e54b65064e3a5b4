"""The beginning and the end of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Job:
    """A run of a job. In Glue it also keeps bookmarks; here there are none."""

    @classmethod
    def continuation_options(cls) -> list[str]:
        """The option that was the bookmark's before, and its values."""
        states = ("enabled", "readonly", "ignore")
        return ["--continuation-option", *(f"continuation-{one}" for one in states)]

    @classmethod
    def job_bookmark_options(cls) -> list[str]:
        """The option that says what becomes of the bookmark, and its values."""
        return ["--job-bookmark-option", *(f"job-bookmark-{one}" for one in _BOOKMARKS)]

    @classmethod
    def job_bookmark_range_options(cls) -> list[str]:
        """The runs between which a paused bookmark reads."""
        return ["--job-bookmark-from", "--job-bookmark-to"]

    @classmethod
    def id_params(cls) -> list[str]:
        """What names a run."""
        return ["--JOB_NAME", "--JOB_ID", "--JOB_RUN_ID", "--SECURITY_CONFIGURATION"]

    @classmethod
    def encryption_type_options(cls) -> list[str]:
        """The option for encryption at rest, and its value."""
        return ["--encryption-type", "sse-s3"]

    @classmethod
    def data_lineage_options(cls) -> list[str]:
        """The option that records where data come from."""
        return ["--enable-data-lineage"]

    def __init__(self, glue_context_or_spark_session: object) -> None:
        """Take the context that the job works with."""
        self._context = glue_context_or_spark_session
        self._name: str | None = None

    def init(self, job_name: str, args: Mapping[str, Any] = {}) -> None:
        """Begin. NotImplementedError when the arguments ask for a bookmark."""
        bookmark = args.get("job_bookmark_option")
        if bookmark not in {None, "job-bookmark-disable"}:
            raise NotImplementedError(
                f"--job-bookmark-option is {bookmark}: there are no bookmarks outside Glue"
            )
        self._name = job_name

    def commit(self) -> None:
        """End. RuntimeError when the job was never begun."""
        if self._name is None:
            raise RuntimeError("commit before init: call Job(glue_context).init(name, args) first")
        self._name = None


_BOOKMARKS = ("enable", "pause", "disable")

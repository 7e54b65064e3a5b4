"""A job's arguments."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any, NoReturn

from .job import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOLDERS = ("TempDir", "RedshiftTempDir")
_PAUSE = "job-bookmark-pause"
# What the option was called before.
_OF_CONTINUATION = {
    "continuation-enabled": "job-bookmark-enable",
    "continuation-readonly": _PAUSE,
    "continuation-ignore": "job-bookmark-disable",
    None: "job-bookmark-disable",
}


class GlueArgumentError(Exception):
    """The arguments of a job are not those that its script asks for."""


class GlueArgumentParser(ArgumentParser):
    """A parser that raises where argparse would end the process."""

    def error(self, msg: str) -> NoReturn:
        """Raise GlueArgumentError with argparse's message."""
        raise GlueArgumentError(msg)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, Any]:  # noqa: N802 - Glue's name
    """The values of the named arguments, all of them required, with those that Glue always adds.

    As in Glue 5.1: any beginning of a name that fits one name only is taken for it; a name that
    Glue reserves (`JOB_RUN_ID`) cannot be asked for, since it is always there.

    Args:
        args: the process's, the script's name first.
        options: names without the dashes; `-` in a name becomes `_`.

    Raises:
        GlueArgumentError: an argument is missing, has no value, or its name is ambiguous.
        argparse.ArgumentError: a name is asked for twice, or is one that Glue adds itself.
        RuntimeError: a reserved option is asked for, or does not go with the others.
    """
    _check_names(options)
    parser = _parser([one for one in options if one not in _FOLDERS])
    found = vars(parser.parse_known_args(list(args[1:]))[0])
    return _with_folder(_with_bookmark(found))


def _check_names(options: Sequence[str]) -> None:
    for name in (Job.job_bookmark_options()[0], Job.continuation_options()[0]):
        if name.removeprefix("--") in options:
            raise RuntimeError(f"Using reserved arguments {name.removeprefix('--')}")
    for name in Job.job_bookmark_range_options():
        if name.removeprefix("--") in options:
            raise RuntimeError(f"Using reserved arguments {name}")


def _parser(options: Sequence[str]) -> GlueArgumentParser:
    parser = GlueArgumentParser()
    lists = (Job.job_bookmark_options(), Job.continuation_options(), Job.encryption_type_options())
    for name, *choices in lists:
        parser.add_argument(name, choices=choices)
    always = (*Job.job_bookmark_range_options(), *Job.id_params()[1:], *Job.data_lineage_options())
    for name in (*always, *(f"--{one}" for one in _FOLDERS)):
        parser.add_argument(name)
    for name in options:
        parser.add_argument(f"--{name}", required=True)
    return parser


def _with_bookmark(found: dict[str, Any]) -> dict[str, Any]:
    """The bookmark's option filled in: from the older one, else off."""
    older = found.pop("continuation_option")
    option = found["job_bookmark_option"] or _OF_CONTINUATION[older]
    given = [found["job_bookmark_from"] is not None, found["job_bookmark_to"] is not None]
    names = Job.job_bookmark_range_options()
    if option == _PAUSE and any(given) and not all(given):
        raise RuntimeError(f"Missing option or value for {names[given.index(False)]}")
    if option != _PAUSE and all(given):
        raise RuntimeError("Invalid option(s)" + " ".join(names))
    return found | {"job_bookmark_option": option}


def _with_folder(found: dict[str, Any]) -> dict[str, Any]:
    folder = found["TempDir"] or found["RedshiftTempDir"]
    return found | dict.fromkeys(_FOLDERS, folder)

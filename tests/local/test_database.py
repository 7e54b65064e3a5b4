"""The database of the dev templates, with what RDS would refuse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pymysql
import pytest

from fraudlake.errors import InputError, SettingsError
from fraudlake.local.actors import SECRET
from fraudlake.local.deployment import Deployment
from fraudlake.local.mysql.database import Database, SourceDatabase
from fraudlake.local.mysql.leftovers import PREFIX, remove_leftovers
from tests.local.running import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "fraudlake_extract"
# Starts a server, tells its number, and waits to be killed.
OWNER = """
import sys, time
from pathlib import Path
from fraudlake.local.mysql.certificates import LOOPBACK_NAMES, Authority
from fraudlake.local.mysql.server import PrivateMariaDB

with PrivateMariaDB(Authority(Path(sys.argv[1])).issue("server", *LOOPBACK_NAMES)) as server:
    print(server.process_id, server.socket_path.parent, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def source(dev_deployment: Deployment) -> SourceDatabase:
    return SourceDatabase.of(dev_deployment)


@pytest.fixture(scope="module")
def running(source: SourceDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("database") / "made when missing"
    with Database(source, folder, may_connect=lambda key, _: key == "LKIAEXTRACT") as database:
        yield database


def log_in(
    database: Database, user: str = USER, region: str = "us-east-1", key: str = "LKIAEXTRACT"
) -> pymysql.Connection[pymysql.cursors.Cursor]:
    rds = boto3.client(
        "rds", region_name=region, aws_access_key_id=key, aws_secret_access_key=SECRET
    )
    token = rds.generate_db_auth_token(
        DBHostname=database.host, Port=database.port, DBUsername=user
    )
    return pymysql.connect(
        host=database.host,
        port=database.port,
        user=user,
        password=token,
        database="blacklist",
        ssl={"ca": str(database.ca_file)},
    )


def rows(database: Database, *columns: str) -> list[tuple[Any, ...]]:
    with log_in(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM src_blacklist ORDER BY id")  # noqa: S608
        return list(cursor.fetchall())


def written(folder: Path, text: str) -> Path:
    path = folder / "blacklist.csv"
    path.write_bytes(text.encode())
    return path


def test_the_templates_say_what_the_database_is(source: SourceDatabase) -> None:
    assert (source.name, source.user, source.region) == ("blacklist", USER, "us-east-1")


def test_a_token_of_the_template_s_user_may_read_and_no_more(running: Database) -> None:
    before = running.logins
    with log_in(running) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM src_blacklist")
        with pytest.raises(pymysql.OperationalError, match="1142"):
            cursor.execute("DELETE FROM src_blacklist")
    assert running.logins == before + 1


@pytest.mark.parametrize("wrong", [{"region": "eu-west-1"}, {"user": "root"}, {"key": "LKIAOTHER"}])
def test_other_regions_users_and_roles_are_refused(
    running: Database, wrong: dict[str, str]
) -> None:
    with pytest.raises(pymysql.OperationalError, match=r"1045.*using password: YES"):
        log_in(running, **wrong)


def test_a_csv_replaces_the_content_as_text_by_the_names_of_its_columns(
    running: Database, tmp_path: Path
) -> None:
    first = "\ufefflisted_at,blacklist_id,reason,is_confirmed\r\n2024-13-45,007,,yes\r\n1,2,3,4\r\n"
    assert running.load_blacklist(written(tmp_path, first)) == 2
    assert running.load_blacklist(written(tmp_path, first.removesuffix("1,2,3,4\r\n"))) == 1
    columns = ("blacklist_id", "listed_at", "reason", "is_confirmed", "email")
    assert rows(running, *columns) == [("007", "2024-13-45", None, "yes", None)]


def test_a_header_alone_empties_the_table(running: Database, tmp_path: Path) -> None:
    running.load_blacklist(written(tmp_path, "blacklist_id\nB1\n"))
    assert running.load_blacklist(written(tmp_path, "blacklist_id\n")) == 0
    assert rows(running, "blacklist_id") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("blacklist_id,colour\nB2,red\n", "columns of src_blacklist: colour"),
        ("", "it is empty"),
        ("blacklist_id,phone\nB2,1\nB3\n", "row 3 .* has 1 fields, its header 2"),
        ("blacklist_id\nB2\n" + "x" * 65 + "\n", "Data too long"),
        ('blacklist_id\n"B2\n', "cannot be read as CSV"),
    ],
)
def test_a_csv_that_does_not_fit_leaves_the_content_as_it_was(
    running: Database, tmp_path: Path, text: str, problem: str
) -> None:
    running.load_blacklist(written(tmp_path, "blacklist_id\nB1\n"))
    with pytest.raises(InputError, match=problem):
        running.load_blacklist(written(tmp_path, text))
    assert rows(running, "blacklist_id") == [("B1",)]


def test_a_stage_without_a_database_of_its_own_cannot_be_played(tmp_path: Path) -> None:
    (tmp_path / "lake.template.json").write_text("{}")
    with pytest.raises(SettingsError, match="prod reads a database that is there already"):
        SourceDatabase.of(Deployment(tmp_path, "prod", "us-east-1"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's own")
def test_a_killed_owner_leaves_no_server_and_its_data_until_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        pid, _, folder = owner.stdout.readline().strip().partition(" ")
        os.kill(owner.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while runs(int(pid)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not runs(int(pid))
    assert Path(folder).is_dir()
    while Path(folder).exists() and time.monotonic() < until:
        # The first thread may have ended while others still hold the socket.
        remove_leftovers()
        time.sleep(0.02)
    assert not Path(folder).exists()


def test_a_server_that_runs_or_is_about_to_keeps_its_data(
    running: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}new").mkdir()
    remove_leftovers()
    assert (tmp_path / f"{PREFIX}new").is_dir()
    monkeypatch.undo()
    remove_leftovers()
    assert running._server.socket_path.exists()

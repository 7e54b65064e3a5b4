"""Jars of S3A: fetched once, in parts if need be, checked, and used without a network after."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError, SettingsError
from fraudlake.java import package_folder
from fraudlake.local.jobs import jars
from fraudlake.local.jobs.jars import S3A_JARS, Jar, default_cache, fetch_jars

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 4096  # 1 MiB
JAR = Jar(
    path="org/example/thing/1.0/thing-1.0.jar",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


@dataclass
class Repository:
    """What a small Maven repository on loopback answers, and what it was asked."""

    url: str = ""
    content: bytes = CONTENT
    knows_ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)  # bytes, an answer each
    statuses: list[int] = field(default_factory=list)  # answered first
    asked: list[str | None] = field(default_factory=list)  # the Range of each request


@pytest.fixture
def repository() -> Iterator[Repository]:
    state = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, state)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        server.shutdown()


def _answer(request: BaseHTTPRequestHandler, state: Repository) -> None:
    wanted = request.headers.get("Range")
    state.asked.append(wanted)
    if state.statuses:
        request.send_error(state.statuses.pop(0))
        return
    first = int(wanted.split("=")[1].rstrip("-")) if wanted and state.knows_ranges else 0
    rest = state.content[first:]
    request.send_response(206 if first else 200)
    request.send_header("Content-Length", str(len(rest)))
    request.end_headers()
    request.wfile.write(rest[: state.breaks_after.pop(0)] if state.breaks_after else rest)


def fetched(repository: Repository, cache: Path, report: jars.Report = jars.silent) -> bytes:
    (file,) = fetch_jars(cache, base_url=repository.url, jars=[JAR], report=report)
    return file.read_bytes()


def test_a_jar_is_fetched_whole_under_its_own_name(repository: Repository, tmp_path: Path) -> None:
    assert fetched(repository, tmp_path) == CONTENT
    assert {one.name for one in tmp_path.iterdir()} == {"thing-1.0.jar", ".lock"}


def test_what_is_there_is_used_without_the_network(repository: Repository, tmp_path: Path) -> None:
    fetched(repository, tmp_path)
    repository.asked.clear()
    (file,) = fetch_jars(tmp_path, base_url="http://127.0.0.1:1", jars=[JAR])
    assert file.read_bytes() == CONTENT
    assert repository.asked == []


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    repository: Repository, tmp_path: Path
) -> None:
    repository.breaks_after = [300_000]
    assert fetched(repository, tmp_path) == CONTENT
    assert repository.asked == [None, "bytes=300000-"]


def test_a_later_run_goes_on_with_what_an_earlier_one_left(
    repository: Repository, tmp_path: Path
) -> None:
    repository.breaks_after = [100_000] * 4
    with pytest.raises(RunError, match=r"ended early.*0 of 2 MB are there.*goes on from there"):
        fetched(repository, tmp_path)
    repository.asked.clear()
    assert fetched(repository, tmp_path) == CONTENT
    assert repository.asked == ["bytes=400000-"]


def test_a_process_that_was_killed_leaves_a_part_that_is_used(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "thing-1.0.jar.part").write_bytes(CONTENT[:5])
    assert fetched(repository, tmp_path) == CONTENT
    assert repository.asked == ["bytes=5-"]


def test_a_whole_part_is_only_checked(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.jar.part").write_bytes(CONTENT)
    assert fetched(repository, tmp_path) == CONTENT
    assert repository.asked == []


def test_a_server_that_knows_no_ranges_is_asked_for_all(
    repository: Repository, tmp_path: Path
) -> None:
    repository.knows_ranges = False
    repository.breaks_after = [300_000]
    assert fetched(repository, tmp_path) == CONTENT


def test_another_content_is_refused_and_not_kept(repository: Repository, tmp_path: Path) -> None:
    repository.content = CONTENT[:-1] + b"?"
    with pytest.raises(RunError, match=r"SHA-256 is .*not kept.*FRAUDLAKE_MAVEN_URL"):
        fetched(repository, tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {".lock"}


def test_a_page_in_place_of_the_file_is_refused_at_once(
    repository: Repository, tmp_path: Path
) -> None:
    repository.content = b"<html>please log in</html>"
    with pytest.raises(RunError, match="it has 26 bytes, not 1048576"):
        fetched(repository, tmp_path)
    assert len(repository.asked) == 1


def test_a_part_of_another_file_is_refused_and_the_next_run_starts_anew(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "thing-1.0.jar.part").write_bytes(b"not the same beginning")
    with pytest.raises(RunError, match="not the file that is wanted"):
        fetched(repository, tmp_path)
    assert fetched(repository, tmp_path) == CONTENT


def test_a_missing_file_is_named_with_its_address(repository: Repository, tmp_path: Path) -> None:
    repository.statuses = [404]
    with pytest.raises(RunError, match=rf"{repository.url}/org/example/.*Not Found"):
        fetched(repository, tmp_path)
    assert len(repository.asked) == 1


def test_a_server_in_trouble_is_asked_again(repository: Repository, tmp_path: Path) -> None:
    repository.statuses = [503, 500]
    assert fetched(repository, tmp_path) == CONTENT


def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"Run the same again with a network.*SSL_CERT_FILE"):
        fetch_jars(tmp_path, base_url="http://127.0.0.1:1", jars=[JAR])


def test_it_says_how_much_there_is_to_fetch_before_it_fetches(
    repository: Repository, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int, int]] = []
    fetched(repository, tmp_path, lambda *one: told.append((*one, len(repository.asked))))
    assert told[0] == ("thing-1.0.jar", 0, JAR.size, 0)
    assert told[-1][1] == JAR.size


def test_the_repository_is_taken_from_the_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUDLAKE_MAVEN_URL", f"{repository.url}/")
    assert fetch_jars(tmp_path, jars=[JAR]) == [tmp_path / JAR.name]


@pytest.mark.parametrize("url", ["file:///etc", "repo.example.com", "https://"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="https:// address of a Maven repository"):
        fetch_jars(tmp_path, base_url=url, jars=[JAR])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be kept in .*XDG_CACHE_HOME"):
        fetch_jars(tmp_path / "file" / "jars", base_url="http://127.0.0.1:1", jars=[JAR])


def test_a_second_process_waits_and_fetches_nothing(repository: Repository, tmp_path: Path) -> None:
    both = [threading.Thread(target=fetched, args=(repository, tmp_path)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert repository.asked == [None]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "fraudlake" / "jars"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache() == tmp_path / ".cache" / "fraudlake" / "jars"


def test_the_jars_are_those_of_the_hadoop_that_pyspark_brings() -> None:
    (client,) = (package_folder("pyspark") / "jars").glob("hadoop-client-api-*.jar")
    version = client.stem.removeprefix("hadoop-client-api-")
    assert S3A_JARS[0].name == f"hadoop-aws-{version}.jar"

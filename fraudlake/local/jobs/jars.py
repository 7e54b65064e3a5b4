"""The jars with which Spark speaks S3: fetched once, checked, kept for all later runs.

Not left to Spark's own resolver: its JVM may not know the certificates of a company's network,
keeps no half of a large file, and checks nothing that is written here.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.errors import RunError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
MAVEN_VARIABLE = "FRAUDLAKE_MAVEN_URL"
MEGABYTE = 1_000_000
_CHUNK = 1 << 18
_STALLED_SECONDS = 60
_ATTEMPTS = 4

# Told what is fetched, and how many bytes of how many are there.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Jar:
    """A file of a Maven repository, by its exact content."""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rsplit("/", 1)[-1]


# PySpark 3.5.6 brings Hadoop 3.3.4; hadoop-project 3.3.4 names this version of Amazon's SDK.
S3A_JARS = (
    Jar(
        path="org/apache/hadoop/hadoop-aws/3.3.4/hadoop-aws-3.3.4.jar",
        size=962_685,
        sha256="53f9ae03c681a30a50aa17524bd9790ab596b28481858e54efd989a826ed3a4a",
    ),
    Jar(
        path="com/amazonaws/aws-java-sdk-bundle/1.12.262/aws-java-sdk-bundle-1.12.262.jar",
        size=280_645_251,
        sha256="873fe7cf495126619997bec21c44de5d992544aea7e632fdc77adb1a0915bae5",
    ),
    # Binds Spark to S3A's committers; 3.5.5 is the last 3.5 that was published.
    Jar(
        path="org/apache/spark/spark-hadoop-cloud_2.12/3.5.5/spark-hadoop-cloud_2.12-3.5.5.jar",
        size=30_293,
        sha256="7984bfbd83e8dff0d7ee0aed79e6cb916e651ba28b4ecce8a43b97cb669fbe28",
    ),
)


def silent(_text: str, _done: int, _total: int) -> None:
    """Report nothing."""


def default_cache() -> Path:
    """Where the jars are kept when nobody says otherwise: the user's folder for caches.

    Raises SettingsError when the user has no home folder.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named.startswith("/"):  # a relative one is to be ignored, says the XDG specification
        return Path(named, "fraudlake", "jars")
    try:
        return Path.home() / ".cache" / "fraudlake" / "jars"
    except RuntimeError as error:
        raise SettingsError("there is no home folder; set XDG_CACHE_HOME to a folder") from error


def fetch_jars(
    cache: Path | None = None,
    *,
    report: Report = silent,
    base_url: str | None = None,
    jars: Sequence[Jar] = S3A_JARS,
) -> list[Path]:
    """The jars' files, after a download of those that the cache has not.

    A file bears its name only when its checksum was right, so those that are there are used
    without the network. An interrupted download goes on where it stopped; a second process that
    wants the same waits for the first.

    Args:
        cache: folder of the files; None takes `default_cache()`.
        report: called before each download and during it.
        base_url: a Maven repository; None takes FRAUDLAKE_MAVEN_URL, else Maven Central.
        jars: the files.

    Raises:
        SettingsError: the address of the repository is none.
        RunError: a file could not be had, or is not the one that is wanted.
    """
    folder = cache or default_cache()
    if any(not _is_there(folder, jar) for jar in jars):
        url = _repository(base_url)
        with _told_of_disk(folder), _alone_in(folder):
            _fetch_missing(folder, jars, url, report)
    return [folder / jar.name for jar in jars]


def _is_there(folder: Path, jar: Jar) -> bool:
    file = folder / jar.name
    return file.is_file() and file.stat().st_size == jar.size


def _repository(base_url: str | None) -> str:
    url = base_url or os.environ.get(MAVEN_VARIABLE) or MAVEN_CENTRAL
    if not re.match(r"https?://[^/\s]+", url):
        raise SettingsError(
            f"{MAVEN_VARIABLE} is {url!r}; set it to the https:// address of a Maven repository, "
            f"such as {MAVEN_CENTRAL}"
        )
    return url.rstrip("/")


@contextlib.contextmanager
def _told_of_disk(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise RunError(
            f"the jars of S3A cannot be kept in {folder}: {error.strerror or error}. Make room or "
            "leave to write there, or set XDG_CACHE_HOME to another folder"
        ) from error


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder against a second process; a killed one holds nothing."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_missing(folder: Path, jars: Sequence[Jar], url: str, report: Report) -> None:
    for jar in jars:
        if not _is_there(folder, jar):
            _Download(jar, folder, f"{url}/{jar.path}", report).complete()


class _Download:
    """One file on its way: a part that grows, and becomes the file when it is whole and right."""

    def __init__(self, jar: Jar, folder: Path, url: str, report: Report) -> None:
        self.jar, self.url, self.report = jar, url, report
        self.file = folder / jar.name
        self.part = folder / f"{jar.name}.part"

    def complete(self) -> None:
        """Fetch what is missing, check it and give it its name."""
        self._tell()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._fetch_rest()
                break
            except (_BrokenOffError, urllib.error.URLError, HTTPException) as error:
                if attempt == _ATTEMPTS or not _may_pass(error):
                    raise self._failed(error) from error
        self._check()
        self.part.replace(self.file)

    @property
    def _done(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _tell(self) -> None:
        self.report(self.jar.name, self._done, self.jar.size)

    def _fetch_rest(self) -> None:
        if self._done < self.jar.size:
            with self._answer() as answer, self._open(answer) as part:
                for chunk in _chunks(answer):
                    part.write(chunk)
                    part.flush()
                    self._tell()
            if self._done < self.jar.size:
                raise _BrokenOffError("the connection ended early")

    def _answer(self) -> Any:  # noqa: ANN401 - urllib's own is not typed
        headers = {"Range": f"bytes={self._done}-"} if self._done else {}
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - http(s) only
        context = ssl.create_default_context()
        return urllib.request.urlopen(request, timeout=_STALLED_SECONDS, context=context)  # noqa: S310

    def _open(self, answer: Any) -> Any:  # noqa: ANN401 - an answer, a file
        """Where the answer belongs: behind what is there, or, from its start, instead of it."""
        is_rest = answer.status == HTTPStatus.PARTIAL_CONTENT
        coming = int(answer.headers.get("Content-Length", self.jar.size - self._done * is_rest))
        if coming + self._done * is_rest != self.jar.size:
            raise self._wrong(f"it has {coming} bytes, not {self.jar.size}")
        return self.part.open("ab" if is_rest else "wb")

    def _check(self) -> None:
        with self.part.open("rb") as part:
            found = hashlib.file_digest(part, "sha256").hexdigest()
        if found != self.jar.sha256:
            raise self._wrong(f"its SHA-256 is {found}, not {self.jar.sha256}")

    def _wrong(self, found: str) -> RunError:
        self.part.unlink(missing_ok=True)
        return RunError(
            f"{self.url} is not the file that is wanted: {found}. It was not kept; run the same "
            f"again, ask who runs that repository, or set {MAVEN_VARIABLE} to another"
        )

    def _failed(self, error: Exception) -> RunError:
        done, size = self._done // MEGABYTE, -(-self.jar.size // MEGABYTE)
        return RunError(
            f"{self.url} could not be fetched ({getattr(error, 'reason', None) or error}); {done} "
            f"of {size} MB are there. Run the same again with a network: it goes on from there, "
            f"and needs none afterwards. {MAVEN_VARIABLE} names a mirror, SSL_CERT_FILE a "
            "network's own certificates"
        )


class _BrokenOffError(Exception):
    """The other end stopped in the middle."""


def _chunks(answer: Any) -> Iterator[bytes]:  # noqa: ANN401 - urllib's own is not typed
    try:
        while chunk := answer.read(_CHUNK):
            yield chunk
    except OSError as error:  # of the network: the disk's must not be taken for it
        raise _BrokenOffError(str(error)) from error


def _may_pass(error: Exception) -> bool:
    """Whether the same may work at once: a connection broke, or the server had too much to do."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not isinstance(error, urllib.error.URLError)

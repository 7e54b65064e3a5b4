"""`fraudlake demo` as a process of its own, with what it starts and which ports these hold."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FRAUDLAKE = Path(sys.executable).with_name("fraudlake")
SIZE = ("--transactions", "1500", "--nights", "1")
# In a network of its own, which has nothing but loopback.
ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket() as probe:
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
os.execv(sys.argv[1], sys.argv[1:])
"""
# A door that nobody opens, for all but loopback.
_CLOSED = "http://127.0.0.1:9"
REFUSING = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _CLOSED),
    "no_proxy": "127.0.0.1,localhost",
    "NO_PROXY": "127.0.0.1,localhost",
}
_LISTENING = "0A"
GONE_SECONDS = 5.0  # that the kernel is given to end what it has to end


def off_line() -> tuple[list[str], dict[str, str]]:
    """What to put before a command so that it reaches loopback only, and into its environment."""
    command = [
        str(shutil.which("unshare")),
        "--net",
        "--map-root-user",
        sys.executable,
        "-c",
        ALONE,
    ]
    tried = subprocess.run([*command, "/bin/true"], check=False, capture_output=True)
    return (command, {}) if tried.returncode == 0 else ([], REFUSING)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a demo ended: its code, what it said, and what it left.

    `had` are the ports that were open when it was interrupted, `open` those of them that still are;
    `left` are the command lines of processes of its own that outlived it.
    """

    code: int
    out: str
    err: str
    had: Sequence[int] = ()
    open: Sequence[int] = ()
    left: Sequence[str] = ()


def played(folder: Path) -> Ending:
    """A demo off line, to its end."""
    with _Demo(folder, *off_line()) as demo:
        return demo.ending([])


def interrupted(folder: Path, words: str, seconds: float) -> Ending:
    """A demo that is interrupted some time after it has said something."""
    with _Demo(folder) as demo:
        demo.until(words)
        time.sleep(seconds)
        had = demo.ports()
        demo.interrupt()
        return demo.ending(had)


class _Demo:
    """A demo that runs while inside a `with`, in a session as a terminal gives it."""

    def __init__(
        self,
        folder: Path,
        before: Sequence[str] = (),
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        # Short, for the path of a database's socket in it has to be.
        self._own = Path(tempfile.mkdtemp(prefix="fl-"))
        self._out = (self._own / "out").open("w+", encoding="utf-8")
        self._err: list[str] = []
        # A shell's background job, as these tests may be one, would not hear of Ctrl-C.
        listening = ("env", "--default-signal=INT")
        self._process = subprocess.Popen(
            [*listening, *before, str(FRAUDLAKE), "demo", "--out", str(folder), *SIZE],
            stdout=self._out,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **more, "TMPDIR": str(self._own)},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.communicate()
        self._out.close()
        shutil.rmtree(self._own, ignore_errors=True)

    def until(self, words: str) -> None:
        """Read on until it says something."""
        assert any(words in line for line in self._said()), "".join(self._err)

    def interrupt(self) -> None:
        """Do what Ctrl-C does: every process of the terminal's group is told."""
        os.killpg(self._process.pid, signal.SIGINT)

    def ports(self) -> list[int]:
        """The ports at which its processes listen."""
        sockets = {inode for pid in self._processes() for inode in _sockets(pid)}
        return [port for port, inode in _listening() if inode in sockets]

    def ending(self, had: Sequence[int]) -> Ending:
        """Wait for its end."""
        for _ in self._said():
            pass
        code = self._process.wait()
        left = self._left()
        self._out.seek(0)
        listening = {port for port, _ in _listening()}
        return Ending(
            code=code,
            out=self._out.read(),
            err="".join(self._err),
            had=had,
            open=[port for port in had if port in listening],
            left=left,
        )

    def _said(self) -> Iterator[str]:
        assert self._process.stderr
        for line in self._process.stderr:
            self._err.append(line)
            yield line

    def _left(self) -> list[str]:
        until = time.monotonic() + GONE_SECONDS
        while (left := self._processes()) and time.monotonic() < until:
            time.sleep(0.05)
        return [_read(Path(f"/proc/{pid}/cmdline")).decode(errors="replace") for pid in left]

    def _processes(self) -> list[int]:
        """The processes that it started, however far down, itself included."""
        mark = str(self._own).encode()
        return [
            int(one.name)
            for one in Path("/proc").glob("[0-9]*")
            if mark in _read(one / "environ") + _read(one / "cmdline") and not _is_over(one)
        ]


def _listening() -> Iterator[tuple[int, str]]:
    for line in _read(Path("/proc/net/tcp")).decode().splitlines()[1:]:
        words = line.split()
        if words[3] == _LISTENING:
            yield int(words[1].partition(":")[2], 16), words[9]


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = os.readlink(one)  # noqa: PTH115 - no path is there, but `socket:[1]`
                yield target.removeprefix("socket:[").removesuffix("]")


def _is_over(process: Path) -> bool:
    return _read(process / "stat").rpartition(b")")[2].split()[:1] in ([], [b"Z"], [b"X"])


def _read(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""

"""The child process that opens Office files: length-framed jobs on stdin, answers on stdout, until stdin ends."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import IO, Any

from qforms.model import Problem
from qforms.office import wire
from qforms.office.book import OfficeFault
from qforms.office.reader import read


def main() -> None:
    """Serves until stdin is closed. The first frame holds the limits."""
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not reach the pipe
    limits: dict[str, Any] = json.loads(receive(jobs))
    _limit_memory(limits["memory"])
    while data := receive(jobs):
        send(answers, _answer(data, limits))
        del data


def _answer(data: bytes, limits: dict[str, Any]) -> bytes:
    """The packed Book or Problem. Whatever a reader raises is the file's fault; calamine's panics are no Exception."""
    try:
        return wire.pack(read(data, limits["inflated"], limits["cells"], limits["passwords"]))
    except OfficeFault as known:
        return wire.pack(known.problem)
    except MemoryError:
        return wire.pack(Problem("inflates_too_much", context={"mb": limits["memory"] >> 20}))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as why:
        return wire.pack(Problem("unreadable_file", context={"reason": f"{type(why).__name__}: {why}"[:200]}))


def _limit_memory(most: int) -> None:
    """Address space of this process, in bytes; nothing where the system has no such limit (Windows)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def receive(stream: IO[bytes]) -> bytes:
    """One frame; b"" at the end of the stream."""
    head = stream.read(8)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 8 else b""


def send(stream: IO[bytes], data: bytes) -> None:
    """One frame: eight bytes of length, then the data."""
    stream.write(len(data).to_bytes(8, "big"))
    stream.write(data)
    stream.flush()

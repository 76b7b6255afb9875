"""Other programs that read what a stranger sent: no secrets in their environment, memory, time and output bounded."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence

from qforms.office.book import fault

_MEMORY_KB = 4 << 20
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "APPDATA")


def clean_environment() -> dict[str, str]:
    """The environment without anything secret: a program that opens a stranger's file needs no password of ours."""
    return {name: os.environ[name] for name in _KEEP if name in os.environ}


def output(command: Sequence[str], data: bytes, seconds: float, most: int = 0) -> tuple[int, bytes]:
    """A program's return code and up to `most` bytes of what it printed; with more it is stopped. `data` is its input.

    Raises OfficeFault `took_too_long`, or `inflates_too_much` when it prints more than `most`."""
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        with subprocess.Popen(
            limited(command),
            stdin=given,
            stdout=subprocess.PIPE if most else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=clean_environment(),
        ) as process:
            late = threading.Timer(seconds, _kill, (process,))
            late.start()
            try:
                printed = process.stdout.read(most + 1) if process.stdout else b""
                if len(printed) > most:
                    _kill(process)
                    raise fault("inflates_too_much", mb=most >> 20)
                code = process.wait()
            finally:
                on_time = late.is_alive()
                late.cancel()
        if not on_time:
            raise fault("took_too_long", seconds=round(seconds))
        return code, printed


def limited(command: Sequence[str]) -> list[str]:
    """The command with its memory limited, where the system knows how."""
    if os.name != "posix":
        return list(command)
    return ["/bin/sh", "-c", f'ulimit -v {_MEMORY_KB}; exec "$@"', "sh", *command]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what it started (soffice is a script around the program)."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        import contextlib
        import signal

        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()

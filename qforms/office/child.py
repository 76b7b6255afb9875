"""OfficeReader: Office files opened in a child process, limited in memory and time, replaced when it dies."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from qforms.office import convert, pdf, programs, wire
from qforms.office.book import Book, OfficeFault, fault
from qforms.office.serve import receive, send

if TYPE_CHECKING:
    from qforms.settings import Limits

__all__ = ["OfficeFault", "OfficeReader"]

_START_SECONDS = 20.0  # added to the first file's time: an interpreter starts
_ROOT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from qforms.office.serve import main; main()"


class OfficeReader:
    """Reads one file after another; not to be shared between threads without a lock of their own.

    The child is started at the first file. `passwords` are tried on protected files; at the first of these they are
    looked at, and a child that knows them takes the place of the other."""

    def __init__(self, limits: Limits, passwords: Iterable[str] = ()) -> None:
        self._limits = limits
        self._passwords = passwords
        self._told: tuple[str, ...] | None = None  # those that the child knows; None: nobody has looked at them yet
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, data: bytes, name: str = "") -> Book:
        """The Book of an Office file. `name` is shown in problems only; what the file is, its content says.

        Raises OfficeFault: not_office, encrypted, file_too_large, inflates_too_much, too_many_cells, hostile_file,
        took_too_long, needs_libreoffice, unreadable_file."""
        try:
            if len(data) > self._limits.file_mb << 20:
                raise fault("file_too_large", mb=self._limits.file_mb)
            if not data:
                raise fault("unreadable_file", reason="0 byte")
            return self._read(data)
        except OfficeFault as known:
            problem = known.problem
            where = f"{name}: {problem.where}" if name and problem.where else name or problem.where
            raise fault(problem.code, where, **problem.context) from None

    def _read(self, data: bytes) -> Book:
        if data.startswith(pdf.MAGIC):
            return pdf.read(data, self._limits.seconds, self._limits.cells)
        try:
            return self._ask(data)
        except OfficeFault as known:
            if known.problem.code == "encrypted" and self._told is None:
                self._told = tuple(self._passwords)
                self._end()
                return self._read(data)
            if known.problem.code != "convert_first":
                raise
            about = known.problem.context
        plain = base64.b64decode(about["plain"]) or data
        return self._ask(convert.to_docx(plain, str(about["format"]), self._limits.seconds))

    def _ask(self, data: bytes) -> Book:
        fresh = self._process is None
        process = self._process or self._start()
        seconds = self._limits.seconds + (_START_SECONDS if fresh else 0.0)
        assert process.stdin is not None
        began = time.monotonic()
        try:
            send(process.stdin, data)
            answer = _receive(process, seconds)
        except OSError:
            answer = b""
        if not answer:
            self._end()
            if time.monotonic() - began >= seconds:
                raise fault("took_too_long", seconds=round(self._limits.seconds))
            raise fault("unreadable_file", reason=f"reader ended ({process.returncode})")
        try:
            return wire.unpack(answer)
        except (ValueError, KeyError, TypeError, IndexError):
            self._end()
            raise fault("unreadable_file", reason="answer") from None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-c", _CODE, _ROOT]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=programs.clean_environment(),
        )
        limits = {
            "memory": self._limits.memory_mb << 20,
            "inflated": self._limits.inflated_mb << 20,
            "cells": self._limits.cells,
            "passwords": self._told or (),
        }
        assert self._process.stdin is not None
        send(self._process.stdin, json.dumps(limits).encode())
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            process.wait()

    def close(self) -> None:
        """Ends the child. The reader may be used again: the next file starts a new one."""
        self._end()

    def __enter__(self) -> OfficeReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _receive(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """The answer of the child; b"" when it died, or was killed because it did not answer in time."""
    assert process.stdout is not None
    if os.name == "posix":
        if not select.select([process.stdout], [], [], seconds)[0]:
            process.kill()
        return receive(process.stdout)
    timer = threading.Timer(seconds, process.kill)  # pipes cannot be waited for with a limit on Windows
    timer.daemon = True
    timer.start()
    try:
        return receive(process.stdout)
    finally:
        timer.cancel()

"""7z and rar through bsdtar (libarchive; part of Windows 10 and macOS as `tar`), where it is installed.

It writes a tar to its output, so nothing lands on a disk, no path is followed, and the output can be cut off."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qforms.office import programs
from qforms.office.book import fault

_HEADERS = 4 << 20  # bytes of a tar that are no content: headers of the files, their names


def bsdtar() -> str | None:
    """The path of bsdtar, or None where it is not installed."""
    return shutil.which("bsdtar") or (shutil.which("tar") if sys.platform in ("win32", "darwin") else None)


def files(data: bytes, limit: int, seconds: float) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the files in an archive that bsdtar knows. `limit`: bytes in all.

    Raises OfficeFault: `archive_unopened` (no bsdtar, damaged, a password), `inflates_too_much`, `took_too_long`."""
    program = bsdtar()
    if program is None:
        raise fault("archive_unopened")
    with tempfile.TemporaryDirectory(prefix="qforms-", ignore_cleanup_errors=True) as folder:
        source = Path(folder, "in")
        source.write_bytes(data)  # these formats are read from their end
        code, made = programs.output([program, "-c", "-f", "-", f"@{source}"], b"", seconds, limit + _HEADERS)
    found = False
    with contextlib.suppress(tarfile.TarError, EOFError), tarfile.open(fileobj=io.BytesIO(made)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                found = True
                yield member.name, content.read()
    if code or not found:
        raise fault("archive_unopened")

"""Zip attachments: their files become parts, two levels deep, within limits. Names in GBK are read as such."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from qforms.intake import charset, filekind, parts
from qforms.model import Part, Problem

_LEVELS, _FILES = 2, 100
_UTF8_NAME = 0x800  # flag bit 11 (APPNOTE 4.4.4)


def unpack(found: Iterable[Part], limit: int) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """All parts, those inside zip files after their archive, and what could not be opened. `limit`: bytes in all."""
    out: list[Part] = []
    problems: list[Problem] = []
    left = limit
    for part in found:
        out.append(part)
        if part.name and part.kind in filekind.ARCHIVES:
            left -= _open(part, out, problems, left, 1)
    return tuple(out), tuple(problems)


def _open(archive: Part, out: list[Part], problems: list[Problem], left: int, level: int) -> int:
    """Adds the files of one archive; returns how many bytes they took."""
    if archive.kind != filekind.ZIP or level > _LEVELS:
        problems.append(Problem("archive_unopened", archive.name, severity="question"))
        return 0
    used = 0
    try:
        with zipfile.ZipFile(io.BytesIO(archive.data)) as container:
            entries = [e for e in container.infolist() if not e.is_dir()]
            for number, entry in enumerate(entries[:_FILES], 1):
                with container.open(entry) as file:
                    data = file.read(left - used + 1)
                if used + len(data) > left:
                    problems.append(Problem("archive_too_large", archive.name, severity="question"))
                    return used
                used += len(data)
                part = parts.make(f"{archive.path}.{number}", data, _name(entry), "", nested=archive.nested)
                out.append(part)
                if part.kind in filekind.ARCHIVES:
                    used += _open(part, out, problems, left - used, level + 1)
            if len(entries) > _FILES:
                problems.append(Problem("archive_too_large", archive.name, severity="question"))
    except RuntimeError:  # zipfile's word for "encrypted, password required"
        problems.append(Problem("archive_encrypted", archive.name, severity="question"))
    except Exception:  # a damaged zip: zipfile, zlib and struct each say it in their own way
        problems.append(Problem("archive_unopened", archive.name, severity="question"))
    return used


def _name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return charset.decode(entry.filename.encode("cp437"))[0]
    except UnicodeEncodeError:
        return entry.filename

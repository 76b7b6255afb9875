"""Zip, 7z and rar attachments: their files become parts, two levels deep, within limits. Names in GBK are read as such.

Zip is read here, trying the passwords that are known; the others by a program of the system, where there is one."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qforms.intake import charset, filekind, parts
from qforms.model import Part, Problem
from qforms.office.book import OfficeFault

_LEVELS, _FILES = 2, 100
_UTF8_NAME = 0x800  # flag bit 11 (APPNOTE 4.4.4)
_ENCRYPTED = 0x1
_AES = 99  # "method" of an entry encrypted by AE-x (APPNOTE 7.2)


class _TooLargeError(Exception):
    pass


class _LockedError(Exception):
    pass


@dataclass(slots=True)
class _Box:
    """What has been opened so far, and how many bytes may still come out of archives."""

    found: list[Part]
    problems: list[Problem]
    left: int
    passwords: Iterable[str]
    seconds: float


def unpack(
    found: Iterable[Part], limit: int, passwords: Iterable[str] = (), seconds: float = 20.0
) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """All parts, those inside archives after their archive, and what could not be opened. `limit`: bytes in all."""
    box = _Box([], [], limit, passwords, seconds)
    for part in found:
        box.found.append(part)
        if part.name and part.kind in filekind.ARCHIVES:
            _open(part, box, 1)
    return tuple(box.found), tuple(box.problems)


def _open(archive: Part, box: _Box, level: int) -> None:
    """Adds the files of one archive, and of those in it."""
    code = ""
    try:
        if level > _LEVELS:
            code = "archive_unopened"
        else:
            files = _zipped(archive.data, box) if archive.kind == filekind.ZIP else _other(archive.data, box)
            _take(archive, files, box, level)
    except _TooLargeError:
        code = "archive_too_large"
    except _LockedError:
        code = "archive_encrypted"
    except OfficeFault as told:
        code = "archive_too_large" if told.problem.code == "inflates_too_much" else "archive_unopened"
    except Exception:  # a damaged zip: zipfile, zlib and struct each say it in their own way
        code = "archive_unopened"
    if code:
        box.problems.append(Problem(code, archive.name, severity="question"))


def _take(archive: Part, files: Iterator[tuple[str, bytes]], box: _Box, level: int) -> None:
    for number, (name, data) in enumerate(files, 1):
        if number > _FILES or len(data) > box.left:
            raise _TooLargeError
        box.left -= len(data)
        part = parts.make(f"{archive.path}.{number}", data, name, "", nested=archive.nested)
        box.found.append(part)
        if part.kind in filekind.ARCHIVES:
            _open(part, box, level + 1)


def _other(data: bytes, box: _Box) -> Iterator[tuple[str, bytes]]:
    from qforms.office import unpack as program

    return program.files(data, box.left, box.seconds)


# ---------------------------------------------------------------- zip


def _zipped(data: bytes, box: _Box) -> Iterator[tuple[str, bytes]]:
    with _container(data) as container:
        for entry in container.infolist():
            if not entry.is_dir():
                yield _name(entry), _content(container, entry, box)


def _container(data: bytes) -> zipfile.ZipFile:
    """The zip, by pyzipper (extra `zip`) where a file in it is encrypted with AES, which zipfile knows nothing of."""
    plain = zipfile.ZipFile(io.BytesIO(data))
    if not any(entry.compress_type == _AES for entry in plain.infolist()):
        return plain
    try:
        import pyzipper
    except ImportError:
        raise _LockedError from None
    aes: zipfile.ZipFile = pyzipper.AESZipFile(io.BytesIO(data))
    return aes


def _content(container: zipfile.ZipFile, entry: zipfile.ZipInfo, box: _Box) -> bytes:
    """One file, with the first password that fits. What is longer than may come is not inflated further."""
    if not entry.flag_bits & _ENCRYPTED:
        return _read(container, entry, box.left, None)
    for password in box.passwords:
        for coded in dict.fromkeys((password.encode(), password.encode("gb18030"))):
            try:
                return _read(container, entry, box.left, coded)
            except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                continue  # a wrong password shows as one, or as damage
    raise _LockedError


def _read(container: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, password: bytes | None) -> bytes:
    with container.open(entry, pwd=password) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _TooLargeError
    return data


def _name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return charset.decode(entry.filename.encode("cp437"))[0]
    except UnicodeEncodeError:
        return entry.filename

"""Bytes -> Book. Runs in the child process; imports nothing heavy until a file needs it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import NoReturn

from qforms.office.book import Book, fault
from qforms.office.package import Package
from qforms.office.sniff import format_of


def read(data: bytes, inflated: int, max_cells: int, passwords: Sequence[str] = ()) -> Book:
    """The Book of an Excel or Word file, told by its content; `inflated` in bytes.

    Raises OfficeFault; `convert_first` for formats that LibreOffice has to turn into .docx before."""
    package = _package(data, inflated)
    form = format_of(data, package.names if package else ())
    if form == "encrypted":
        data = decrypted(data, passwords)
        package = _package(data, inflated)
        form = format_of(data, package.names if package else ())
    if form in ("doc", "rtf", "odt"):
        _convert(data, form, passwords)
    if form == "xls" or package is None:
        return _xls(data, max_cells, passwords)
    if form == "xlsx":
        from qforms.office import excel

        return excel.read(package, max_cells)
    if form == "docx":
        from qforms.office import word

        return word.read(package, max_cells)
    from qforms.office import binary

    return binary.read(data, form, max_cells, package)


def _package(data: bytes, inflated: int) -> Package | None:
    return Package(data, inflated) if data[:2] == b"PK" else None


def _xls(data: bytes, max_cells: int, passwords: Sequence[str]) -> Book:
    from qforms.office import binary

    if _locked(data):
        data = decrypted(data, passwords)
    return binary.read(data, "xls", max_cells, None)


def _convert(data: bytes, form: str, passwords: Sequence[str]) -> NoReturn:
    """Asks for the file, without its password, to be turned into .docx (the child starts no program)."""
    plain = ""
    flags = _stream(data, ("WordDocument",), 12)[10:12] if form == "doc" else b""
    if int.from_bytes(flags, "little") & 0x0100:  # fEncrypted (MS-DOC 2.5.2)
        plain = base64.b64encode(decrypted(data, passwords)).decode()
    raise fault("convert_first", format=form, plain=plain)


def _stream(data: bytes, names: tuple[str, ...], size: int) -> bytes:
    """The beginning of the first of these OLE streams that is there; b"" when none is."""
    import olefile

    if data[:8] != olefile.MAGIC:
        return b""
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        name = next((n for n in names if ole.exists(n)), "")
        return bytes(ole.openstream(name).read(size)) if name else b""


def _locked(data: bytes) -> bool:
    """Whether an .xls asks for a password (a FILEPASS record)."""
    stream = _stream(data, ("Workbook", "Book"), 8_192)
    at = 0
    while at + 4 <= len(stream):
        record = int.from_bytes(stream[at : at + 2], "little")
        if record == 0x2F:
            return True
        if record in (0x0A, 0x85):  # end of the globals, or the first sheet: FILEPASS stands before
            return False
        at += 4 + int.from_bytes(stream[at + 2 : at + 4], "little")
    return False


def decrypted(data: bytes, passwords: Sequence[str]) -> bytes:
    """The file behind a password, trying each given one and Excel's own default. Raises OfficeFault `encrypted`."""
    import msoffcrypto

    for password in (*passwords, "VelvetSweatshop"):
        out = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(data))
            file.load_key(password=password)
            file.decrypt(out)
        except Exception:  # a wrong password and a damaged file fail alike, in many ways
            continue
        return out.getvalue()
    raise fault("encrypted")

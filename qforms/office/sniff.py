"""What a file is, told by its content; its name is not asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from qforms.office.book import fault

Format = Literal["xlsx", "xlsb", "ods", "docx", "odt", "xls", "doc", "rtf", "encrypted"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# BIFF without its OLE envelope: Excel 2 to 5
_OLD_EXCEL = (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")


def format_of(data: bytes, members: Collection[str] = ()) -> Format:
    """The format of an Office file; `members` are the names in a zip, in lower case.

    Raises OfficeFault: `not_office` with what it is instead, or `unreadable_file`."""
    if members:
        return _zipped(members, data[30:200])
    if data[:8] == _OLE:
        return _ole(data)
    if data[:4] in _OLD_EXCEL:
        return "xls"
    head = data[:4096].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if head[:5] == b"{\\rtf":
        return "rtf"
    raise fault("not_office", found=_other(data, head))


def _zipped(names: Collection[str], head: bytes) -> Format:
    if "mimetype" in names and "content.xml" in names:
        return "odt" if b"opendocument.text" in head else "ods"
    if any(n.startswith("xl/") and n.endswith(".bin") and "workbook" in n for n in names):
        return "xlsb"
    if any(n.startswith("xl/") for n in names):
        return "xlsx"
    if any(n.startswith("word/") for n in names):
        return "docx"
    raise fault("not_office", found="PowerPoint" if any(n.startswith("ppt/") for n in names) else "zip")


def _ole(data: bytes) -> Format:
    import io

    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            streams = {"/".join(path).casefold() for path in ole.listdir()}
    except Exception as why:  # olefile raises whatever a damaged directory leads to
        raise fault("unreadable_file", reason=str(why)[:200]) from None
    if "encryptedpackage" in streams:
        return "encrypted"
    if "workbook" in streams or "book" in streams:
        return "xls"
    if "worddocument" in streams:
        return "doc"
    raise fault("not_office", found="PowerPoint" if "powerpoint document" in streams else "OLE")


def _other(data: bytes, head: bytes) -> str:
    """A word for a file that is none of ours."""
    start = head[:1024].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")) or b"<html" in start:
        return "HTML"
    if start.startswith(b"mime-version:"):
        return "MHTML"
    if start.startswith(b"<?xml"):
        return "XML"
    if start.startswith(b"%pdf"):
        return "PDF"
    import filetype

    known = filetype.guess(data)
    if known is not None:
        return str(known.extension)
    if not data:
        return "0 byte"
    text = head[:2048]
    if b"\0" not in text and (b"," in text or b"\t" in text or b";" in text):
        return "CSV"
    return "?"

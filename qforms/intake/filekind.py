"""What a file is, by its content: its label and its name prove nothing."""

from __future__ import annotations

import io
import re
import zipfile

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroenabled.12"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOCM = "application/vnd.ms-word.document.macroenabled.12"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLS, DOC, PPT = "application/vnd.ms-excel", "application/msword", "application/vnd.ms-powerpoint"
ODS, ODT = "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.text"
ENCRYPTED = "application/x-office-encrypted"
MSG, TNEF, OLE = "application/vnd.ms-outlook", "application/ms-tnef", "application/x-ole-storage"
PDF = "application/pdf"
ZIP, JSON, BINARY = "application/zip", "application/json", "application/octet-stream"
SIGNATURES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
    }
)
ARCHIVES = frozenset({ZIP, "application/x-7z-compressed", "application/x-rar-compressed"})
OFFICE = frozenset({XLSX, XLSM, XLSB, DOCX, DOCM, XLS, DOC, ODS, ODT, ENCRYPTED, OLE})
_EXTENSIONS = {
    XLSX: "xlsx", XLSM: "xlsm", XLSB: "xlsb", DOCX: "docx", DOCM: "docm", PPTX: "pptx", XLS: "xls", DOC: "doc",
    PPT: "ppt", ODS: "ods", ODT: "odt", ENCRYPTED: "xlsx", MSG: "msg", TNEF: "dat", OLE: "ole", ZIP: "zip",
    JSON: "json",
    "message/rfc822": "eml", "text/plain": "txt", "text/html": "html", "text/csv": "csv", "image/jpeg": "jpg",
    "image/png": "png", "image/gif": "gif", "application/pdf": "pdf", "image/svg+xml": "svg", "image/heic": "heic",
}  # fmt: skip
_NAMED = {_EXTENSIONS[media]: media for media in (XLSX, XLSM, XLSB, DOCX, DOCM, PPTX, ODS, ODT)}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LABELLED_TEXT = {"csv": "text/csv", "json": JSON, "eml": "message/rfc822"}


def kind(data: bytes, name: str = "", label: str = "") -> str:
    """The media type. Zip and OLE containers are told apart by what is in them; text by its first characters."""
    if data[:4] == b"PK\x03\x04" or data[:4] == b"PK\x05\x06":
        return _zip_kind(data, name)
    if data[:8] == _OLE_MAGIC:
        return _ole_kind(data)
    if data[:4] == b"\x78\x9f\x3e\x22":
        return TNEF
    import filetype

    if found := filetype.guess(data[:8192]):
        return str(found.mime)
    return label if label in SIGNATURES else _text_kind(data, name, label)


def extension(media: str) -> str:
    return _EXTENSIONS.get(media, "bin")


def _zip_kind(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist()[:20_000])
            media = archive.read("mimetype")[:80].decode("ascii", "replace") if "mimetype" in names else ""
    except Exception:  # a zip that is none: zipfile, zlib and struct each have their own way of saying so
        return _NAMED.get(name.rpartition(".")[2].lower(), ZIP)  # a damaged workbook is no archive to its sender
    if media in {ODS, ODT}:
        return media
    if "[Content_Types].xml" not in names:
        return ZIP
    macros = any(n.lower().endswith("vbaproject.bin") for n in names)
    if any(n.startswith("xl/") for n in names):
        return XLSB if "xl/workbook.bin" in names else XLSM if macros else XLSX
    if any(n.startswith("word/") for n in names):
        return DOCM if macros else DOCX
    return PPTX if any(n.startswith("ppt/") for n in names) else ZIP


def _ole_kind(data: bytes) -> str:
    import olefile

    try:
        with olefile.OleFileIO(data) as container:
            names = {"/".join(entry).lower() for entry in container.listdir()}
    except Exception:  # olefile raises whatever a damaged directory makes it stumble over
        return OLE
    for stream, media in (
        ("encryptedpackage", ENCRYPTED),
        ("workbook", XLS),
        ("book", XLS),
        ("worddocument", DOC),
        ("powerpoint document", PPT),
        ("__properties_version1.0", MSG),
    ):
        if stream in names:
            return media
    return OLE


def _text_kind(data: bytes, name: str, label: str) -> str:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or re.match(rb"<(table|body|div|meta)\b", start):
        return "text/html"
    if b"<svg" in start[:400]:
        return "image/svg+xml"
    suffix = name.rpartition(".")[2].lower()
    if suffix in _LABELLED_TEXT:
        return _LABELLED_TEXT[suffix]
    if label == JSON:
        return JSON
    if b"\0" not in data[:4096]:
        return label if label.startswith("text/") else "text/plain" if data else label or BINARY
    return BINARY

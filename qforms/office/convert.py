"""Old Word formats through LibreOffice, where it is installed: own profile, own limits, killed at the time limit."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from qforms.office import programs
from qforms.office.book import fault


def soffice() -> str | None:
    """The path of LibreOffice, or None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_docx(data: bytes, suffix: str, seconds: float) -> bytes:
    """A .doc, .rtf or .odt as .docx. Raises OfficeFault `needs_libreoffice`, `took_too_long` or `unreadable_file`."""
    program = soffice()
    if program is None:
        raise fault("needs_libreoffice", format=suffix)
    with tempfile.TemporaryDirectory(prefix="qforms-", ignore_cleanup_errors=True) as folder:
        source = Path(folder, f"in.{suffix}")
        source.write_bytes(data)
        profile = Path(folder, "profile").as_uri()
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--convert-to", "docx"]
        programs.output([*command, "--outdir", folder, str(source)], b"", seconds)
        made = Path(folder, "in.docx")
        if not made.exists():
            raise fault("unreadable_file", reason="LibreOffice")
        return made.read_bytes()

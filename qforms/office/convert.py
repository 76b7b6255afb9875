"""Old Word formats through LibreOffice, where it is installed: own profile, own limits, killed at the time limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from qforms.office.book import fault

_MEMORY_KB = 4 << 20
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "APPDATA")


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
        _run([*command, "--outdir", folder, str(source)], seconds)
        made = Path(folder, "in.docx")
        if not made.exists():
            raise fault("unreadable_file", reason="LibreOffice")
        return made.read_bytes()


def _run(command: list[str], seconds: float) -> None:
    if os.name == "posix":
        command = ["/bin/sh", "-c", f'ulimit -v {_MEMORY_KB}; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=clean_environment(),
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise fault("took_too_long", seconds=round(seconds)) from None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what it started (soffice is a script around the program)."""
    if os.name == "posix":
        import signal

        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def clean_environment() -> dict[str, str]:
    """The environment without anything secret: a program that opens a stranger's file needs no password of ours."""
    return {name: os.environ[name] for name in _KEEP if name in os.environ}

"""Case folders (P32): `cases/TS-202605-0003 宁波禾木 YL-H18/`, every mail and file of a case under human names.

A copy for people and auditors; the store keeps the bytes that count. The names are safe on Windows wherever they are
made, since the folder may lie on a share."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
import zlib
from functools import lru_cache
from pathlib import Path

from qforms.model import Record

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])(\..*)?", re.IGNORECASE)
_LONGEST = 80  # UTF-16 units of a name: two of them and a share's path stay below the 260 of Windows
_OCTETS = 240  # of UTF-8; Linux takes 255, and a number is appended


@lru_cache(maxsize=1024)
def safe_name(text: str, longest: int = _LONGEST) -> str:
    """`text` as the name of a file or folder on any system; its ending stays. Never empty; applied twice, the same."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    text = _trim(_FORBIDDEN.sub("_", text))
    stem, dot, ending = text.rpartition(".")
    if not stem or len(ending) > 11 or not ending.isalnum():
        stem, dot, ending = text, "", ""
    short = len(text) * 2 <= longest and len(text) * 4 <= _OCTETS  # whatever its letters are
    while not short and stem and _too_long(stem + dot + ending, longest):
        stem = stem[:-1]
    text = _trim(_trim(stem) + dot + ending) or "_"
    return safe_name(f"_{text}", longest) if _RESERVED.fullmatch(text) else text


def label(case: Record | None) -> str:
    """「客户 型号」 as known by now."""
    values = case.values if case else {}
    return f"{values.get('customer_name') or ''} {values.get('product_model') or ''}".strip()


class CaseFolders:
    """The folders below `root`, found by the case number that their names begin with; looked through once, or
    (`shared`: other machines make some, too) whenever one is not known."""

    def __init__(self, root: Path, shared: bool = False) -> None:
        self._root = str(root)  # paths as texts below: building Path objects costs more than writing a small file
        self._shared = shared
        self._known: dict[str, str] | None = None

    def put(self, number: str, label: str, name: str, data: bytes) -> Path:
        """Writes a file into the folder of the case, `label` being 「客户 型号」 as known by now, and gives its path.

        The same bytes under the same name are written once; other bytes get `name (2)`. Raises OSError."""
        folder = self._folder(number, label)
        wanted = safe_name(name)
        path, count = f"{folder}{os.sep}{wanted}", 1
        while os.path.exists(path):
            if os.path.getsize(path) == len(data) and Path(path).read_bytes() == data:
                return Path(path)
            count += 1
            stem, ending = os.path.splitext(wanted)
            path = f"{folder}{os.sep}{stem} ({count}){ending}"
        draft = f"{folder}{os.sep}.{zlib.crc32(data):08x}.part"
        with open(draft, "wb", buffering=0) as out:
            out.write(data)
        os.replace(draft, path)
        return Path(path)

    def folder(self, number: str, label: str) -> Path:
        """The folder of the case, made or renamed to what is known by now; one in use keeps its name."""
        return Path(self._folder(number, label))

    def find(self, number: str) -> Path | None:
        """The folder of the case, whatever follows its number; None when there is none."""
        found = self._find(number)
        return Path(found) if found else None

    def _folder(self, number: str, label: str) -> str:
        wanted = f"{self._root}{os.sep}{safe_name(f'{number} {label}')}"
        known = self._find(number)
        found = known or wanted
        if found != wanted and label.strip():
            with contextlib.suppress(OSError):  # a file in it is open, on Windows: another time
                found = str(Path(found).rename(wanted))
        if found != known:
            os.makedirs(found, exist_ok=True)
            self._index()[safe_name(number)] = found
        return found

    def _find(self, number: str) -> str:
        found = self._index().get(safe_name(number), "")
        gone = found and not os.path.isdir(found)  # renamed by a person
        if gone or (not found and self._shared):
            self._known = None
            found = self._index().get(safe_name(number), "")
        return found

    def _index(self) -> dict[str, str]:
        if self._known is None:
            try:
                with os.scandir(self._root) as entries:
                    names = sorted(entry.name for entry in entries if entry.is_dir())
            except (FileNotFoundError, NotADirectoryError):
                names = []
            self._known = {name.partition(" ")[0]: f"{self._root}{os.sep}{name}" for name in reversed(names)}
        return self._known


def _trim(text: str) -> str:
    """No dot or space at the end (Windows drops them), no dot or lock-file mark at the beginning (hidden, ignored)."""
    while (shorter := text.strip(". ").removeprefix("~$")) != text:
        text = shorter
    return text


def _too_long(text: str, longest: int) -> bool:
    return _units(text) > longest or len(text.encode()) > _OCTETS


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

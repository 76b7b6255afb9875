"""An Office package (zip of XML parts) that may be hostile: sizes and names are checked before anything is inflated,
document type declarations are refused wherever they stand, relationships are followed inside the package only."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from qforms.office.book import fault

_MEMBERS = 20_000
_DEPTH = 2_000


class Package:
    """The parts of a zip. Raises OfficeFault when it is damaged, inflates to more than `inflated` bytes, or has too
    many members or names that point outside."""

    def __init__(self, data: bytes, inflated: int) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeDecodeError, EOFError) as why:
            raise fault("unreadable_file", reason=str(why)) from None
        infos = self._zip.infolist()
        if len(infos) > _MEMBERS or sum(i.file_size for i in infos) > inflated:
            raise fault("inflates_too_much", mb=inflated >> 20)
        if any(_outside(i.filename) for i in infos):
            raise fault("hostile_file", reason="../")
        if any(i.flag_bits & 1 for i in infos):
            raise fault("encrypted")
        self.names = {i.filename.replace("\\", "/").lstrip("/").casefold(): i for i in infos}

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self.names

    def parts(self, folder: str) -> list[str]:
        """The names of the parts below a folder, as written."""
        return [i.filename for key, i in self.names.items() if key.startswith(folder.casefold())]

    def read(self, part: str) -> bytes:
        try:
            return self._zip.read(self.names[part.casefold()])
        except KeyError:
            raise fault("unreadable_file", reason=f"{part} ?") from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError) as why:
            raise fault("unreadable_file", reason=f"{part}: {why}") from None
        except Exception as why:  # zlib.error and those of other methods have no common base
            raise fault("unreadable_file", reason=f"{part}: {why}") from None

    def tree(self, part: str) -> Element:
        return tree(self.read(part), part)

    def relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        """(id, last word of the type, target part) of the relationships of a part; external ones are left out."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", name + ".rels")
        if rels not in self:
            return
        for rel in self.tree(rels):
            target = rel.get("Target", "")
            if rel.get("TargetMode") != "External" and target:
                path = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
                yield rel.get("Id", ""), rel.get("Type", "").rpartition("/")[2], path


def members(data: bytes) -> set[str]:
    """The names of a zip's members in lower case. Raises OfficeFault when it cannot be opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return {name.replace("\\", "/").lstrip("/").casefold() for name in package.namelist()}
    except Exception as why:  # BadZipFile, and what odd headers lead to
        raise fault("unreadable_file", reason=str(why)[:200]) from None


def _outside(name: str) -> bool:
    path = name.replace("\\", "/")
    return ".." in path.split("/") or path[1:3] == ":/" or "\0" in name


def parser(part: str = "") -> Any:
    """An expat parser without namespaces that refuses a document type, and with it every entity."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.buffer_size = 65_536

    def refuse(*_: object) -> None:
        raise fault("hostile_file", part, reason="DOCTYPE")

    made.StartDoctypeDeclHandler = refuse
    return made


def parse(made: Any, data: bytes, part: str = "") -> None:
    """Feeds a whole part. Raises OfficeFault for XML that is not well-formed."""
    try:
        made.Parse(data, True)
    except expat.ExpatError as why:
        raise fault("unreadable_file", part, reason=f"{part}: {why}") from None


def tree(data: bytes, part: str = "") -> Element:
    """A part as elements whose tags and attributes are local names ("w:tbl" and "x:tbl" are "tbl", "r:id" is "id")."""
    made, builder = parser(part), TreeBuilder()
    made.ordered_attributes = True
    depth = 0

    def start(tag: str, attrs: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise fault("hostile_file", part, reason="XML")
        names = [name[name.find(":") + 1 :] for name in attrs[::2]]
        builder.start(tag[tag.find(":") + 1 :], dict(zip(names, attrs[1::2], strict=True)))

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag[tag.find(":") + 1 :])

    made.StartElementHandler, made.EndElementHandler = start, end
    made.CharacterDataHandler = builder.data
    parse(made, data, part)
    return builder.close()



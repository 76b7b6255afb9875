"""An Office package (zip of XML parts) that may be hostile: sizes and names are checked before anything is inflated,
document type declarations are refused wherever they stand, relationships are followed inside the package only."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from typing import IO, cast
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from qforms.office.book import OfficeFault, fault

_MEMBERS = 20_000
_CHUNK = 65_536
_SMALL = 1 << 20  # bytes of a part that is parsed as a whole
_OFTEN = 1 << 14  # bytes of a part that is remembered with its elements


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
        """A part, inflated. Raises OfficeFault when it is missing or damaged."""
        with self._open(part) as stream:
            return _piece(stream, -1, part)

    def _open(self, part: str) -> IO[bytes]:
        try:
            return self._zip.open(self.names[part.casefold()])
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as why:
            raise _broken(part, why) from None

    def tree(self, part: str) -> Element:
        return tree(self.read(part), part)

    def known(self, part: str) -> Element:
        """`tree` of a part that is often the same in many files, not to be changed: a small one is parsed once."""
        data = self.read(part)
        return _known(data, part) if len(data) <= _OFTEN else tree(data, part)

    def rooted(self, part: str) -> tuple[Element, str]:
        """A part as elements with their namespaces, and the namespace of its root: quicker than `tree`."""
        return rooted(self.read(part), part)

    def finished(self, part: str, *wanted: str) -> Iterator[tuple[str, str, Element]]:
        """(local name, namespace, element) of each wanted element, complete; the caller clears what it has used.

        A large part is streamed, so that it never stands in memory as a whole."""
        if part in self and self.names[part.casefold()].file_size <= _SMALL:
            root, space = self.rooted(part)
            for name in wanted:
                for element in list(root.iter(space + name)):
                    yield name, space, element
        else:
            yield from self._streamed(part, wanted)

    def _streamed(self, part: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, str, Element]]:
        made: ElementTree.XMLPullParser[Element] = ElementTree.XMLPullParser(("end",))
        with self._open(part) as stream:
            piece = _piece(stream, _CHUNK, part)
            space = namespace(piece, part)
            names = {space + name: name for name in wanted}
            while piece:
                try:
                    made.feed(piece)
                    for _, element in cast("Iterator[tuple[str, Element]]", made.read_events()):
                        if name := names.get(element.tag):
                            yield name, space, element
                except (ElementTree.ParseError, ValueError) as why:
                    raise _broken(part, why) from None
                piece = _piece(stream, _CHUNK, part)
        try:
            made.close()
        except ElementTree.ParseError as why:
            raise _broken(part, why) from None

    def relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        """(id, last word of the type, target part) of the relationships of a part; external ones are left out."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", name + ".rels")
        if rels not in self:
            return
        for rel in self.known(rels):
            target = rel.get("Target", "")
            if rel.get("TargetMode") != "External" and target:
                path = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
                yield rel.get("Id", ""), rel.get("Type", "").rpartition("/")[2], path


def _outside(name: str) -> bool:
    path = name.replace("\\", "/")
    return ".." in path.split("/") or path[1:3] == ":/" or "\0" in name


def namespace(head: bytes, part: str = "") -> str:
    """The namespace of a part's root element, as ElementTree writes it ("{uri}"), from the part's first bytes.

    Raises OfficeFault for a document type declaration, and with it every entity; it stands before the root element."""
    made = expat.ParserCreate(namespace_separator="}")
    found: list[str] = []

    def refuse(*_: object) -> None:
        raise fault("hostile_file", part, reason="DOCTYPE")

    def root(tag: str, _: object) -> None:
        found.append("{" + tag[: tag.find("}") + 1] if "}" in tag else "")
        raise _Enough

    made.StartDoctypeDeclHandler, made.StartElementHandler = refuse, root
    try:
        made.Parse(head[:_CHUNK], False)
    except _Enough:
        return found[0]
    except expat.ExpatError as why:
        raise _broken(part, why) from None
    raise fault("unreadable_file", part, reason=f"{part}: XML")


class _Enough(Exception):
    """The root element has been seen."""


def _parsed(data: bytes, part: str) -> Element:
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as why:
        raise _broken(part, why) from None


def _piece(stream: IO[bytes], size: int, part: str) -> bytes:
    try:
        return stream.read(size)
    except MemoryError:
        raise
    except Exception as why:  # BadZipFile, EOFError, zlib.error, lzma's: they have no common base
        raise _broken(part, why) from None


def _broken(part: str, why: object) -> OfficeFault:
    return fault("unreadable_file", part, reason=f"{part}: {why}"[:200])


def rooted(data: bytes, part: str) -> tuple[Element, str]:
    """A part as elements with their namespaces, and the namespace of its root."""
    space = namespace(data, part)
    return _parsed(data, part), space


class _Local(dict[str, str]):
    """Names without their namespace, remembered."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name[name.find("}") + 1 :]
        return local


@lru_cache(maxsize=32)
def _known(data: bytes, part: str) -> Element:
    return tree(data, part)


def tree(data: bytes, part: str = "") -> Element:
    """A part as elements whose tags and attributes are local names (w:tbl is "tbl", r:id is "id")."""
    namespace(data, part)
    root = _parsed(data, part)
    local = _Local()
    for element in root.iter():
        element.tag = local[element.tag]
        if element.attrib:
            element.attrib = {local[name]: value for name, value in element.attrib.items()}
    return root

"""Changing single parts of an Office package: every other member is copied as it is, compressed bytes untouched."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Mapping
from typing import Any

from qforms.office.archive import Archive, Writer
from qforms.office.book import fault

CONTENT_TYPES = "[Content_Types].xml"
_PART_LIMIT = 64 << 20
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"


def rewrite(data: bytes, changes: Mapping[str, bytes | None], additions: Mapping[str, bytes] | None = None) -> bytes:
    """The package with parts replaced (or, None, left out) and parts added at its end; the order of the rest is kept.

    Raises OfficeFault for a damaged zip."""
    out = io.BytesIO()
    old, new = Archive(io.BytesIO(data)), Writer(out)
    for info in old.infos:
        if info.filename not in changes:
            new.copy(old, info)
        elif (content := changes[info.filename]) is not None:
            new.put(info.filename, content, info)
    for name, part in {**{n: c for n, c in changes.items() if n not in old}, **(additions or {})}.items():
        if part is not None:
            new.put(name, part)
    new.close()
    return out.getvalue()


def read(data: bytes, names: Mapping[str, None] | tuple[str, ...] | None = None) -> dict[str, bytes]:
    """The named parts of a package (all when None), those that are there. Raises OfficeFault for a huge part."""
    package = Archive(io.BytesIO(data))
    return {n: package.read(n, _PART_LIMIT) for n in (package.names if names is None else names) if n in package}


def names(data: bytes) -> tuple[str, ...]:
    return Archive(io.BytesIO(data)).names


def load(data: bytes, part: str = "") -> Any:
    """A part as an lxml root, prefixes kept. Raises OfficeFault for what is not well-formed or has a document type."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as why:
        raise fault("unreadable_file", part, reason=str(why)[:200]) from None
    if root.getroottree().docinfo.doctype:
        raise fault("hostile_file", part, reason="DOCTYPE")
    return root


def dump(root: Any) -> bytes:
    """The bytes of a part."""
    from lxml import etree

    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def local(element: Any) -> str:
    """The name of an element without its namespace; "" for a comment."""
    tag = element.tag
    return tag[tag.find("}") + 1 :] if isinstance(tag, str) else ""


def space(root: Any) -> str:
    """The namespace of an element as "{uri}"."""
    tag = str(root.tag)
    return tag[: tag.find("}") + 1]


def declare(types: bytes, part: str = "", kind: str = "", extension: str = "") -> bytes:
    """Content types with one more: of a part (Override), or of an extension (Default); once only."""
    root = load(types, CONTENT_TYPES)
    if part and not any(e.get("PartName") == f"/{part}" for e in root):
        root.append(root.makeelement(f"{{{_TYPES}}}Override", {"PartName": f"/{part}", "ContentType": kind}))
    if extension and not any(e.get("Extension", "").lower() == extension for e in root):
        root.insert(0, root.makeelement(f"{{{_TYPES}}}Default", {"Extension": extension, "ContentType": kind}))
    return dump(root)


def rels_of(part: str) -> str:
    """The name of a part's relationships part."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def relations(rels: bytes | None, part: str) -> dict[str, tuple[str, str]]:
    """id -> (last word of the type, target part) of the internal relationships of a part."""
    if rels is None:
        return {}
    folder = "/" + posixpath.dirname(part)
    return {
        r.get("Id", ""): (
            r.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join(folder, r.get("Target", ""))).lstrip("/"),
        )
        for r in load(rels)
        if local(r) == "Relationship" and r.get("TargetMode") != "External"
    }


def relate(rels: bytes | None, kind: str, target: str) -> tuple[bytes, str]:
    """Relationships with one more to `target` (relative to the part), and its id; `kind` is the full type."""
    root = load(rels or f'<Relationships xmlns="{_RELS}"/>'.encode())
    taken = {r.get("Id") for r in root}
    key = next(f"rId{n}" for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
    root.append(root.makeelement(f"{{{_RELS}}}Relationship", {"Id": key, "Type": kind, "Target": target}))
    return dump(root), key

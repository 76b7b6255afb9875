"""What an Office package says about itself: custom properties, who saved it last, pictures, stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qforms.office.book import STAMP, Grid
from qforms.office.package import Package

_PICTURES = 200


def custom(package: Package) -> dict[str, str]:
    """The custom document properties as texts."""
    if "docProps/custom.xml" not in package:
        return {}
    root = package.known("docProps/custom.xml")
    return {p.get("name", ""): "".join(p.itertext()).strip() for p in root.iter("property")}


def last_modified_by(package: Package) -> str:
    if "docProps/core.xml" not in package:
        return ""
    root, _ = package.rooted("docProps/core.xml")
    return (root.findtext("{*}lastModifiedBy") or "").strip()


def pictures(package: Package, folder: str) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of the pictures of a package, without those that only accompany drawings (EMF, WMF)."""
    names = [n for n in package.parts(folder) if not n.lower().endswith((".emf", ".wmf", "/"))]
    return tuple((n.rpartition("/")[2], package.read(n)) for n in names[:_PICTURES])


def stamps(props: Mapping[str, str], grids: Iterable[Grid], text: str = "") -> tuple[str, ...]:
    """Texts that look like our stamp: of the properties, of hidden sheets, of `text`; each once, in that order."""
    places = [*props.values(), *(c.text for g in grids if g.hidden for c in g.cells.values()), text]
    return tuple(dict.fromkeys(found for place in places if "qf1." in place for found in STAMP.findall(place)))

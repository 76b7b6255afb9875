"""Photos and the company's logo for paper: turned as EXIF says, at most 1200 px, JPEG without any of the camera's
data; and their place in the document (DrawingML, ECMA-376-1 20.4)."""

from __future__ import annotations

import functools
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from qforms.forms.wml import clean
from qforms.model import Told

MAX_SIDE, QUALITY = 1200, 85
MAX_PIXELS = 80_000_000  # a picture beyond this is not opened: a small file may hold a huge one
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "HEIF")
EMU = 36_000  # per millimetre
LOGOS = ("logo.png", "logo.jpg", "logo.jpeg")  # in form_templates/; the first of these that is there
LOGO_BYTES = 5 << 20  # a logo goes along with each document


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it goes into the file; pixels."""

    data: bytes
    width: int
    height: int


@functools.lru_cache(maxsize=64)
def prepare(raw: bytes) -> Photo | None:
    """The picture, made small; None when it cannot be opened, is of no known kind, or is too large."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the lower one
            opened = Image.open(io.BytesIO(raw), formats=_formats())
        with opened as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            turned = ImageOps.exif_transpose(image)
            turned.thumbnail((MAX_SIDE, MAX_SIDE))
            if turned.mode in ("RGBA", "LA", "P", "PA"):
                over = turned.convert("RGBA")
                flat = Image.new("RGB", over.size, "white")
                flat.paste(over, mask=over.getchannel("A"))
            else:
                flat = turned.convert("RGB")
    except Exception:  # Pillow raises what it likes on damaged files; the photo is then named, not shown
        return None
    flat.info.clear()
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return Photo(out.getvalue(), flat.width, flat.height)


@functools.lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    from PIL import Image

    try:
        import pillow_heif  # type: ignore[import-not-found,unused-ignore]

        pillow_heif.register_heif_opener()
    except ImportError:  # the extra [images]
        pass
    Image.init()
    return tuple(f for f in FORMATS if f in Image.OPEN)


def logo(folder: Path) -> Photo | None:
    """The company's logo as it stands on forms and documents; None where there is none, or none that can be used:
    `logo_fault` says why."""
    file = logo_file(folder)
    if file is None:
        return None
    stat = file.stat()
    return _logo(file, stat.st_mtime_ns) if stat.st_size <= LOGO_BYTES else None


@functools.lru_cache(maxsize=4)
def _logo(file: Path, _changed: int) -> Photo | None:
    return prepare(file.read_bytes())


def logo_file(folder: Path) -> Path | None:
    """The file in `form_templates/` that the office put there as its logo."""
    return next((file for name in LOGOS if (file := folder / name).is_file()), None)


def logo_fault(folder: Path) -> Told | None:
    """Why the logo cannot be used, and what to do."""
    file = logo_file(folder)
    if file is None or logo(folder) is not None:
        return None
    if (size := file.stat().st_size) > LOGO_BYTES:
        return Told(
            f"有 {size / (1 << 20):.1f} MB，最多 5 MB；请另存为较小的图片（宽 1200 像素足够）",
            f"is {size / (1 << 20):.1f} MB, at most 5 MB: save it as a smaller picture (1200 px wide is enough)",
            f"{file}: ",
        )
    return Told(
        "不是可以打开的图片；请存为 PNG 或 JPEG",
        "is no picture that can be opened: save it as PNG or JPEG",
        f"{file}: ",
    )


def drawing(photo: Photo, relation: str, number: int, alt: str, height: float, max_width: float) -> str:
    """A run with the picture inline, `height` mm high or as wide as fits, with its alternative text."""
    width = photo.width * height / photo.height
    if width > max_width:
        width, height = max_width, photo.height * max_width / photo.width
    cx, cy, text = round(width * EMU), round(height * EMU), quoteattr(clean(alt).replace("\n", " ")[:200])
    return (
        '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{cx}" cy="{cy}"/><wp:docPr id="{number}" name="photo{number}" descr={text}/>'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr>'
        f'<pic:cNvPr id="{number}" name="photo{number}.jpeg" descr={text}/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f'r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )

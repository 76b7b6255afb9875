"""The child process that reads a picture (extra `ocr`): its bytes on stdin, JSON on stdout, once.

A line of the answer is a piece of text with its four corners in pixels: [[x, y], …], text, how sure (0 to 1)."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from typing import Any

MEMORY = 1 << 30  # bytes
MAX_PIXELS = 80_000_000  # a picture beyond this is not opened: a small file may hold a huge one
MAX_SIDE = 1_800  # pixels: small print of an A4 page is still read, and memory stays within its bound
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "MPO", "HEIF", "GIF")

Piece = tuple[list[list[float]], str, float]


def main() -> None:
    """Reads one picture. What can't be read ends the process with an error, which is answer enough."""
    _limit_memory()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not reach the pipe
    answers.write(json.dumps(pieces(sys.stdin.buffer.read()), ensure_ascii=True).encode())
    answers.flush()


def _limit_memory() -> None:
    """What this process may write to; nothing where the system has no such limit (Windows)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pieces(data: bytes) -> list[Piece]:
    """The texts in a picture; none of one that lies on its side, where nothing stands beside its label."""
    import numpy
    from rapidocr_onnxruntime import RapidOCR

    reader = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    read, _ = reader(numpy.asarray(_opened(data))[:, :, ::-1])
    found = [([[float(x), float(y)] for x, y in box], str(text), float(sure)) for box, text, sure in read or ()]
    words = [box for box, text, _ in found if len(text) > 1]
    return found if 2 * sum(map(_upright, words)) >= len(words) else []


def _opened(data: bytes) -> Any:
    from PIL import Image, ImageOps

    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:  # the extra [images]
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the lower one
        image = Image.open(
            io.BytesIO(data), formats=[f for f in FORMATS if f in Image.registered_extensions().values()]
        )
    if image.width * image.height > MAX_PIXELS:
        raise ValueError("too many pixels")
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    turned = ImageOps.exif_transpose(image)
    turned.thumbnail((MAX_SIDE, MAX_SIDE))
    return turned.convert("RGB")


def _upright(box: list[list[float]]) -> bool:
    across, down = ([point[i] for point in box] for i in (0, 1))
    return max(across) - min(across) >= max(down) - min(down)

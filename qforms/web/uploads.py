"""What a browser sends, taken in within limits: the body is counted as it comes, whatever its head says of its length,
and a file is what its content says, whatever its label."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from qforms.intake import filekind
from qforms.intake.parts import safe_name
from qforms.model import Problem
from qforms.settings import Web

Message = MutableMapping[str, Any]
_WORDS = 1_000_000  # bytes of a submission without files
_FIELD = 64 * 1024  # bytes of one answer
_FIELDS = 200
_HEAD = 8192  # bytes from which the kind of a file is told
_PICTURES = frozenset({"jpeg", "png", "gif", "webp", "heic", "heif", "avif", "bmp", "tiff"})


class CutOff(Exception):
    """The submission was not taken in; `problem` says why, `status` is the answer's."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.code)
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class File:
    """A file that was taken in, in memory while it is small, else on the disk."""

    name: str
    kind: str
    size: int
    content: IO[bytes] | SpooledTemporaryFile[bytes]


async def form_of(request: Request, limits: Web) -> FormData:
    """The answers and files of a submission. Raises CutOff when it is too large, too slow, too many, or no form."""
    multipart = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    most = int(limits.total_mb * 1_000_000) + _WORDS if multipart else _WORDS
    said = request.headers.get("content-length", "0")
    too_big = CutOff(413, Problem("web_too_big", context={"most": f"{limits.total_mb:g}"}))
    if not said.isdigit() or int(said) > most:
        raise too_big
    counted = Request(request.scope, _counting(request.receive, most, too_big))
    try:
        async with asyncio.timeout(limits.upload_seconds):
            return await counted.form(max_files=limits.files, max_fields=_FIELDS, max_part_size=_FIELD)
    except TimeoutError:
        raise CutOff(408, Problem("web_too_slow")) from None
    except HTTPException as fault:  # python-multipart: what is no form, too many parts, too long an answer
        files = "files" in str(fault.detail).lower()
        context = {"most": limits.files} if files else {}
        raise CutOff(400, Problem("web_too_many_files" if files else "web_unreadable", context=context)) from None
    except ClientDisconnect:
        raise CutOff(400, Problem("web_unreadable")) from None


def _counting(
    receive: Callable[[], Awaitable[Message]], most: int, too_big: CutOff
) -> Callable[[], Awaitable[Message]]:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise too_big
        return message

    return counted


async def files_of(form: FormData, names: Iterable[str], limits: Web) -> tuple[tuple[File, ...], dict[str, Problem]]:
    """The files given under these names that are fit, and what is wrong with others by name. An empty choice is no
    file."""
    found: list[File] = []
    faults: dict[str, Problem] = {}
    for name in names:
        for given in form.getlist(name):
            if not isinstance(given, UploadFile) or not (given.filename or given.size):
                continue
            head = await given.read(_HEAD)
            await given.seek(0)
            kind, shown = filekind.kind(head, given.filename or ""), (given.filename or "")[:60]
            if not given.size:
                faults[name] = Problem("web_file_empty", field=name, context={"name": shown})
            elif not allowed(kind):
                faults[name] = Problem("web_file_kind", field=name, context={"name": shown})
            elif given.size > limits.file_mb * 1_000_000:
                faults[name] = Problem(
                    "web_file_big", field=name, context={"name": shown, "most": f"{limits.file_mb:g}"}
                )
            else:
                found.append(
                    File(_named(given.filename or "", kind, len(found) + 1), kind, given.size or 0, given.file)
                )
    return tuple(found), faults


def allowed(kind: str) -> bool:
    """Photos, videos and PDF; a drawing in SVG may hold scripts and is none of them."""
    family, _, format_ = kind.partition("/")
    return family == "video" or kind == filekind.PDF or (family == "image" and format_.removeprefix("x-") in _PICTURES)


def _named(given: str, kind: str, number: int) -> str:
    """A safe name whose ending says what the file is: photo.exe that is a picture becomes photo.jpg."""
    name = safe_name(given, kind, str(number))
    stem, dot, ending = name.rpartition(".")
    wanted = filekind.extension(kind)
    fits = (
        wanted == "bin" or ending.lower() == wanted or (wanted == "jpg" and ending.lower() in ("jpeg", "jpe", "jfif"))
    )
    return name if fits else f"{stem if dot else name}.{wanted}"

"""The zip of an Office package, member by member: compressed bytes are copied as they are, members stream in and out.

isal inflates and deflates several times as fast as zlib and is used where it is installed."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any

from qforms.office.book import fault

_FAST = importlib.util.find_spec("isal") is not None
CODEC: Any = importlib.import_module("isal.isal_zlib") if _FAST else zlib
_LEVEL = 1 if _FAST else 3  # of 3 and of 9: five and nine percent above what Excel itself writes
CHUNK = 1 << 17  # bytes that stay in the processor's cache from one step to the next
_BIG = 3 << 30  # bytes from which a member that is written anew gets 64-bit sizes
_HEADER = 30  # bytes of a local header before name and extra field
_WIDE = 1  # the extra field that holds 64-bit sizes


class Archive:
    """The members of a zip in an open file. Raises OfficeFault when it is none, or has a name twice or outside."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        try:
            self.infos = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError) as why:
            raise fault("unreadable_file", reason=str(why)) from None
        self._by_name = {i.filename: i for i in self.infos}
        if len({i.filename.casefold() for i in self.infos}) != len(self.infos):
            raise fault("hostile_file", reason="duplicate member names")
        if any(i.flag_bits & 1 for i in self.infos):
            raise fault("encrypted")

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def info(self, name: str) -> zipfile.ZipInfo:
        return self._by_name[name]

    def read(self, name: str, limit: int = 64 << 20) -> bytes:
        """A member as a whole. Raises OfficeFault when it is damaged or inflates to more than `limit` bytes."""
        if self._by_name[name].file_size > limit:
            raise fault("inflates_too_much", name, mb=limit >> 20)
        return b"".join(self.chunks(name))

    def chunks(self, name: str, size: int = CHUNK) -> Iterator[bytes]:
        """A member inflated, in pieces of at most `size` bytes; its length and checksum are proved at the end."""
        info = self._by_name[name]
        if info.compress_type == zipfile.ZIP_STORED:
            pieces = self.raw(info)
        elif info.compress_type == zipfile.ZIP_DEFLATED:
            pieces = self._inflated(info, size)
        else:
            raise fault("unreadable_file", name, reason=f"{name}: compression {info.compress_type}")
        check = length = 0
        for piece in pieces:
            check = CODEC.crc32(piece, check)
            length += len(piece)
            if length > info.file_size:
                break
            yield piece
        if length != info.file_size or check != info.CRC:
            raise fault("unreadable_file", name, reason=f"{name}: CRC")

    def _inflated(self, info: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
        machine = CODEC.decompressobj(-15)
        try:
            for raw in self.raw(info, max(size >> 2, 1)):
                while raw and not machine.eof:
                    yield machine.decompress(raw, size)
                    raw = machine.unconsumed_tail
            while not machine.eof and (rest := machine.decompress(machine.unconsumed_tail, size)):
                yield rest
        except CODEC.error as why:
            raise fault("unreadable_file", info.filename, reason=f"{info.filename}: {why}") from None

    def raw(self, info: zipfile.ZipInfo, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes of a member as they stand in the file."""
        self._file.seek(info.header_offset)
        head = self._file.read(_HEADER)
        if head[:4] != b"PK\3\4" or len(head) < _HEADER:
            raise fault("unreadable_file", info.filename, reason=f"{info.filename}: header")
        at = (
            info.header_offset + _HEADER + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        )
        left = info.compress_size
        while left:
            self._file.seek(at)
            piece = self._file.read(min(size, left))
            if not piece:
                raise fault("unreadable_file", info.filename, reason=f"{info.filename}: truncated")
            at += len(piece)
            left -= len(piece)
            yield piece


class Writer:
    """A zip written member after member into an open file that can be sought; ended as a context, or by `close`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w")

    def copy(self, source: Archive, info: zipfile.ZipInfo) -> None:
        """A member's compressed bytes under a new local header, with its sizes, so that no data descriptor follows."""
        moved = self._begin(info)
        self._head(moved)
        for piece in source.raw(info):
            self._file.write(piece)
        self._end(moved)

    def stream(self, like: zipfile.ZipInfo, pieces: Iterable[bytes]) -> None:
        """A member deflated from `pieces`, with the name, time and attributes of `like`."""
        made = self._begin(like)
        wide = like.file_size > _BIG
        made.compress_type, made.file_size = zipfile.ZIP_DEFLATED, like.file_size if wide else 0
        made.compress_size = made.CRC = 0
        self._head(made, wide)
        start = self._file.tell()
        machine = CODEC.compressobj(_LEVEL, zlib.DEFLATED, -15)
        check = length = 0
        for piece in pieces:
            check = CODEC.crc32(piece, check)
            length += len(piece)
            self._file.write(machine.compress(piece))
        self._file.write(machine.flush())
        end = self._file.tell()
        made.CRC, made.file_size, made.compress_size = check, length, end - start
        self._file.seek(made.header_offset)
        self._head(made, wide)
        self._file.seek(end)
        self._end(made)

    def put(self, name: str, data: bytes, like: zipfile.ZipInfo | None = None) -> None:
        """A small member, compressed well."""
        made = zipfile.ZipInfo(name, like.date_time if like else (1980, 1, 1, 0, 0, 0))
        made.compress_type = zipfile.ZIP_DEFLATED
        made.external_attr = like.external_attr if like else 0
        self._zip.writestr(made, data)

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, info: zipfile.ZipInfo) -> zipfile.ZipInfo:
        made = copy.copy(info)
        made.header_offset = self._file.tell()
        made.flag_bits &= ~0x08
        made.extra, made.extract_version, made.create_version = _narrow(made.extra), zipfile.DEFAULT_VERSION, 20
        return made

    def _head(self, info: zipfile.ZipInfo, wide: bool | None = None) -> None:
        self._file.write(info.FileHeader(wide))

    def _end(self, info: zipfile.ZipInfo) -> None:
        self._zip.filelist.append(info)
        self._zip.NameToInfo[info.filename] = info
        self._zip.start_dir = self._file.tell()


def _narrow(extra: bytes) -> bytes:
    """Extra fields without 64-bit sizes: they are written anew where they are needed."""
    kept = b""
    while len(extra) >= 4:
        end = 4 + int.from_bytes(extra[2:4], "little")
        if int.from_bytes(extra[:2], "little") != _WIDE:
            kept += extra[:end]
        extra = extra[end:]
    return kept

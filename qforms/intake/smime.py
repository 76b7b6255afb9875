"""S/MIME (RFC 8551): what a signed message wraps, and whether a message is encrypted. Signatures are not checked here:
they prove a person's key, and who speaks is told by our own server alone."""

from __future__ import annotations

from collections.abc import Iterator

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = (bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117"))  # and AuthEnvelopedData
_SEQUENCE, _OCTETS, _OCTETS_IN_PIECES, _OID, _EXPLICIT = 0x30, 0x04, 0x24, 0x06, 0xA0
_DEPTH = 12


class _NotDerError(Exception):
    pass


def is_enveloped(data: bytes) -> bool:
    """Whether a CMS structure is encrypted data (RFC 5652 6, RFC 5083)."""
    return _kind(data) in _ENVELOPED


def signed_content(data: bytes) -> bytes:
    """The message within SignedData (RFC 5652 5); b"" when it is none, or its content is kept elsewhere."""
    if _kind(data) != _SIGNED:
        return b""
    try:
        outer = _children(_first(data)[1])
        next(outer)
        signed = _children(_first(next(outer)[1])[1])  # [0] EXPLICIT SignedData
        for tag, value in signed:
            if tag == _SEQUENCE:  # EncapsulatedContentInfo: the first sequence after version and digest algorithms
                inner = list(_children(value))
                if len(inner) == 2 and inner[0][0] == _OID and inner[1][0] == _EXPLICIT:
                    return _octets(*_first(inner[1][1]), 0)
    except (_NotDerError, StopIteration):
        pass
    return b""


def _kind(data: bytes) -> bytes:
    try:
        tag, value = _first(data)
        head, oid = next(_children(value))
        return oid if tag == _SEQUENCE and head == _OID else b""
    except (_NotDerError, StopIteration):
        return b""


def _octets(tag: int, value: bytes, depth: int) -> bytes:
    """An octet string, put together where it comes in pieces."""
    if tag == _OCTETS:
        return value
    if tag != _OCTETS_IN_PIECES or depth > _DEPTH:
        raise _NotDerError
    return b"".join(_octets(t, v, depth + 1) for t, v in _children(value))


def _first(data: bytes) -> tuple[int, bytes]:
    return next(_children(data))


def _children(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, value) of the elements in `data` (X.690, BER as well: lengths may be left open)."""
    at = 0
    while at < len(data) and data[at : at + 2] != b"\0\0":
        start, end, after = _extent(data, at, 0)
        yield data[at], data[start:end]
        at = after


def _extent(data: bytes, at: int, depth: int) -> tuple[int, int, int]:
    """Where the value of the element at `at` starts and ends, and where the next one begins."""
    if depth > _DEPTH or at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise _NotDerError
    length, start = data[at + 1], at + 2
    if length == 0x80:
        end = start
        while data[end : end + 2] != b"\0\0":
            end = _extent(data, end, depth + 1)[2]
        return start, end, end + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise _NotDerError
    return start, start + length, start + length

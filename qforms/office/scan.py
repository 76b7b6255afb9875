"""An optional virus scan by clamd over its INSTREAM command (clamd(8)): a local daemon, reached by TCP or a socket."""

from __future__ import annotations

import socket

_CHUNK = 1 << 16
_ANSWER = 4_096


class ScanDown(Exception):
    """The scanner could not be asked; the message says why."""


def found(data: bytes, where: str, seconds: float = 30.0) -> str:
    """The name of what clamd finds in `data`; "" when it finds nothing. `where`: host:port, or the path of a socket.

    Raises ScanDown when it does not answer, or says that it could not look (the stream is over its limit)."""
    try:
        with _connected(where, seconds) as link:
            link.sendall(b"zINSTREAM\0")
            for at in range(0, len(data), _CHUNK):
                piece = data[at : at + _CHUNK]
                link.sendall(len(piece).to_bytes(4, "big") + piece)
            link.sendall(bytes(4))
            answer = _received(link)
    except (OSError, ValueError) as why:
        raise ScanDown(f"{where}: {why}") from None
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise ScanDown(f"{where}: {answer[:200] or 'no answer'}")


def _received(link: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _ANSWER and (piece := link.recv(_ANSWER)):
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _connected(where: str, seconds: float) -> socket.socket:
    host, colon, port = where.rpartition(":")
    if colon and port.isdigit():
        return socket.create_connection((host.strip("[]"), int(port)), seconds)
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(seconds)
    link.connect(where)
    return link

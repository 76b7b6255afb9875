"""A server that says exactly what a test wants it to say: for faults that no real server can be made to have."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class Wire:
    """One connection as the server sees it. `hear` gives the next line without its end; "" when the client is gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def say(self, *lines: str) -> None:
        """All lines in one packet."""
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        if self._file.closed:
            return ""
        return self._file.readline().decode("utf-8", "replace").rstrip("\r\n")

    def begin_tls(self, certificate: Path) -> None:
        """STARTTLS, as the server does it."""
        self._connection = _context(certificate).wrap_socket(self._connection, server_side=True)
        self._file = self._connection.makefile("rb")

    def vanish(self) -> None:
        self._file.close()
        self._connection.close()


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


class ScriptedServer:
    """Plays `script(wire)` for every connection, over TLS if the folder of a certificate is given."""

    def __init__(self, script: Callable[[Wire], None], certificate: Path | None = None) -> None:
        self._script = script
        self._tls = _context(certificate) if certificate else None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self.faults: list[BaseException] = []

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        assert not self.faults, self.faults

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: Any) -> None:
        connection.settimeout(120)
        try:
            with connection:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self._script(Wire(connection))
        except OSError:
            pass
        except AssertionError as fault:
            self.faults.append(fault)

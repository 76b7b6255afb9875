"""The virus scan against a scripted clamd: what it finds, and what it could not look at, is held and never opened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support_endtoend import NOW, mail, make

from qforms import house
from qforms.model import Delivery
from qforms.office import scan


@contextmanager
def clamd(answer: bytes, times: int = 1) -> Iterator[tuple[str, list[bytes]]]:
    """A clamd that reads whole streams and answers each with `answer`; what it was given."""
    given: list[bytes] = []

    def serve() -> None:
        for _ in range(times):
            link, _ = server.accept()
            with link, link.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                data = b""
                while size := int.from_bytes(stream.read(4), "big"):
                    data += stream.read(size)
                given.append(data)
                link.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", given


def test_what_clamd_says():
    data = b"x" * 200_000
    with clamd(b"stream: OK\0") as (where, given):
        assert scan.found(data, where) == "" and given == [data]
    with clamd(b"stream: Eicar-Test-Signature FOUND\0") as (where, _):
        assert scan.found(data, where) == "Eicar-Test-Signature"


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: garbage"])
def test_what_could_not_be_looked_at_is_said(answer):
    with clamd(answer) as (where, _), pytest.raises(scan.ScanDown):
        scan.found(b"x", where, 5.0)


def test_nobody_there():
    for where in ("127.0.0.1:1", "/nowhere/clamd.ctl", "nonsense"):
        with pytest.raises(scan.ScanDown):
            scan.found(b"x", where, 1.0)


def test_a_mail_with_a_virus_is_held_and_a_clean_one_is_taken(tmp_path: Path) -> None:
    ws = make(tmp_path / "ws")
    first, second, third = (
        Delivery("maildir", n, NOW, mail(f"投诉 A65 无输出 {n}"), "", n * 32) for n in ("a", "b", "c")
    )
    for answer, delivery, outcome, code in (
        (b"stream: Win.Test FOUND\0", first, "held", "virus_found"),
        (b"stream: OK\0", second, "partial", ""),
        (b"", third, "held", "not_scanned"),
    ):
        with clamd(answer) as (where, _):
            ws.set("trust", clamd=where)
            with house.opened(ws.root) as home:
                (taken,) = home.desk.take([delivery], NOW)
        assert taken.outcome == outcome and (not code or code in {p.code for p in taken.problems})
        assert bool(taken.numbers) == (outcome != "held")
    with house.opened(ws.root) as home:  # the scanner is gone from the settings: what was held can be taken in
        ws.set("trust", clamd="")
    with house.opened(ws.root) as home:
        assert home.desk.take([third], NOW)[0].outcome == "partial"

"""Cut off between the workbook and the ledger: the book is there, the ledger does not know; no row is there twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from support_endtoend import NOW, Workspace, mail

from qforms import register


class PowerCut(BaseException):
    """What no part of the loop may catch."""


def cut_off(ws: Workspace, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """A run that ends when the new book stands in its place and nothing more is written."""

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(register.Register, "_wrote", cut)
        with pytest.raises(PowerCut):
            ws.once(NOW + timedelta(minutes=minutes))


def numbers(ws: Workspace) -> Counter[str]:
    return Counter(str(row[0]) for row in ws.rows("投诉台账")[3:] if row[0] and row[1])


def test_the_rows_stand_there_once(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.receive(mail())
    cut_off(ws, monkeypatch, 0)
    ws.receive(mail("又一封"))
    cut_off(ws, monkeypatch, 1)
    ws.receive(mail("第三封"))
    ws.once(NOW + timedelta(minutes=2))
    assert numbers(ws) == Counter(r["number"] for r in ws.records()) and len(ws.records()) == 3


def test_the_first_book_of_all(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.receive(mail())
    ws.once()
    (ws.root / "master.xlsx").unlink()
    for kept in (ws.root / ".history").iterdir():
        kept.unlink()
    cut_off(ws, monkeypatch, 1)
    ws.once(NOW + timedelta(minutes=2))
    assert numbers(ws) == Counter(r["number"] for r in ws.records())


def test_what_was_typed_after_the_cut_is_not_thrown_away(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.receive(mail())
    cut_off(ws, monkeypatch, 0)
    book = ws.root / "master.xlsx"
    book.write_bytes(book.read_bytes() + b"\0")  # saved by somebody: no longer the book that we wrote
    ws.once(NOW + timedelta(minutes=1))
    assert len(ws.records()) == 1 and ws.rows("投诉台账")

"""Every mail and every Office file of a folder of real ones (QFORMS_CORPUS), the files dropped into the inbox and as
attachments, through desk and ledger: each is accounted for, in time, and the same again brings nothing new."""

from __future__ import annotations

import hashlib
import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_endtoend import NOW, mail, make

from qforms import house
from qforms.model import Delivery

ROOT = os.environ.get("QFORMS_CORPUS", "")
SECONDS = 20.0
OUTCOMES = {"accepted", "partial", "refused", "held", "ignored", "duplicate"}  # some mails stand there twice


def _files(folder: str) -> list[Path]:
    return sorted(f for f in Path(ROOT, folder).rglob("*") if f.is_file()) if ROOT else []


def _deliveries(kind: str) -> Iterator[Delivery]:
    for file in _files("mail" if kind == "mail" else "office"):
        data = file.read_bytes()
        if kind == "attachment":
            data = mail(f"投诉 {file.name}", f"见附件 {file.name}", files=[(file.name, data)])
        yield _delivery("folder" if kind == "file" else "maildir", data, file.name if kind == "file" else "")


def _delivery(channel: str, raw: bytes, name: str) -> Delivery:
    digest = hashlib.sha256(raw).hexdigest()
    return Delivery(channel, digest, NOW, raw, name, digest)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["mail", "file", "attachment"])
def test_everything_is_accounted_for_and_twice_is_once(tmp_path: Path, kind: str) -> None:
    make(tmp_path / "ws")
    told: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    slowest = 0.0
    with house.opened(tmp_path / "ws") as home:
        for delivery in _deliveries(kind):
            began = time.monotonic()
            (taken,) = home.desk.take([delivery], NOW)
            slowest = max(slowest, time.monotonic() - began)
            assert time.monotonic() - began < SECONDS + 100, delivery.name  # a hang is no slow machine
            assert taken.outcome in OUTCOMES, delivery.name
            assert "bug" not in {p.code for p in taken.problems}, delivery.name
            told[taken.outcome] += 1
            reasons.update(p.code for p in taken.problems)
        before = len(home.ledger.records()), len(home.ledger.letters())
        for delivery in _deliveries(kind):
            (taken,) = home.desk.take([delivery], NOW)
            assert taken.outcome == "duplicate", delivery.name
        assert (len(home.ledger.records()), len(home.ledger.letters())) == before
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(
        f"\n{kind}: {sum(told.values())} in all, {dict(sorted(told.items()))}; {before[0]} records, {before[1]} letters"
    )
    print(f"reasons: {dict(reasons.most_common())}\nslowest {slowest:.1f} s; largest child {child} MiB")
    assert child < 1024
    assert not ROOT or told

"""The index itself: an SQLite file with the texts and a table of their pieces (FTS5).

It can be lost: whoever opens it and finds it damaged, or of another make, begins a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qforms.search import grams

_MAKE = 2  # raised whenever texts or pieces are made in another way: an older index is then made anew
_MOST_TEXT = 200_000  # characters of one text
_LOOKED_AT = 20_000  # texts that are compared with the words, at most
_AROUND = 32  # characters before and after the word that is shown
_SCHEMA = """
CREATE TABLE mark(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE passage(id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, number TEXT NOT NULL, case_no TEXT NOT NULL,
  kind TEXT NOT NULL, title TEXT NOT NULL, at TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL);
CREATE VIRTUAL TABLE piece USING fts5(pieces, content='', detail=none, tokenize=ascii);
"""
_FOUND = """
SELECT p.id FROM piece JOIN passage p ON p.id = piece.rowid WHERE piece MATCH ?
ORDER BY CASE p.kind WHEN 'record' THEN 0 WHEN 'mail' THEN 1 ELSE 2 END, p.at DESC, p.id LIMIT ?
"""
_ONE = "SELECT ref, number, case_no, kind, title, at, body, revision FROM passage WHERE id = ?"
_SAME = "SELECT 1 FROM passage WHERE ref = ? AND title = ? AND revision = ? AND body = ?"


@dataclass(frozen=True, slots=True)
class Passage:
    """One text. `ref` names it; `at` is ISO 8601, UTC; `kind`: record, mail (that came), file (or what a
    picture shows), letter (that left)."""

    ref: str
    number: str
    case_no: str
    kind: str
    title: str
    at: str
    body: str
    revision: int = 0

    @property
    def when(self) -> datetime | None:
        return datetime.fromisoformat(self.at) if self.at else None


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that holds all the words; `before`, `word`, `after` show the place of the first."""

    passage: Passage
    before: str
    word: str
    after: str


class Index:
    """The index in a file; several programs may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def opened(self, *, write: bool = False) -> Iterator[Writer]:
        """The index to look into, or to write: all of the block, or nothing."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            writer = Writer(connection)
            yield writer
            connection.execute("COMMIT" if write else "ROLLBACK")
            if writer.wiped:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def exists(self) -> bool:
        return self._path.exists()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._made()
        except sqlite3.DatabaseError as fault:
            if isinstance(fault, sqlite3.OperationalError) and "malformed" not in str(fault):
                raise OSError(f"{self._path}: {fault}") from fault
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._made()

    def _made(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA secure_delete=ON")  # what is forgotten is overwritten
            connection.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is read again
            if connection.execute("PRAGMA user_version").fetchone()[0] != _MAKE:
                connection.execute("BEGIN IMMEDIATE")
                if connection.execute("PRAGMA user_version").fetchone()[0] != _MAKE:
                    for table in ("piece", "passage", "mark"):
                        connection.execute(f"DROP TABLE IF EXISTS {table}")
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version={_MAKE}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection


class Writer:
    """The index within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.wiped = False
        self._replaced = False

    def mark(self, name: str) -> int:
        """How far something of the ledger is read."""
        found = self._db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return int(found[0]) if found else 0

    def set_mark(self, name: str, value: int) -> None:
        self._db.execute(
            "INSERT INTO mark VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def revision(self, ref: str) -> int | None:
        """The revision of a text that the index holds; None when it does not."""
        found = self._db.execute("SELECT revision FROM passage WHERE ref = ?", (ref,)).fetchone()
        return int(found[0]) if found else None

    def put(self, p: Passage) -> None:
        """Adds a text, in the place of an earlier one of the same name."""
        body = p.body[:_MOST_TEXT]
        if self._db.execute(_SAME, (p.ref, p.title, p.revision, body)).fetchone():
            return
        self._take_out("ref = ?", p.ref)
        row = (p.ref, p.number, p.case_no, p.kind, p.title, p.at, p.revision, body)
        columns = "ref, number, case_no, kind, title, at, revision, body"
        made = self._db.execute(f"INSERT INTO passage({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._db.execute("INSERT INTO piece(rowid, pieces) VALUES (?, ?)", (made.lastrowid, _pieces(p.title, body)))

    def drop(self, digest: str) -> None:
        """Takes out what stood in a raw file: the mail, and the files in it."""
        self._take_out("ref = ?", f"mail/{digest}")
        self._take_out("ref >= ? AND ref < ?", f"file/{digest}/", f"file/{digest}0")  # 0 follows /

    def wipe(self) -> None:
        """Nothing is left on the disk of what was taken out or replaced in this transaction."""
        if self._replaced:
            self._db.execute("INSERT INTO piece(piece) VALUES ('optimize')")
            self.wiped = True

    def _take_out(self, which: str, *named: str) -> None:
        for id_, title, body in self._db.execute(
            f"SELECT id, title, body FROM passage WHERE {which}", named
        ).fetchall():
            self._db.execute(
                "INSERT INTO piece(piece, rowid, pieces) VALUES ('delete', ?, ?)", (id_, _pieces(title, body))
            )
            self._db.execute("DELETE FROM passage WHERE id = ?", (id_,))
            self._replaced = True

    def find(self, words: str, most: int) -> list[Hit]:
        """The texts that hold every word, records before mails before files, each the newest first."""
        asked = grams.asked(words)
        if not asked.words:
            return []
        terms = [grams.code(piece) for piece in sorted(asked.pieces)]
        terms += [f"{grams.code(start)}*" for start in sorted(asked.beginnings)]
        found = self._db.execute(_FOUND, (" AND ".join(terms), _LOOKED_AT)).fetchall()  # the texts are read one by one
        hits: list[Hit] = []
        for (id_,) in found:
            if (hit := _hit(Passage(*self._db.execute(_ONE, (id_,)).fetchone()), asked.words)) is not None:
                hits.append(hit)
                if len(hits) == most:
                    break
        return hits


def _pieces(title: str, body: str) -> str:
    return " ".join(grams.code(piece) for piece in grams.grams(_whole(title, body)))


def _whole(title: str, body: str) -> str:
    return grams.normal(f"{title} | {body}")


def _hit(passage: Passage, words: Sequence[str]) -> Hit | None:
    whole = _whole(passage.title, passage.body)
    if not all(word in whole for word in words):
        return None
    body = " ".join(passage.body.split())
    found = grams.place(body, words[0])
    if found is None:  # it stands in the title
        return Hit(passage, body[: 2 * _AROUND], "", "")
    start, end = found
    return Hit(passage, body[max(0, start - _AROUND) : start], body[start:end], body[end : end + _AROUND])

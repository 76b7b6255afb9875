"""Personal data taken out of the ledger (P57): a case stays whole, who it was is gone.

What a field that is declared `personal` said is replaced wherever it stands: in every revision, in history, tasks,
letters and deliveries. Raw files that were named in a record's history are given back, to be deleted from the store. A
line of history `forgotten` says by whom and why, and vouches in its place in the chain for what is no longer as it was
written: the revisions by their new hashes, the lines by the links that they had (`verify`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from qforms.ledger import chain, rows
from qforms.ledger import tables as t
from qforms.ledger.ledger import Ledger
from qforms.ledger.verify import FORGOTTEN
from qforms.model import Catalogue, Field, Form

GONE = "〔已删除〕"  # stands for what was said
_IDENTITY = re.compile(r"@|(?:\d[ -]?){7}")  # what names one person: an address of mail, a telephone number
_PAGE = 500
_SHORT = 2  # a word of one character may mean anything
_OURS = ("person", "department")  # whose addresses stay
_CONSUMER = "end_user"
_WAITING = ("owed", "held", "rendered", "sending", "resending", "later", "trial")  # letters that have not gone
_FILES = ("file", "img")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The records that forgot somebody, their cases, and the raw files and Message-IDs that are to go with them."""

    numbers: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()  # Message-IDs


def forget(
    ledger: Ledger, catalogue: Catalogue, numbers: Iterable[str], by: str, reason: str, now: datetime, *, person: bool
) -> Forgotten:
    """Forgets whoever these records and their cases name, with `person` wherever the same telephone number or address
    of mail stands. Nothing when they name nobody (any more)."""
    with ledger.rewriting() as tx:
        found = _Work(tx.connection, catalogue).forget(tuple(numbers), by, reason, now, person)
        tx.touch(found.numbers)
    return found


def old_cases(ledger: Ledger, before: datetime, limit: int) -> list[str]:
    """Cases whose own record has not changed since, and in which nobody was forgotten yet; the oldest first."""
    done = select(t.entry.c.id).where(t.entry.c.number == t.record.c.number, t.entry.c.what == FORGOTTEN)
    query = select(t.record.c.number).where(t.record.c.number == t.record.c.case_no, t.record.c.at < before)
    with ledger.rewriting() as tx:
        return list(tx.connection.scalars(query.where(~done.exists()).order_by(t.record.c.seq).limit(limit)))


class _Work:
    def __init__(self, db: Connection, catalogue: Catalogue) -> None:
        self._db, self._catalogue = db, catalogue
        self._secrets: tuple[str, ...] = ()

    def forget(self, numbers: Sequence[str], by: str, reason: str, now: datetime, person: bool) -> Forgotten:
        kept = self._records(numbers)
        if person:
            _, secrets = self._of(kept, self._rows(t.revision, t.revision.c.number, kept))
            kept |= self._same({s for s in secrets if _IDENTITY.search(s)})
        cases = [c for c in dict.fromkeys(str(row["case_no"]) for row in kept.values()) if c]
        revisions = self._rows(t.revision, t.revision.c.number, kept)
        files, secrets = self._of(kept, revisions)
        secrets |= self._senders(kept, revisions)
        self._secrets = tuple(sorted((s for s in secrets if len(s) >= _SHORT and s != GONE), key=len, reverse=True))
        if not self._secrets and not files:
            return Forgotten()
        hashes = {number: self._record(row, revisions) for number, row in kept.items()}
        came = self._deliveries(kept)
        sent = self._letters(kept, cases)
        lines = self._lines(kept)
        digests = tuple(sorted(files | {r["digest"] for r in came} | {r["digest"] for r in sent if r["digest"]}))
        for table in (t.task, t.conflict):
            self._table(table, table.c.number.in_(list(kept)))
        for number in kept:
            self._vouch(number, hashes[number], lines.get(number, {}), digests, by, reason, now)
        return Forgotten(
            tuple(kept), tuple(cases), digests, tuple(r["message_id"] for r in sent),
        )  # fmt: skip

    # ---- whom it is about

    def _records(self, numbers: Sequence[str]) -> dict[str, Any]:
        """These records and all of their cases."""
        named = self._rows(t.record, t.record.c.number, numbers)
        cases = {row["case_no"] for row in named if row["case_no"]}
        return {row["number"]: row for row in (*named, *self._rows(t.record, t.record.c.case_no, sorted(cases)))}

    def _of(self, kept: Mapping[str, Any], revisions: Sequence[Any]) -> tuple[set[str], set[str]]:
        """Digests of files and the words that the personal fields of records hold or have held."""
        files: set[str] = set()
        words: set[str] = set()
        for row in (*kept.values(), *revisions):
            for field in personal(self._catalogue.form(kept[row["number"]]["form"]), row["vals"]):
                (files if field.type in _FILES else words).update(w for w in _said(row["vals"].get(field.name)) if w)
        return files, words

    def _senders(self, kept: Mapping[str, Any], revisions: Sequence[Any]) -> set[str]:
        """Addresses of mail that said something of these records, or were written to about them, and are not ours."""
        came = {e["delivery"] for e in self._rows(t.entry, t.entry.c.number, kept) if e["delivery"]}
        found = {row["sender"] for row in self._rows(t.delivery, t.delivery.c.digest, came)}
        found |= {row["by"] for row in revisions}
        for letter in self._rows(t.letter, t.letter.c.number, kept):
            found.update(letter["to"] if letter["audience"] == "customer" else ())
        ours: set[str] = set()
        for vals in self._db.scalars(select(t.record.c.vals).where(t.record.c.form.in_(_OURS))):
            ours.update(v.casefold() for v in vals.values() if isinstance(v, str) and "@" in v)
        return {a for a in found if "@" in a and a.casefold() not in ours}

    def _same(self, known: set[str]) -> dict[str, Any]:
        """Every record that names somebody by the same telephone number or address of mail, with its case. Looks
        through all records of forms that name people."""
        forms = [f for f in self._catalogue.forms.values() if any(x.personal for x in f.fields)]
        found = []
        for form in forms if known else ():
            query = select(t.record).where(t.record.c.form == form.name).execution_options(yield_per=_PAGE)
            for row in self._db.execute(query).mappings():
                said = (w for field in personal(form, row["vals"]) for w in _said(row["vals"].get(field.name)))
                if known.intersection(said):
                    found.append(str(row["number"]))
        return self._records(found)

    # ---- records

    def _record(self, row: Any, revisions: Sequence[Any]) -> dict[str, str]:
        """Rewrites a record and its revisions; their new hashes, "" for that of the record alone."""
        form = self._catalogue.form(row["form"])
        hashes = {}
        for old in (r for r in revisions if r["number"] == row["number"]):
            new = self._without(form, old)
            self._db.execute(
                update(t.revision)
                .where(t.revision.c.number == old["number"], t.revision.c.revision == old["revision"])
                .values(vals=new["vals"], origin=new["origin"], by=new["by"])
            )
            hashes[str(old["revision"])] = chain.kept(new)
        new = self._without(form, row)
        changed = {name: new[name] for name in ("vals", "origin", "by")}
        self._db.execute(update(t.record).where(t.record.c.number == row["number"]).values(**changed))
        hashes[""] = chain.state(new)
        self._db.execute(delete(t.lookup).where(t.lookup.c.number == row["number"]))
        values = rows.record_of(new, self._catalogue).values
        keys = [(f, key) for f in self._catalogue.looked_up(form.name) for key in rows.keys_of(values.get(f))]
        found = [{"form": form.name, "field": f, "value": v, "number": row["number"]} for f, v in keys]
        if found:
            self._db.execute(t.lookup.insert(), found)
        return hashes

    def _without(self, form: Form, row: Any) -> dict[str, Any]:
        vals = dict(row["vals"])
        for field in personal(form, vals):
            if field.name in vals and field.type in _FILES:
                del vals[field.name]
            elif field.name in vals:
                vals[field.name] = [GONE] if field.many else GONE
        return {**row, "vals": self._veiled(vals), "origin": self._veiled(row["origin"]), "by": self._veiled(row["by"])}

    # ---- what came, what was sent, what happened

    def _deliveries(self, kept: Mapping[str, Any]) -> list[Any]:
        """What brought these records, or said something of them."""
        came = {e["delivery"] for e in self._rows(t.entry, t.entry.c.number, kept) if e["delivery"]}
        found = self._rows(t.delivery, t.delivery.c.digest, came)
        found = [row for row in found if row["channel"] != "workbook"]
        self._table(t.delivery, t.delivery.c.digest.in_([row["digest"] for row in found]))
        return found

    def _letters(self, kept: Mapping[str, Any], cases: Sequence[str]) -> list[Any]:
        """All about these records. What has not gone yet and names somebody, or is rendered already, does not go."""
        where = t.letter.c.number.in_(list(kept)) | t.letter.c.case_no.in_(cases)
        found = list(self._db.execute(select(t.letter).where(where)).mappings())
        named = [r["seq"] for r in found if r["digest"] or self._veiled([*r["to"], *r["cc"]]) != [*r["to"], *r["cc"]]]
        self._db.execute(
            update(t.letter)
            .where(t.letter.c.seq.in_(named), t.letter.c.state.in_(_WAITING))
            .values(state="stopped", next_try=None)
        )
        self._table(t.letter, where)
        self._db.execute(delete(t.reply).where(t.reply.c.address.in_(self._secrets)))
        return found

    def _lines(self, kept: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """Lines of history that named somebody, by record: line -> the link that it has."""
        found: dict[str, dict[str, str]] = {}
        for row in self._rows(t.entry, t.entry.c.number, kept):
            by, detail = self._veiled(row["by"]), self._veiled(row["detail"])
            if (by, detail) != (row["by"], row["detail"]):
                self._db.execute(update(t.entry).where(t.entry.c.id == row["id"]).values(by=by, detail=detail))
                found.setdefault(row["number"], {})[str(row["id"])] = row["link"]
        return found

    def _vouch(
        self, number: str, hashes: dict[str, str], lines: dict[str, str], files: Sequence[str], by: str, reason: str,
        now: datetime,
    ) -> None:  # fmt: skip
        state = hashes.pop("")
        last = select(t.entry.c.link).where(t.entry.c.number == number).order_by(t.entry.c.id.desc()).limit(1)
        line = {
            "number": number, "at": now, "what": FORGOTTEN, "rule": "", "delivery": "", "by": by,
            "detail": {"reason": reason, "revisions": hashes, "lines": lines, "files": [*files]}, "state": state,
        }  # fmt: skip
        line["link"] = chain.link(self._db.scalar(last) or "", line)
        self._db.execute(t.entry.insert(), [line])

    # ---- words

    def _veiled(self, value: Any) -> Any:
        """A value of JSON without the words that are to be forgotten."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, GONE)
            return value
        if isinstance(value, Mapping):
            return {k: self._veiled(v) for k, v in value.items()}
        return [self._veiled(v) for v in value] if isinstance(value, list | tuple) else value

    def _table(self, table: Table, where: Any) -> None:
        """Veils the texts of rows of a table, but for what they are found by."""
        keys = {c.name for c in table.primary_key} | {"number", "case_no", "digest", "message_id"}
        for row in self._db.execute(select(table).where(where)).mappings().all():
            new = {k: v for k in row if k not in keys and (v := self._veiled(row[k])) != row[k]}
            if new:
                own = [c == row[c.name] for c in table.primary_key]
                self._db.execute(update(table).where(*own).values(**new))

    def _rows(self, table: Table, column: Any, among: Iterable[str]) -> list[Any]:
        every = list(among)
        pages = (every[n : n + _PAGE] for n in range(0, len(every), _PAGE))
        return [r for page in pages for r in self._db.execute(select(table).where(column.in_(page))).mappings()]

    def _all(self, query: Any) -> list[str]:
        return [str(v) for v in self._db.scalars(query)]


def personal(form: Form, vals: Mapping[str, Any]) -> Iterator[Field]:
    """The fields that say who somebody is: always, or where the customer is a consumer."""
    for field in form.fields:
        if field.personal == "always" or (field.personal == "consumer" and vals.get("customer_type") == _CONSUMER):
            yield field


def _said(value: Any) -> Iterator[str]:
    """The texts of a value, of a file its digest."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        yield str(value.get("digest") or "")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _said(one)

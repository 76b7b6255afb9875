"""Which row of the book is which: by its hidden id, and where people copied, filled down, cleared or pasted over it, by
what the row holds and where it stands. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qforms.workbook.book import Seen
from qforms.workbook.rows import Held, Known

_ALIKE = 0.5  # a row without an id is the one that stood there if so much of it is what that held


@dataclass(frozen=True, slots=True)
class Matched:
    """`rows`: id -> the row that is it; `new`: rows that are none that we know; `missing`: ids without a row."""

    rows: Mapping[str, Seen]
    new: tuple[Seen, ...]
    missing: tuple[str, ...]


def match(seen: Sequence[Seen], known: Known, key: str) -> Matched:
    """`known` are the rows of this sheet when it was last seen, `key` its leading column.

    Of rows with one id (a row that was copied) the original is the one that holds what it held, then the one that is
    still called so, then the one that stands where it stood. An id that has gone is looked for among the copies and the
    rows without one: where a row was filled down or pasted over, with the hidden columns, its place says which record
    was meant."""
    typed = _typed(seen, known)
    taken = {row.at for row in typed.values()}
    free = {id_: held for id_, held in known.items() if id_ not in typed}  # no second row is one that was found
    rows, loose = _by_id([row for row in seen if row.at not in taken], free, key)
    rows |= typed
    missing = [id_ for id_ in known if id_ not in rows]
    for same in (_holds_the_same, _same_key(key), _same_place):
        missing, loose = _pair(missing, loose, rows, known, same)
    return Matched(rows, tuple(loose), tuple(missing))


def _typed(seen: Sequence[Seen], known: Known) -> dict[str, Seen]:
    """The rows that somebody typed or copied and that do not bear an id of their own yet: those most like what they
    held, and more like it than like the row whose id they bear since they were copied from it."""
    left = [r for r in seen if r.id not in known or dict(r.texts) != dict(known[r.id].texts)]
    typed = {id_: held for id_, held in known.items() if id_.startswith("new/")}
    found: dict[str, Seen] = {}
    for least in (1.0, _ALIKE):  # those that are as they were, then those that were written in
        for id_, held in typed.items():
            best = max(left, key=lambda row: _likeness(row, held), default=None)
            if id_ in found or best is None or _likeness(best, held)[0] < least:
                continue
            if best.id not in known or _likeness(best, held) > _likeness(best, known[best.id]):
                found[id_] = best
                left.remove(best)
    return found


def _likeness(row: Seen, held: Held) -> tuple[float, int]:
    """How much of a row is what another held, and how near it stands to where that stood."""
    keys = row.texts.keys() | held.texts.keys()
    same = sum(row.texts.get(k) == held.texts.get(k) for k in keys)
    return same / max(1, len(keys)), -abs(row.at - held.at)


def _by_id(seen: Sequence[Seen], known: Known, key: str) -> tuple[dict[str, Seen], list[Seen]]:
    groups: dict[str, list[Seen]] = defaultdict(list)
    there = {held.at: id_ for id_, held in known.items() if held.at}
    for row in seen:
        groups[_meant(row, known, key, there)].append(row)
    loose = groups.pop("", [])
    rows: dict[str, Seen] = {}
    for id_, twins in groups.items():
        held = known[id_]
        first = min(twins, key=lambda row: (*_unlike(row, held, key), row.at))
        rows[id_] = first
        loose += [row for row in twins if row is not first]
    return rows, sorted(loose, key=lambda r: r.at)


def _meant(row: Seen, known: Known, key: str, there: Mapping[int, str]) -> str:
    """Whose id a row bears; "" for none that is known. Until it is written anew, a row over which the hidden columns of
    another were filled is still the one whose number it shows, or that was seen in its place."""
    held = known.get(row.id)
    if held is None:
        return ""
    if row.texts.get(key) == held.texts.get(key) and there.get(row.at) == row.id:
        return row.id
    named = f"{row.id.partition('/')[0]}/{row.texts.get(key, '')}"
    others = [i for i in (named, there.get(row.at, "")) if i in known and i != row.id]
    return max([row.id, *others], key=lambda i: _likeness(row, known[i]))


def _unlike(row: Seen, held: Held, key: str) -> tuple[bool, bool, bool]:
    return dict(row.texts) != dict(held.texts), row.texts.get(key) != held.texts.get(key), row.at != held.at


def _pair(
    missing: list[str], loose: list[Seen], rows: dict[str, Seen], known: Known, same: object
) -> tuple[list[str], list[Seen]]:
    rest = list(loose)
    left = []
    for id_ in missing:
        found = same(id_, rest, known)  # type: ignore[operator]
        if found is None:
            left.append(id_)
        else:
            rows[id_] = found
            rest.remove(found)
    return left, rest


def _holds_the_same(id_: str, rows: Iterable[Seen], known: Known) -> Seen | None:
    held = known[id_]
    alike = [r for r in rows if r.texts and dict(r.texts) == dict(held.texts) and r.id not in known]
    return min(alike, key=lambda r: abs(r.at - held.at), default=None)


def _same_key(key: str) -> object:
    def found(id_: str, rows: Iterable[Seen], known: Known) -> Seen | None:
        name = known[id_].texts.get(key, "")
        kept = id_.partition("/")[2] == name  # a number: nothing else in the sheet is called so
        return next((r for r in rows if kept and r.texts.get(key) == name), None)

    return found


def _same_place(id_: str, rows: Iterable[Seen], known: Known) -> Seen | None:
    held = known[id_]
    row = next((r for r in rows if held.at and r.at == held.at), None)
    if row is None or row.id in known:  # a twin over it: filled down or pasted over
        return row
    told = {k: t for k, t in held.texts.items() if t}
    alike = sum(row.texts.get(k) == t for k, t in told.items())
    return row if told and alike >= _ALIKE * len(told) else None

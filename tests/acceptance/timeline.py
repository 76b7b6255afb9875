"""Acceptance cases as data: a YAML timeline is played to the real daemon, minute by minute, and what it expects is
compared with what the program's own command line would show. Times without a zone are Asia/Shanghai.

A timeline has a `workspace` (settings by section; records as forms in JSON) and `steps`. A step is one moment `at`
which one of these is done, and the daemon run once:

    mail:   {from, to, cc, subject, text, attach: [{json} | {photo: name} | {form, kind, fill}]}
    reply:  {letter: {kind, number, to}, from, text, fill, attach}  fill: labels of the Word or Excel form in the letter
    file:   {name, json} or {name, form, kind, number, fill}       dropped into inbox/
    edit:   {sheet, number, label: value}                          cells of a row of master.xlsx, saved
    (none)                                                         only the clock

`expect` says what then stands: `outcome` of what was given, `records`, `clocks`, `letters` of this step, `none`.
A difference names the line of the timeline that it contradicts."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from acceptance import office, post
from acceptance.office import Impossible

from qforms import daemon, rulebook
from qforms.commands import look, start
from qforms.forms import catalogue

ZONE = ZoneInfo("Asia/Shanghai")
_DEEDS = ("mail", "reply", "file", "edit")
_KEYS = {"at", "note", "expect", *_DEEDS}


def play(file: Path, root: Path) -> list[str]:
    """Plays a timeline in a new workspace under `root`; gives every difference as "case.yaml:12: …"."""
    story = _load(file)
    steps = story["steps"]
    stage = Stage(root, file.name)
    with _read_once():
        stage.build(story["workspace"], moment(steps[0]["at"]))
        for step in steps:
            try:
                stage.take(step)
            except Impossible as fault:
                deed = next((d for d in _DEEDS if d in step), "at")
                stage.differ(step, deed, f"the timeline cannot go on: {fault}")
                break
    return stage.differences


@contextmanager
def _read_once() -> Iterator[None]:
    """Every timeline plays with the forms and rules as shipped: they are read once, by the first run of the first."""
    with mock.patch.object(catalogue, "load", _forms), mock.patch.object(rulebook, "load", _rules):
        yield


def _kept(load: Callable[..., Any]) -> Callable[..., Any]:
    found: list[Any] = []

    def first(*args: Any) -> Any:
        if not found:
            found.append(load(*args))
        return found[0]

    return first


_forms, _rules = _kept(catalogue.load), _kept(rulebook.load)


def _load(file: Path) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="rt").load(file.read_text("utf-8"))


def moment(text: Any) -> datetime:
    """「2026-05-11 10:05」 with its zone."""
    at = datetime.fromisoformat(str(text))
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


@dataclass
class Stage:
    """A workspace at one moment, and what has been found different so far."""

    root: Path
    story: str
    differences: list[str] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    _letters_before: set[str] = field(default_factory=set)
    _deliveries_before: int = 0
    _count: int = 0

    # ------------------------------------------------------------ playing

    def build(self, given: Mapping[str, Any], first: datetime) -> None:
        """Makes the workspace, with its settings and reference data, in force at the first moment."""
        settings = {k: dict(v) for k, v in (given.get("settings") or {}).items()}
        start.init(self.root, str(given.get("company", "江苏云岭电器有限公司")), "zh", first)
        settings.setdefault("folders", {}).setdefault("rest_seconds", 0.05)
        _configure(self.root / "qforms.toml", settings)
        self.drop("reference.json", json.dumps(plain(given.get("records") or []), ensure_ascii=False).encode(), first)
        self._run(first)
        wrong = [d["reason"] for d in self.deliveries if d["outcome"] != "accepted"]
        assert not wrong, f"{self.story}: reference data: {wrong}"
        self._remember()

    def take(self, step: Any) -> None:
        """One step of the timeline, and the comparison with what it expects."""
        if unknown := set(step) - _KEYS:
            self.differ(step, next(iter(unknown)), "no such key in a step")
        at = moment(step["at"])
        for deed in _DEEDS:
            if deed in step:
                getattr(self, f"_{deed}")(step[deed], at)
        self._run(at)
        if "expect" in step:
            Comparison(self).expect(step["expect"])
        self._remember()

    def _run(self, at: datetime) -> None:
        daemon.once(self.root, at)
        self.letters = look.letters(self.root)
        self.deliveries = look.deliveries(self.root)

    def _remember(self) -> None:
        self._letters_before = {x["key"] for x in self.letters}
        self._deliveries_before = len(self.deliveries)

    def new_letters(self) -> list[dict[str, Any]]:
        return [x for x in self.letters if x["key"] not in self._letters_before]

    def new_deliveries(self) -> list[dict[str, Any]]:
        return self.deliveries[self._deliveries_before :]

    def differ(self, node: Any, key: Any, text: str) -> None:
        """Notes a difference with the line of the timeline where `key` stands in `node`."""
        lc = getattr(node, "lc", None)
        try:
            line = lc.item(key)[0] if isinstance(node, list) else lc.key(key)[0]
        except (AttributeError, KeyError, TypeError, IndexError):
            line = getattr(lc, "line", 0)
        self.differences.append(f"{self.story}:{line + 1}: {text}")

    # ------------------------------------------------------------ deeds

    def _mail(self, given: Any, at: datetime) -> None:
        self.receive(
            post.mail(
                sender=given["from"],
                to=given.get("to", "quality@company.example"),
                cc=given.get("cc", ""),
                subject=given["subject"],
                text=given.get("text", ""),
                files=self._attached(given.get("attach") or ()),
                at=at,
            ),
            at,
        )

    def _reply(self, given: Any, at: datetime) -> None:
        raw = self.letter(given["letter"])
        files = self._attached(given.get("attach") or ())
        if "fill" in given:
            name, data = post.form_in(raw)
            files = (*files, (name, office.fill(data, name, plain(given["fill"]))))
        sender = given.get("from", given["letter"].get("to"))
        self.receive(post.reply(raw, sender=sender, text=given.get("text", ""), files=files, at=at), at)

    def _file(self, given: Any, at: datetime) -> None:
        [(name, data)] = self._attached([given])
        self.drop(name, data, at)

    def _edit(self, given: Any, at: datetime) -> None:
        cells = {k: v for k, v in plain(given).items() if k not in ("sheet", "number")}
        office.edit(self.root / "master.xlsx", given["sheet"], given["number"], cells, at)

    def _attached(self, given: Sequence[Any]) -> tuple[tuple[str, bytes], ...]:
        """JSON, or a blank form of ours that somebody filled in."""
        found = []
        for one in given:
            self._count += 1
            if "photo" in one:
                name, data = one["photo"], post.photo(one["photo"])
            elif "json" in one:
                name, data = f"{self._count}.json", json.dumps(plain(one["json"]), ensure_ascii=False).encode()
            else:
                kind = one.get("kind", "excel")
                ending = "docx" if kind == "word" else "xlsx"
                path = look.blank(self.root, one["form"], kind, self.root / f"blank.{ending}", "zh")
                name, data = f"{self._count}.{ending}", office.fill(path.read_bytes(), path.name, plain(one["fill"]))
                path.unlink()
            found.append((one.get("name", name), data))
        return tuple(found)

    # ------------------------------------------------------------ the edges

    def receive(self, raw: bytes, at: datetime) -> None:
        self._count += 1
        _put(self.root / "mail" / "new" / f"{self._count:04d}.acceptance", raw, at)

    def drop(self, name: str, data: bytes, at: datetime) -> None:
        _put(self.root / "inbox" / name, data, at)

    def letter(self, wanted: Mapping[str, Any]) -> bytes:
        """The newest letter of that kind (and rule) about that number or case, to that address, as it lies in sent/."""
        found = [
            x
            for x in self.letters
            if x["kind"] == wanted["kind"]
            and wanted["number"] in (x["number"], x["case_no"])
            and wanted.get("to", x["to"][0]) in (*x["to"], *x["cc"])
            and wanted.get("rule", x["rule"]) == x["rule"]
        ]
        if not found:
            there = [(x["kind"], x["to"]) for x in self.letters if wanted["number"] in (x["number"], x["case_no"])]
            raise Impossible(f"no letter {plain(wanted)}; there are {there}")
        return post.sent(self.root / "sent" / "new", found[-1]["message_id"])


def _put(file: Path, data: bytes, at: datetime) -> None:
    file.write_bytes(data)
    os.utime(file, (at.timestamp(), at.timestamp()))


def _configure(file: Path, settings: Mapping[str, Mapping[str, Any]]) -> None:
    tables = tomllib.loads(file.read_text("utf-8"))
    for section, values in settings.items():
        tables.setdefault(section, {}).update(values)
    rows = (f"[{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items()) for name, t in tables.items())
    file.write_text("\n".join(rows), "utf-8")


def plain(node: Any) -> Any:
    """A node of the YAML as plain values."""
    if isinstance(node, Mapping):
        return {str(k): plain(v) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [plain(v) for v in node]
    return node if node is None or isinstance(node, bool | int) else str(node)


# ---------------------------------------------------------------- comparing


class Comparison:
    """What a step expects, against what there is."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._records = {r["number"]: r for r in look.records(stage.root)}
        self._clocks = {(c["number"], c["clock"]): c for c in look.clocks(stage.root)}

    def expect(self, wanted: Any) -> None:
        for key, node in wanted.items():
            check = getattr(self, f"check_{key}", None)
            if check is None:
                self._stage.differ(wanted, key, f"nothing is known of {key!r}")
            else:
                check(node, wanted)

    def check_outcome(self, wanted: Any, parent: Any) -> None:
        found = self._stage.new_deliveries()
        said = found[-1]["outcome"] if found else "nothing arrived"
        reason = f" ({found[-1]['reason']})" if found and found[-1]["reason"] else ""
        self._same(parent, "outcome", wanted, said, f"outcome is {said}{reason}")

    def check_records(self, wanted: Any, parent: Any) -> None:
        for node in wanted:
            record = self._records.get(node["number"])
            if record is None:
                same = [n for n, r in self._records.items() if r["form"] == node.get("form")]
                self._stage.differ(node, "number", f"there is no {node['number']}; of that form: {same}")
                continue
            for key, value in node.items():
                if key == "values":
                    self._values(value, record)
                elif key != "number":
                    self._same(node, key, value, record[key], f"{record['number']} {key}: {record[key]!r}")

    def _values(self, wanted: Any, record: Mapping[str, Any]) -> None:
        for name, value in wanted.items():
            found = record["values"].get(name)
            self._same(wanted, name, value, found, f"{record['number']} {name}: {found!r}")

    def check_clocks(self, wanted: Any, parent: Any) -> None:
        for number, clocks in wanted.items():
            for name, node in clocks.items():
                clock = self._clocks.get((number, name))
                if clock is None:
                    self._stage.differ(clocks, name, f"{number} has no clock {name}")
                    continue
                for key, value in node.items():
                    found = clock.get({"due": "due_at", "met": "met_at", "started": "started_at"}.get(key, key))
                    self._same(node, key, value, found, f"{number} {name} {key}: {found}")

    def check_letters(self, wanted: Any, parent: Any) -> None:
        for node in wanted:
            named = {k: v for k, v in node.items() if k in ("kind", "number", "rule", "revision")}
            found = [x for x in self._stage.new_letters() if all(_equal(v, x[k]) for k, v in named.items())]
            found = [x for x in found if x["to"] == plain(node.get("to", x["to"]))] if len(found) > 1 else found
            if len(found) != 1:
                there = [(x["kind"], x["number"], x["to"]) for x in self._stage.new_letters()]
                self._stage.differ(node, "kind", f"{len(found)} letters {dict(named)}; written: {there}")
                continue
            self._letter(node, found[0], named)

    def _letter(self, node: Any, letter: Mapping[str, Any], named: Mapping[str, Any]) -> None:
        for key, value in node.items():
            if key == "says":
                said = post.said(post.sent(self._stage.root / "sent" / "new", letter["message_id"]))
                for n, words in enumerate(value):
                    if "".join(str(words).split()) not in said:
                        self._stage.differ(value, n, f"{letter['key']} does not say {words!r}")
            elif key not in named:
                self._same(node, key, value, letter[key], f"{letter['key']} {key}: {letter[key]!r}")

    def check_none(self, wanted: Any, parent: Any) -> None:
        everything = {
            "form": self._records.values(),
            "clock": self._clocks.values(),
            "kind": self._stage.new_letters(),
        }
        for n, node in enumerate(wanted):
            what = next(k for k in everything if k in node)
            found = [x for x in everything[what] if all(_equal(v, x.get(k)) for k, v in node.items())]
            if found:
                self._stage.differ(wanted, n, f"there is {found[0]}")

    def _same(self, node: Any, key: Any, wanted: Any, found: Any, text: str) -> None:
        if not _equal(wanted, found):
            self._stage.differ(node, key, f"{text}, not {plain(wanted)!r}")


def _equal(wanted: Any, found: Any) -> bool:
    """Whether a value is the one expected: amounts and times by what they mean, lists in order, rows by their part."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_equal(v, found.get(k)) for k, v in wanted.items())
    if isinstance(wanted, list | tuple):
        pairs = isinstance(found, list | tuple) and len(wanted) == len(found)
        return pairs and all(_equal(a, b) for a, b in zip(wanted, found, strict=True))
    if wanted is None or isinstance(wanted, bool) or isinstance(found, bool) or found is None:
        return wanted is found
    if str(wanted) == str(found):
        return True
    return any((w := read(wanted)) is not None and w == read(found) for read in (_number, _time))


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _time(value: Any) -> datetime | None:
    try:
        return moment(value)
    except ValueError:
        return None


def lines(differences: Sequence[str]) -> Iterator[str]:
    yield f"{len(differences)} differences"
    yield from differences

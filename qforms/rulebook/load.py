"""inbox_rules/*.yaml -> Rulebook. Whatever is wrong is told at once, each fault with its file and line.

What the parsers gave is kept as JSON under the digest of all sources: a warm start goes through the same checks, but
imports neither ruamel.yaml nor rule_engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from qforms.model import (
    Catalogue,
    ClockRule,
    DecideRule,
    ExportRule,
    FigureRule,
    GatherRule,
    LetterRule,
    LookUpRule,
    Rulebook,
    TogetherRule,
    TranslateRule,
    TriggerRule,
)
from qforms.rulebook import acts, cross, exports, facts, forms, gathering, grammar, together, translating
from qforms.rulebook.cache import Cache
from qforms.rulebook.parts import Reader
from qforms.rulebook.scope import Scopes
from qforms.rulebook.source import Faults, Item, Map, read

LIMITS = "limits.yaml"
_CODE = re.compile(r"[a-z][a-z_]*")
TESTS = ".test.yaml"
READ_BY_PROGRAM = ("daily_repeats",)  # limits that no expression names: after how many days a clock asks weekly (P35)
READERS: Mapping[str, Callable[[Reader, Item], Any]] = {  # by the first key of an item, in the order of reading
    "figure": facts.figure,
    "decide": facts.decide,
    "trigger": acts.trigger,
    "clock": acts.clock,
    "letter": acts.letter,
    "look_up": facts.look_up,
    "gather": gathering.gather,
    "together": together.together,
    "export": exports.export,
    "translate": translating.translate,
}
T = TypeVar("T")


def load(root: Path, catalogue: Catalogue, cache: Path | None = None) -> Rulebook:
    """The rules in the folder `root`, checked against the forms. `cache` is a file of the private folder.

    Raises QformsError with every fault found (`problems`), each `file:line: what; did you mean …`."""
    faults = Faults()
    kept = Cache(cache, catalogue, rule_files(root))
    files = kept.files if kept.files is not None else _read(root, faults)
    limits = _limits(files.get(LIMITS), faults)
    scopes = Scopes(catalogue, limits, faults, kept.trees)
    items = _items(files, faults)
    found: dict[str, tuple[Any, ...]] = {}
    for kind, reader in READERS.items():  # figures first: the other rules may name them
        found[kind] = tuple(_one(Reader(scopes), item, reader) for item in items[kind])
        if kind == "figure":
            scopes.know_figures(found[kind])
    book = make(limits, *found.values(), conditions=forms.conditions(scopes), digest=kept.digest)
    cross.check(book, catalogue.forms, faults)
    _unused(files.get(LIMITS), limits, scopes, faults)
    faults.raise_any()
    kept.save(files, scopes.made)
    return book


def make(
    limits: Mapping[str, Any],
    figures: tuple[FigureRule, ...] = (),
    decide: tuple[DecideRule, ...] = (),
    triggers: tuple[TriggerRule, ...] = (),
    clocks: tuple[ClockRule, ...] = (),
    letters: tuple[LetterRule, ...] = (),
    look_ups: tuple[LookUpRule, ...] = (),
    gathers: tuple[GatherRule, ...] = (),
    joined: tuple[TogetherRule, ...] = (),
    listed: tuple[ExportRule, ...] = (),
    translations: tuple[TranslateRule, ...] = (),
    *,
    conditions: Mapping[str, Any] | None = None,
    digest: str = "",
) -> Rulebook:
    """A rulebook with its lookups."""
    return Rulebook(
        limits=limits,
        figures=figures,
        decide=decide,
        triggers=triggers,
        clocks=clocks,
        letters=letters,
        look_ups=look_ups,
        gathers=gathers,
        together=joined,
        exports=listed,
        translations=translations,
        conditions=conditions or {},
        digest=digest,
        figures_over=_by(figures, lambda f: f.over),
        decide_on=_by(decide, lambda d: d.on),
        triggers_on=_by(triggers, lambda t: t.on),
        clocks_on=_by(clocks, lambda c: c.on),
        letters_on=_by(letters, lambda r: r.on),
    )


def _by(rules: Iterable[T], key: Callable[[T], str]) -> dict[str, tuple[T, ...]]:
    found: dict[str, tuple[T, ...]] = {}
    for rule in rules:
        found[key(rule)] = (*found.get(key(rule), ()), rule)
    return found


def rule_files(root: Path) -> list[Path]:
    """The rule files of a folder in order of name, without the rules' tests."""
    return sorted(f for f in root.glob("*.yaml") if not f.name.endswith(TESTS))


def _read(root: Path, faults: Faults) -> dict[str, Any]:
    files = rule_files(root)
    if not files:
        faults.add(f"{root}:1", "没有规则文件", "there are no rule files")
    return {file.name: read(file, file.name, faults) for file in files}


def _limits(node: Any, faults: Faults) -> dict[str, Any]:
    if node is None:
        return {}
    if not isinstance(node, Map):
        faults.add(f"{LIMITS}:1", "应为「名称: 数字」", "must be a map of numbers")
        return {}
    found: dict[str, Any] = {}
    for name, value in node.items():
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            found[name] = Decimal(value)
        elif isinstance(value, str) and (grammar.duration(value) or _CODE.fullmatch(value)):
            found[name] = value
        else:
            zh, en = "应为数字、时长（48h）或选项的代码", "must be a number, a duration (48h) or a choice's code"
            faults.add(node.at(name), f"{name} {zh}", f"{name} {en}")
    return found


def _items(files: Mapping[str, Any], faults: Faults) -> dict[str, list[Item]]:
    """The items of all files by their first key."""
    found: dict[str, list[Item]] = {kind: [] for kind in READERS}
    for name, node in files.items():
        if name == LIMITS or node is None:
            continue
        if not isinstance(node, list):
            faults.add(f"{name}:1", "应为规则的列表（每条以「- 」开头）", "must be a list of rules")
            continue
        for entry in node:
            first = next(iter(entry), "") if isinstance(entry, Map) else ""
            at = entry.at() if isinstance(entry, Map) else f"{name}:1"
            if first in READERS:
                found[first].append(Item(entry, faults))
            else:
                faults.unknown(at, ("这种规则", "kind of rule"), str(first or entry), READERS)
    return found


def _one(reader: Reader, item: Item, read_one: Callable[[Reader, Item], Any]) -> Any:
    item.need(next(iter(item.node)))
    rule = read_one(reader, item)
    item.done()
    return rule


def _unused(node: Any, limits: Mapping[str, Any], scopes: Scopes, faults: Faults) -> None:
    if faults.lines:  # a rule at fault may be the one that uses it
        return
    for name in limits:
        if name not in scopes.used_limits and name not in READ_BY_PROGRAM:
            faults.add(node.at(name), f"限值 {name} 没有规则使用", f"limit {name} is used by no rule")

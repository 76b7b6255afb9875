"""YAML with line numbers: every value is asked for by name and type; what is wrong is collected, not raised at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from qforms.model import QformsError, Text, Told


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or "" when none is near (similarity below 60 of 100)."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(word.lower(), {k: k.lower() for k in sorted(known)}, scorer=fuzz.ratio, score_cutoff=60)
    return str(found[2]) if found else ""


class Faults:
    """Faults in configuration, each as `file:line: text`."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, at: str, zh: str, en: str) -> None:
        self.lines.append(Told(zh, en, f"{at}: "))

    def unknown(self, at: str, what: tuple[str, str], word: str, known: Iterable[str]) -> None:
        """A name that does not exist, with the nearest one that does. `what` names its kind in Chinese and English."""
        near = nearest(word, known)
        zh, en = (f"，是否指 {near}？", f", did you mean {near}?") if near else ("", "")
        self.add(at, f"没有这个{what[0]}：{word}{zh}", f"unknown {what[1]} {word}{en}")

    def raise_any(self) -> None:
        """Raises QformsError with all of them, or returns."""
        if self.lines:
            more = f" (+{len(self.lines) - 1})" if len(self.lines) > 1 else ""
            raise QformsError(self.lines[0] + more, self.lines)


KEY = ("键", "key")


class Table:
    """A mapping in a YAML file. Reading a value of the wrong type adds a fault and gives the type's empty value."""

    def __init__(self, node: Mapping[str, Any], file: str, faults: Faults) -> None:
        self.node, self.file, self.faults = node, file, faults

    @property
    def here(self) -> str:
        return f"{self.file}:{_line(self.node) + 1}"

    def at(self, key: str) -> str:
        """`file:line` of a key."""
        try:
            return f"{self.file}:{self.node.lc.key(key)[0] + 1}"  # type: ignore[attr-defined]
        except (AttributeError, KeyError):
            return self.here

    def allow(self, *keys: str) -> None:
        for key in self.node:
            if key not in keys:
                self.faults.unknown(self.at(key), KEY, str(key), keys)

    def __contains__(self, key: str) -> bool:
        return key in self.node

    def wrong(self, key: str, zh: str, en: str) -> None:
        self.faults.add(self.at(key), f"{key} 应为{zh}", f"{key} must be {en}")

    def need(self, key: str) -> None:
        if key not in self.node:
            self.faults.add(self.here, f"缺少 {key}", f"{key} is missing")

    def word(self, key: str, default: str = "") -> str:
        value = self.node.get(key, default)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value).strip()
        self.wrong(key, "文字", "a text")
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.node.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, " true 或 false", "true or false")
        return default

    def whole(self, key: str) -> int:
        value = self.node.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return int(value)
        self.wrong(key, "不小于 0 的整数", "a whole number of at least 0")
        return 0

    def number(self, key: str) -> Decimal | None:
        value = self.node.get(key)
        if value is None:
            return None
        try:
            if isinstance(value, bool):
                raise ValueError
            return Decimal(str(value))
        except (InvalidOperation, ValueError):
            self.wrong(key, "数字", "a number")
            return None

    def words(self, key: str) -> tuple[str, ...]:
        """A list of words; a single word stands for a list of one."""
        value = self.node.get(key, ())
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return (str(value),)
        if isinstance(value, (list, tuple)) and all(isinstance(v, (str, int)) for v in value):
            return tuple(str(v) for v in value)
        self.wrong(key, "文字的列表", "a list of words")
        return ()

    def text(self, key: str) -> Text:
        """{zh: …, en: …}, or one text for both languages."""
        value = self.node.get(key, "")
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return Text(str(value).strip())
        if isinstance(value, Mapping) and "zh" in value and set(value) <= {"zh", "en"}:
            return Text(str(value["zh"]).strip(), str(value.get("en") or "").strip())
        self.wrong(key, " {zh: …, en: …}", "{zh: …, en: …}")
        return Text("")

    def table(self, key: str) -> Table:
        value = self.node.get(key)
        if isinstance(value, Mapping):
            return Table(value, self.file, self.faults)
        if value is not None:
            self.wrong(key, "「键: 值」的表", "a mapping")
        return Table({}, self.file, self.faults)

    def named(self, key: str) -> Iterator[tuple[str, Table]]:
        """The entries of a mapping of mappings."""
        outer = self.table(key)
        for name in outer.node:
            yield str(name), outer.table(name)

    def tables(self, key: str) -> Iterator[Table]:
        """The entries of a list of mappings."""
        value = self.node.get(key, ())
        if not isinstance(value, (list, tuple)):
            self.wrong(key, "列表", "a list")
            return
        for entry in value:
            if isinstance(entry, Mapping):
                yield Table(entry, self.file, self.faults)
            else:
                self.wrong(key, "「键: 值」的列表", "a list of mappings")


def _line(node: Any) -> int:
    return int(getattr(getattr(node, "lc", None), "line", 0) or 0)


def read(path: Path, root: Path, faults: Faults) -> Table:
    """The mapping in a YAML file, or an empty one and a fault. Duplicate keys and broken YAML are faults."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    file = path.relative_to(root).as_posix()
    empty = Table({}, file, faults)
    try:
        node = YAML(typ="rt").load(path.read_text("utf-8"))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        first = (fault.problem or str(fault)).strip().splitlines()[0]
        faults.add(f"{file}:{mark.line + 1 if mark else 1}", "YAML 写法有误", first)
        return empty
    except (YAMLError, UnicodeDecodeError, OSError) as fault:
        faults.add(f"{file}:1", "无法读取", str(fault).splitlines()[0])
        return empty
    if not isinstance(node, Mapping):
        faults.add(f"{file}:1", "应为「键: 值」的表", "must be a mapping")
        return empty
    return Table(node, file, faults)

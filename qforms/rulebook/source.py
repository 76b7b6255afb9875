"""YAML files as items that know their file and line; whatever is wrong is collected, not raised at once.

What was read is plain enough for JSON (`freeze`, `thaw`), so that a warm start needs no YAML parser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from qforms.expression.kinds import near
from qforms.model import QformsError, Text, Told


class Faults:
    """Faults of configuration: `file:line: what is wrong (the same in English)`."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, at: str, zh: str, en: str) -> None:
        self.take(Told(zh, en, f"{at}: "))

    def take(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)

    def unknown(self, at: str, what: tuple[str, str], word: str, options: Iterable[str]) -> None:
        """A word that is not one of `options`, with the one that was probably meant."""
        known = sorted(option for option in options if option)
        meant = near(word, known)
        hint, hint_en = (f"；是否指 {meant}？", f"; did you mean {meant}?") if meant else ("", "")
        if not meant and 0 < len(known) <= 16:
            hint, hint_en = f"；可用：{'、'.join(known)}", f"; known: {', '.join(known)}"
        self.add(at, f"没有{what[0]}「{word}」{hint}", f"unknown {what[1]} {word!r}{hint_en}")

    def raise_any(self) -> None:
        """Raises QformsError with all of them in order of place, if there are any."""
        if self.lines:
            lines = sorted(self.lines, key=_place)
            more = f" … +{len(lines) - 1}" if len(lines) > 1 else ""
            raise QformsError(lines[0] + more, lines)


def _place(line: str) -> tuple[str, int]:
    file, _, rest = line.partition(":")
    number = rest.partition(":")[0]
    return file, int(number) if number.isdigit() else 0


class Map(dict[str, Any]):
    """A mapping of a YAML file with the line of each key."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: dict[str, int] = {}

    def at(self, key: str = "") -> str:
        return f"{self.file}:{self.lines.get(key, self.line)}"


def read(path: Path, name: str, faults: Faults) -> Any:
    """A YAML file: Map, list, str, int, Decimal, bool or None. Broken YAML and double keys are faults."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        node = YAML(typ="rt").compose(path.read_text("utf-8"))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        reason = (fault.problem or str(fault)).strip().splitlines()[0]
        faults.add(f"{name}:{mark.line + 1 if mark else 1}", "YAML 写法有误", reason)
        return None
    except (YAMLError, UnicodeDecodeError, OSError) as fault:
        faults.add(f"{name}:1", "无法读取", str(fault).splitlines()[0])
        return None
    return None if node is None else _plain(node, name, faults)


def _plain(node: Any, name: str, faults: Faults) -> Any:
    line = node.start_mark.line + 1
    match node.id:
        case "mapping":
            found = Map(name, line)
            for key_node, value_node in node.value:
                key, at = str(key_node.value), key_node.start_mark.line + 1
                if key in found:
                    faults.add(f"{name}:{at}", f"{key} 写了两次", f"{key} stands twice")
                found[key] = _plain(value_node, name, faults)
                found.lines[key] = at
            return found
        case "sequence":
            return [_plain(item, name, faults) for item in node.value]
    return _scalar(node.value, node.tag if isinstance(node.tag, str) else str(node.ctag))


def _scalar(text: str, tag: str) -> Any:
    match tag.rpartition(":")[2]:
        case "int":
            return int(text.replace("_", ""), 0) if text.lstrip("+-")[:1] != "0" else int(text, 10)
        case "float":
            return Decimal(text.replace("_", ""))
        case "bool":
            return text.lower() == "true"
        case "null":
            return None
    return text


def freeze(value: Any) -> Any:
    """As JSON: a Map becomes ["m", file, line, [[key, line, value], …]], a Decimal ["d", text], a list ["l", …]."""
    match value:
        case Map():
            return ["m", value.file, value.line, [[k, value.lines[k], freeze(v)] for k, v in value.items()]]
        case list():
            return ["l", *map(freeze, value)]
        case Decimal():
            return ["d", str(value)]
    return value


def thaw(data: Any) -> Any:
    match data:
        case ["m", file, line, entries]:
            found = Map(file, line)
            for key, at, value in entries:
                found[key] = thaw(value)
                found.lines[key] = at
            return found
        case ["l", *items]:
            return [thaw(item) for item in items]
        case ["d", text]:
            return Decimal(text)
    return data


class Item:
    """One rule of a file: its values are asked for by name and type, and keys that nobody asked for are faults."""

    def __init__(self, node: Map, faults: Faults) -> None:
        self.node = node
        self.faults = faults
        self.asked: set[str] = set()

    @property
    def origin(self) -> str:
        return self.node.at()

    def at(self, key: str) -> str:
        return self.node.at(key)

    def wrong(self, key: str, zh: str, en: str) -> None:
        self.faults.add(self.at(key), f"{key} {zh}", f"{key} {en}")

    def raw(self, key: str) -> Any:
        self.asked.add(key)
        return self.node.get(key)

    def has(self, key: str) -> bool:
        return key in self.node

    def need(self, *keys: str) -> None:
        for key in keys:
            if self.node.get(key) in (None, "", []):
                self.faults.add(self.origin, f"缺少 {key}", f"{key} is missing")

    def word(self, key: str, default: str = "") -> str:
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
            return str(value).strip()
        self.wrong(key, "应为文字", "must be a text")
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(key, "应为 true 或 false", "must be true or false")
        return default

    def words(self, key: str) -> tuple[str, ...]:
        """A list of words; one word stands for a list of one."""
        value = self.raw(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if all(isinstance(i, (str, int)) and not isinstance(i, bool) for i in items):
            return tuple(str(i) for i in items)
        self.wrong(key, "应为文字的列表", "must be a list of words")
        return ()

    def one_of(self, key: str, options: Sequence[str], default: str) -> str:
        word = self.word(key, default)
        if word not in options:
            self.faults.unknown(self.at(key), (f"这样的 {key}", key), word, options)
            return default
        return word

    def text(self, key: str) -> Text:
        """{zh: …, en: …}, or one text for both."""
        value = self.raw(key)
        if value is None:
            return Text("")
        if isinstance(value, str):
            return Text(value)
        if isinstance(value, Map) and "zh" in value and set(value) <= {"zh", "en"}:
            return Text(str(value["zh"]), str(value.get("en") or ""))
        odd = [k for k in value if k not in ("zh", "en")] if isinstance(value, Map) else []
        hint = (
            (f"，多了「{odd[0]}」：含逗号的文字要加引号", f", not {odd[0]}: quote a text with a comma")
            if odd
            else ("", "")
        )
        self.wrong(key, f"应为 {{zh: …, en: …}}{hint[0]}", f"must be {{zh: …, en: …}}{hint[1]}")
        return Text("")

    def pairs(self, key: str) -> Iterator[tuple[str, Any, str]]:
        """The entries of a mapping: key, value, place."""
        value = self.raw(key)
        if isinstance(value, Map):
            yield from ((k, v, value.at(k)) for k, v in value.items())
        elif value is not None:
            self.wrong(key, "应为「键: 值」", "must be a mapping")

    def items(self, key: str) -> Iterator[Item]:
        """The entries of a list of mappings."""
        value = self.raw(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(i, Map) for i in value):
            self.wrong(key, "应为「键: 值」的列表", "must be a list of mappings")
            return
        yield from (Item(i, self.faults) for i in value)

    def done(self) -> None:
        """Faults for the keys that nothing asked for."""
        for key in self.node:
            if key not in self.asked:
                self.faults.unknown(self.at(key), ("键", "key"), key, self.asked)

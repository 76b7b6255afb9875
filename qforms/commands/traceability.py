"""docs/traceability.md: each numbered requirement of the ten procedures, what meets it, and the tests that show it.

The data are `docs/traceability.yaml`, one line a requirement. A name that does not exist, and a requirement without a
row, is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qforms.model import Catalogue, Rulebook

# How many numbered requirements each procedure document has.
NUMBERED: Mapping[str, int] = {
    "S1": 18, "S2": 31, "S3": 31, "S4": 13, "S5": 17, "S6": 12, "S7": 23, "S8": 16, "S9": 15, "S10": 38,
}  # fmt: skip
TITLES = {
    "S1": "产品质量问题反馈处理流程",
    "S2": "产品售后质量问题处理流程",
    "S3": "售后服务程序及流程",
    "S4": "验收不合格或产品售后质量问题处理措施",
    "S5": "公司质量问题处理流程",
    "S6": "售后服务中的产品质量问题处理",
    "S7": "产品质量问题反馈及处理流程",
    "S8": "质量问题处理流程规范",
    "S9": "公司产品返修与售后服务管理制度",
    "S10": "公司产品质量问题处理流程（Q/SPT）",
}
_HEAD = """# Traceability

The numbered requirements of the ten procedure documents, what meets each of them, and the tests that show it. Made
from [traceability.yaml](traceability.yaml) by `python -m qforms.commands.traceability`; a test keeps it current and
checks every name. A test is a function under `tests/`, a timeline of `tests/acceptance/`, or the beginning of the name
of one of the rules' own tests (`inbox_rules/*.test.yaml`).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement: its number, what it asks for, what meets it ("clock misuse_answer"), and tests."""

    number: str
    asks: str
    met: tuple[str, ...]
    shown: tuple[str, ...]


def read(path: Path) -> list[Row]:
    """The rows of the data file. Raises ValueError for a line that has not its three parts."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        number, _, text = line.partition(": ")
        parts = [p.strip() for p in text.strip().strip("'").split(" | ")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{path.name}: {line!r} has not three parts")
        met, shown = ([p.strip() for p in part.split(sign)] for part, sign in ((parts[1], ","), (parts[2], ";")))
        found.append(Row(number, parts[0], tuple(met), tuple(shown)))
    return found


def faults(rows: Iterable[Row], root: Path, catalogue: Catalogue, book: Rulebook) -> Iterator[str]:
    """What is missing or does not exist: requirements without a row, names and tests that there are not."""
    rows = list(rows)
    wanted = {f"{doc}-{n:02d}" for doc, most in NUMBERED.items() for n in range(1, most + 1)}
    yield from (f"{number}: no row" for number in sorted(wanted - {r.number for r in rows}))
    yield from (f"{r.number}: there is no such requirement, or twice" for r in _surplus(rows, wanted))
    names, functions, told = _names(root, catalogue, book), _functions(root), _rule_tests(root)
    for row in rows:
        yield from (f"{row.number}: there is no {name}" for name in row.met if not _there(name, names, root))
        yield from (f"{row.number}: no test {t!r}" for t in row.shown if not _shown(t, functions, told, root))


def page(rows: Iterable[Row]) -> str:
    """The whole document, as Markdown."""
    lines = [_HEAD]
    doc = ""
    for row in rows:
        if (own := row.number.partition("-")[0]) != doc:
            doc = own
            lines += [f"\n## {doc} {TITLES[doc]}\n", "| no. | requirement | met by | shown by |", "|---|---|---|---|"]
        met = ", ".join(f"{kind} `{name}`" for kind, _, name in (m.partition(" ") for m in row.met))
        lines.append(f"| {row.number} | {row.asks} | {met} | {'; '.join(row.shown)} |")
    return "\n".join(lines) + "\n"


def _surplus(rows: list[Row], wanted: set[str]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        if row.number not in wanted or row.number in seen:
            yield row
        seen.add(row.number)


def _names(root: Path, catalogue: Catalogue, book: Rulebook) -> dict[str, set[str]]:
    forms = catalogue.forms.values()
    return {
        "form": set(catalogue.forms),
        "field": {f"{form.name}.{f.name}" for form in forms for f in form.fields}
        | {f"{form.name}.{c.name}" for form in forms for f in form.fields for c in f.fields},
        "event": {f"{form.name}.{e.name}" for form in forms for e in form.lifecycle.events},
        "choice": _choices(root),
        "text": {p.name.partition(".")[0] for p in (root / "form_templates" / "letters").glob("*.txt")},
        "trigger": {r.name for r in book.triggers},
        "clock": {r.name for r in book.clocks},
        "letter": {r.name for r in book.letters},
        "figure": {r.name for r in book.figures},
        "decide": {r.name for r in book.decide} | {r.field for r in book.decide},
        "look_up": {r.name for r in book.look_ups},
        "gather": {r.name for r in book.gathers},
        "limit": set(book.limits),
    }


def _choices(root: Path) -> set[str]:
    """The codes of the shared vocabularies: channel.hotline."""
    found, group = set(), ""
    for line in (root / "form_templates" / "blocks" / "vocabulary.yaml").read_text("utf-8").splitlines():
        if top := re.match(r"(\w+):", line):
            group = top[1]
        elif code := re.match(r'  "?([\w./%]+)"?:', line):
            found.add(f"{group}.{code[1]}")
    return found


def _there(name: str, names: Mapping[str, set[str]], root: Path) -> bool:
    kind, _, own = name.partition(" ")
    return (root / own).is_file() if kind in ("code", "doc") else own in names.get(kind, ())


def _functions(root: Path) -> set[str]:
    files = (root / "tests").rglob("test_*.py")
    return {
        n for f in files for n in [f.stem, *re.findall(r"^ *(?:async )?def (test_\w+)", f.read_text("utf-8"), re.M)]
    }


def _rule_tests(root: Path) -> list[str]:
    files = (root / "inbox_rules").glob("*.test.yaml")
    return [n for f in files for n in re.findall(r"^- test: (.+)$", f.read_text("utf-8"), re.M)]


def _shown(test: str, functions: set[str], told: list[str], root: Path) -> bool:
    timeline = (root / "tests" / "acceptance" / f"{test}.yaml").is_file()
    return timeline or test in functions or any(name.startswith(test) for name in told)


if __name__ == "__main__":
    place = Path(__file__).parents[2]
    (place / "docs" / "traceability.md").write_text(page(read(place / "docs" / "traceability.yaml")), "utf-8")

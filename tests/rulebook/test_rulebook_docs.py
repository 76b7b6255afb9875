"""docs/rules.md says what the program does: its keys, functions and examples are the program's."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import support_rulebook as sample

from qforms import expression, rulebook
from qforms.expression.functions import FUNCTIONS
from qforms.expression.kinds import kinds_of
from qforms.forms.catalogue import Catalogue
from qforms.rulebook import acts, testing
from qforms.rulebook.cases import load_cases
from qforms.rulebook.load import load
from qforms.rulebook.source import Item

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, CHINESE = ((DOCS / name).read_text("utf-8") for name in ("rules.md", "rules.zh.md"))
FORMS = Catalogue(sample.FORMS.forms)


MORE = """\
- {figure: recontacted_at, of: complaint, over: contact, last: at, subject: [case_no]}
- {clock: measures, on: complaint, from: received_at, by: installed_on, until: rework, owner: quality}
- {look_up: newest, on: complaint, from: market_abnormality, match: {mechanism_group: mechanism_group},
   latest: issued_at, until: d8_requested_at, fill: {title: number}}
- {gather: shared, on: cost_transfer, list: shares, over: market_abnormality, match: {mechanism_group: amount},
   fill: {who: number}}
- {together: reminders, letters: [reminder], within: 1h}
- {export: shop, form: complaint, key: ticket_no, columns: {退款编号: ticket_no}}
"""


def section(text: str, heading: str) -> str:
    """The text from a heading to the next."""
    return re.split(r"^##+ ", text[text.index(heading) + len(heading) :], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)", text, re.MULTILINE)


def blocks(text: str) -> dict[str, str]:
    """The YAML blocks by the file that their first line names."""
    found = re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.DOTALL)
    return dict(found)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_every_function_is_told(text: str) -> None:
    given = r'x|x, 2|amount|day|day, "\w+"|day, 31|list|list\.column|a, b|a, b, …|text'
    told = re.findall(rf"^\| `(\w+)\((?:{given})\)` \|", text, re.MULTILINE)
    assert sorted(dict.fromkeys(told)) == sorted(FUNCTIONS)


@pytest.mark.parametrize(
    "kind", ["figure", "decide", "trigger", "look_up", "gather", "clock", "letter", "together", "export"]
)
def test_every_key_of_a_rule_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    asked: dict[str, set[str]] = {}
    done = Item.done

    def spy(self: Item) -> None:
        asked.setdefault(next(iter(self.node)), set()).update(self.asked)
        done(self)

    monkeypatch.setattr(Item, "done", spy)
    (sample.write(tmp_path) / "more.yaml").write_text(MORE, "utf-8")
    load(tmp_path, sample.FORMS)
    heading = next(line for line in ENGLISH.splitlines() if line.startswith(f"### {kind}:"))
    assert sorted(first_column(section(ENGLISH, heading))) == sorted(asked[kind])


def test_every_kind_of_letter_is_told() -> None:
    assert f"| `kind` | which text: {', '.join(acts.LETTERS)} |" in ENGLISH


def test_every_expectation_is_told() -> None:
    told = first_column(section(ENGLISH, "## 4 Tests of the rules"))
    assert told == list(testing.Expected.__dataclass_fields__)


def test_the_english_examples_load(tmp_path: Path) -> None:
    files = blocks(ENGLISH)
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    book = load(tmp_path, FORMS)
    assert [t.name for t in book.triggers] == ["rate_above_3_per_mille", "repeated"]
    assert len(load_cases(tmp_path, FORMS, book, ZoneInfo("Asia/Shanghai"))) == 1


def test_the_chinese_examples_load(tmp_path: Path) -> None:
    sample.write(tmp_path, **{name.removesuffix(".yaml"): text for name, text in blocks(CHINESE).items()})
    (tmp_path / "limits.yaml").write_text(sample.FILES["limits.yaml"], "utf-8")
    clocks = (tmp_path / "clocks.yaml").read_text("utf-8")
    timer = "- clock:" + sample.FILES["clocks.yaml"].split("- clock:")[2]
    (tmp_path / "clocks.yaml").write_text(clocks + timer, "utf-8")
    book = load(tmp_path, FORMS)
    assert len(load_cases(tmp_path, FORMS, book, ZoneInfo("Asia/Shanghai"))) == 1


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("severity > 3", None),
        ("not (severity > 3)", None),
        ("severity + 1", None),
        ("severity > 3 and rework", None),
        ('verdict in ["ntf"]', False),
        ('verdict not in ["ntf"]', True),
        ("known(severity)", False),
        ("first(severity, 0)", 0),
    ],
)
def test_the_table_of_what_is_not_known(text: str, result: object) -> None:
    assert expression.compile(text, kinds_of(sample.COMPLAINT))({}) == result


def test_the_package_offers_what_the_architecture_names() -> None:
    assert rulebook.load is load
    assert callable(rulebook.make)

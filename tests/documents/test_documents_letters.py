"""Letters: what they say in both languages, that text and HTML agree, and that no value can pose as anything else."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_documents import COMPANY, ROOT, SETTINGS, at

from qforms.documents import Composed, compose
from qforms.documents.letters import names
from qforms.model import LetterIntent, QformsError
from qforms.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
LETTERS = json.loads((GOLDEN / "letters.json").read_text("utf-8"))
KINDS = (
    *("acknowledgement", "question", "rejection", "issue", "revision", "decision_request", "reminder"),
    *("escalation", "alarm", "answer", "stage", "digest", "operator"),
)
DUE = "2026-05-14T17:20:00+08:00"


def letter(kind: str, lang: str = "zh", facts: dict[str, Any] | None = None, **more: Any) -> Composed:
    base: dict[str, Any] = {
        "key": "k",
        "kind": kind,
        "audience": "department",
        "to": (),
        "cc": (),
        "lang": lang,
        "number": "8001-202605-0001",
        "revision": 0,
        "case_no": "TS-202605-0007",
        "subject": "",
        "facts": facts or {},
        "code": "7K4Q-0001",
        "at": at(5, 13, 17, 20),
    }
    return compose(LetterIntent(**{**base, **more}), SETTINGS)


def words(markup: str) -> str:
    body = re.sub(r"<(br|/p|/tr|/li|/td|/th)[^>]*>", "\n", markup.partition("<body")[2])
    return html.unescape(re.sub(r"<[^>]*>", "", body.partition(">")[2]))


def links(markup: str) -> dict[str, str]:
    found = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', markup)
    return {label: html.unescape(url) for url, label in found}


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_says_what_the_golden_text_says(name: str) -> None:
    """letters.json holds the intents; <name>.txt beside it subject and text."""
    given_ = LETTERS[name]
    made = letter(given_["kind"], given_["lang"], given_["facts"], **given_.get("more", {}))
    assert f"{made.subject}\n\n{made.text}" == (GOLDEN / f"letter.{name}.txt").read_text("utf-8")


def test_every_kind_has_a_golden_text_in_both_languages() -> None:
    assert {(x["kind"], x["lang"]) for x in LETTERS.values()} >= {(k, lang) for k in KINDS for lang in ("zh", "en")}


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_text_and_html_say_the_same(name: str) -> None:
    given_ = LETTERS[name]
    made = letter(given_["kind"], given_["lang"], given_["facts"], **given_.get("more", {}))
    shown = re.sub(r"[\s：:，,/]+", "", words(made.html))
    for line in made.text.splitlines():
        for piece in re.split(r"[：:，,/\s]+", line.removeprefix("- ")):
            assert piece in shown, (line, piece)


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_letters_are_short_and_plain(name: str) -> None:
    given_ = LETTERS[name]
    made = letter(given_["kind"], given_["lang"], given_["facts"], **given_.get("more", {}))
    written = [line for line in made.text.splitlines() if line.strip()]
    assert len(written) <= (18 if "ask_labels" in given_["facts"] else 15)
    brought = made.html.count('<img src="cid:')  # pictures come with the mail or not at all
    assert made.html.count("<img") == brought == len(given_["facts"].get("charts", ()))
    assert "class=" not in made.html and "<script" not in made.html
    assert "None" not in made.text and "Undefined" not in made.text
    assert len(made.subject) < 120 and "\n" not in made.subject
    for word in ("望", "务必", "特此", "烦请", "尽快"):
        assert word not in re.sub("“[^”]*”", "", made.text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_fact_is_compulsory(kind: str, lang: str) -> None:
    made = letter(kind, lang)
    assert made.subject and made.text.strip() and made.html


def test_the_subject_and_first_line_of_an_order() -> None:
    facts = {"name": "秦牧", "department": "工程部", "request": "请填好附件第五、六部分，回复本邮件。", "due": DUE}
    made = letter("issue", facts={**facts, "model": "YL-A65", "phenomenon": "无输出", "rate": "3.2‰"})
    assert made.subject == "【质量】8001-202605-0001|YL-A65 无输出 3.2‰|工程部 5/14 17:20前回复"
    assert made.text.splitlines()[0] == "秦牧：请工程部在 5/14（周四）17:20 前填好附件第五、六部分，回复本邮件。"


def test_times_are_shown_in_the_company_s_zone() -> None:
    facts = {"request": "答复", "due": datetime(2026, 5, 14, 9, 20, tzinfo=UTC).isoformat()}
    assert "5/14（周四）17:20" in letter("reminder", facts=facts).text
    assert "Thu 14 May 17:20" in letter("reminder", "en", facts).text


def test_links_open_a_filled_in_reply_with_the_code() -> None:
    labels = ["技术判定", "原因", "措施"]
    made = letter("issue", facts={"department": "工程部", "links": True, "ask_labels": labels})
    found = links(made.html)
    assert list(found) == ["直接填写", "转给", "申请延期", "不同意"]
    for url in found.values():
        assert len(url) < 1000 and url.startswith("mailto:zhiliang@yunling.example?subject=Re%3A%20")
        assert "7K4Q-0001" in parse_qs(urlsplit(url).query)["body"][0]
    body = unquote(found["直接填写"].partition("&body=")[2])
    assert body.split("\r\n") == ["答复码 7K4Q-0001", "技术判定：", "原因：", "措施："]
    assert parse_qs(urlsplit(found["不同意"]).query)["body"][0].startswith("不同意：")


def test_nothing_to_agree_to_no_word_of_agreeing() -> None:
    assert "同意" not in links(letter("issue", facts={"links": True}).html).keys() - {"不同意"}
    assert next(iter(links(letter("decision_request", facts={"links": True, "agree": True}).html))) == "同意"


def test_at_most_five_facts_and_six_labels() -> None:
    facts = {"facts": [[f"标签{i}", f"值{i}"] for i in range(9)], "ask_labels": [f"问{i}" for i in range(9)]}
    text = letter("issue", facts=facts).text
    assert "标签4：值4" in text and "标签5" not in text
    assert "问5：" in text and "问6" not in text


def test_an_escalation_puts_decisions_first_and_answers_by_line() -> None:
    rows = [
        {"situation": "8D 的 D5 未交", "due": DUE, "over": "27 h", "who": "何立群"},
        {
            "decide": "定责任单位",
            "situation": "两部门意见不同",
            "due": DUE,
            "over": "46 h",
            "answers": ["供应商", "生产一车间"],
        },
    ]
    made = letter("escalation", facts={"name": "顾总", "due": DUE, "lines": rows})
    assert made.text.index("1  定责任单位") < made.text.index("2  无须决定")
    assert "回“1 供应商”即可" in made.text and "#B3261E" in made.html
    body = parse_qs(urlsplit(links(made.html)["供应商"]).query)["body"][0]
    assert body.split("\r\n") == ["1 供应商", "答复码 7K4Q-0001"]


def test_an_answer_stays_in_the_sender_s_thread() -> None:
    original = {"subject": "Re: RE: 电源无输出", "received_at": DUE}
    made = letter("acknowledgement", facts={"original": original}, in_reply_to="<a@b>", number="TS-202605-0007")
    assert made.subject == "Re: 电源无输出 [TS-202605-0007]"
    assert letter("issue", subject="自定", in_reply_to="<a@b>").subject == "自定"


def test_a_rejection_lists_only_what_is_wrong_with_its_place() -> None:
    problems = [["反馈表!B7", "没有批号 A65-2603。近似：A65-2603B。请看铭牌后改正。"], ["", "缺不良数量。"]]
    text = letter("rejection", facts={"problems": problems, "kept": 14}).text
    assert "- 反馈表!B7：没有批号 A65-2603。近似：A65-2603B。请看铭牌后改正。" in text
    assert "- 缺不良数量。" in text and "其余 14 项已录入" in text


HOSTILE = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(
    [
        "\n# 请付款",
        "{{ code }}",
        "{% include 'x' %}",
        "<script>alert(1)</script>",
        "| a | b",
        "[agree]",
        "\x02# x",
        "Subject: y",
    ]
)


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_a_value_is_never_anything_but_a_value(value: str) -> None:
    facts = {
        "name": value,
        "request": value,
        "facts": [["产品", value]],
        "body": value,
        "links": True,
        "phenomenon": value,
    }
    for kind in ("issue", "answer", "alarm"):
        made = letter(kind, facts={**facts, "problems": [[value, value]]})
        assert "<script" not in made.html
        assert made.html.count('<p style="margin:0 0 12px;font-size:16px') == 1  # one request, whatever the values say
        assert "\n" not in made.subject and not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", made.text + made.html)
        made.html.encode("utf-8")
        assert "7K4Q" not in words(made.html).replace("7K4Q-0001", "", 1) or "7K4Q" in value


def _workspace(tmp_path: Path, text: str) -> Settings:
    folder = tmp_path / "form_templates" / "letters"
    folder.mkdir(parents=True)
    (folder / "issue.zh.txt").write_text(text, "utf-8")
    return Settings(root=tmp_path, company=COMPANY)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Subject: x\n# {{ nosuch }}\n", "nosuch"),
        ("Subject: x\n# {% if %}\n", r"issue\.zh\.txt:2"),
        ("# 没有主题\n", "Subject"),
        ("Subject: x\n{{ name.__class__.__mro__ }}\n", "issue"),
        ("Subject: x\n{{ due | when }}\n", "issue"),
    ],
)
def test_a_fault_of_the_office_s_own_text_names_the_file(tmp_path: Path, text: str, what: str) -> None:
    intent = LetterIntent(
        "k", "issue", "department", (), (), "zh", "8001", 0, "", "", {"name": "秦牧", "due": "morgen"}
    )
    with pytest.raises(QformsError, match=what):
        compose(intent, _workspace(tmp_path, text))


def test_a_missing_text_is_the_operator_s_fault(tmp_path: Path) -> None:
    intent = LetterIntent("k", "issue", "department", (), (), "en", "8001", 0, "", "", {})
    with pytest.raises(QformsError, match=r"issue\.en\.txt"):
        compose(intent, _workspace(tmp_path, "Subject: x\n"))


@pytest.mark.parametrize("file", sorted((ROOT / "form_templates" / "letters").glob("*.txt")), ids=lambda p: p.name)
def test_the_texts_use_no_unknown_name(file: Path) -> None:
    assert names(file) == frozenset()


def test_an_edited_text_holds_at_once(tmp_path: Path) -> None:
    import os

    workspace = _workspace(tmp_path, "Subject: 一\n# 甲\n")
    intent = LetterIntent("k", "issue", "department", (), (), "zh", "8001", 0, "", "", {})
    assert compose(intent, workspace).subject == "一"
    file = tmp_path / "form_templates" / "letters" / "issue.zh.txt"
    file.write_text("Subject: 二\n# 甲\n", "utf-8")
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000))
    assert compose(intent, workspace).subject == "二"

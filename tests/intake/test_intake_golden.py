"""Golden mails: each mail of `tests/golden_mails` through reading and admission, against what stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support_intake import CODE, outcomes, reading, world

from qforms.intake import parts

FOLDER = Path(__file__).parents[1] / "golden_mails"
FILES = sorted(FOLDER.glob("*.eml"))


def facts():
    """The small world, with a decision that the general manager was asked for, and questions to engineering."""
    w = world()
    w.add("deduction_notice", "8004-202605-0001", "draft", "TS-202604-0001")
    w.wrote("d1", "8004-202605-0001", ["gm@womai.cn"], CODE, ask={"agree": "approve", "refuse": "refuse"})
    w.wrote("i1", "8001-202605-0003", ["yan@womai.cn"], ask_labels=["技术判定", "同种机理", "原因分析"])
    return w


def test_there_are_at_least_eighty_and_each_has_its_pair():
    assert len(FILES) >= 80
    assert {f.stem for f in FILES} == {f.name.removesuffix(".expected.yaml") for f in FOLDER.glob("*.expected.yaml")}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_golden_mail(file: Path) -> None:
    expected: dict[str, Any] = YAML(typ="safe").load(file.with_suffix(".expected.yaml").read_text("utf-8"))
    found = reading(file.read_bytes())
    for name in ("subject", "address", "sender_name", "kind", "machine"):
        if name in expected:
            assert getattr(found, name) == expected[name]
    for name in ("text", "quoted"):
        said, held = expected.get(name, {}), getattr(found, name)
        assert all(word in held for word in said.get("has", ())), held
        assert not any(word in held for word in said.get("lacks", ())), held
        assert not (said.get("empty") and held), held
    assert expected.get("forwarded_from", "") in found.forwarded.get("from", "")
    if "files" in expected:
        assert [p.name for p in found.parts if p.name] == expected["files"]
    if "evidence" in expected:
        assert [p.name for p in parts.evidence(found.parts)] == expected["evidence"]
    if "decisions" in expected:
        assert [d.verdict for d in found.decisions] == expected["decisions"]
    assert set(expected.get("problems", ())) <= {p.code for p in found.problems}
    if "outcomes" not in expected:
        return
    told = outcomes(found, facts())
    assert len(told) == len(expected["outcomes"])
    for outcome, wanted in zip(told, expected["outcomes"], strict=True):
        for name in ("state", "form", "number"):
            assert getattr(outcome, name) == wanted.get(name, getattr(outcome, name)), outcome.reason
        assert {n: str(outcome.values.get(n)) for n in wanted.get("values", {})} == wanted.get("values", {})
        assert wanted.get("reason") in (None, outcome.reason and outcome.reason.code)
        assert set(wanted.get("tasks", ())) <= {t.kind for t in outcome.tasks}

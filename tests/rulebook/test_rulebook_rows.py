"""What is told when a rule for each row, a limit's time of day or an enclosed record is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
import support_rulebook as sample

from qforms import rulebook
from qforms.model import QformsError

CLOCK = """\
- clock: lines_paid
  on: {on}
  from: issued_at
  {within}
  until: {until}
  owner: sales
  {more}
"""
TASK = """\
- trigger: each_dept
  on: mechanism_group
  each: {each}
  when: known(product_model)
  {opens}
"""


def told(root: Path, **more: str) -> list[str]:
    folder = sample.write(root)
    for name, text in more.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    with pytest.raises(QformsError) as fault:
        rulebook.load(folder, sample.FORMS)
    return list(fault.value.problems)


@pytest.mark.parametrize(
    ("within", "more", "said"),
    [
        ("within: 3wd", "each: severity", "more.yaml:7: each 须是列表或可填多个值的字段"),
        ("within: 3wd", 'ends: "25:00"', "more.yaml:7: ends 「25:00」应写成 17:30 (ends '25:00' is not like 17:30)"),
        ("within: 3wd", "into: issued", "more.yaml:7: 没有 market_abnormality 的字段「issued」；是否指 issued_at？"),
        ("mode: wall", "soft: true", "more.yaml:1: 缺少 within"),
    ],
)  # fmt: skip
def test_a_clock(tmp_path: Path, within: str, more: str, said: str) -> None:
    text = CLOCK.format(on="market_abnormality", within=within, until="tech_class", more=more)
    assert any(line.startswith(said) for line in told(tmp_path, more=text))


def test_a_trigger_for_each_value_opens_a_form(tmp_path: Path) -> None:
    found = told(tmp_path, more=TASK.format(each="responsible_dept", opens="task: ask"))
    assert "more.yaml:3: each 只用于 open (each goes with open only)" in found


def test_only_a_reference_can_be_enclosed(tmp_path: Path) -> None:
    text = '- {letter: x, kind: issue, on: market_abnormality.issue, to: [gm], attach: ["document:tech_class"]}\n'
    assert any("document:tech_class" in line for line in told(tmp_path, more=text))

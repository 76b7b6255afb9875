"""What is wrong in a form.yaml is told with its file and line, all at once, and with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from support_forms import LIFECYCLE, faults, form_text, write

from qforms.forms import catalogue
from qforms.model import QformsError

NAME = "- {name: a, label: {zh: 甲, en: A}}"
VOCABULARY = "colour:\n  red: {zh: 红, en: Red}\n"
BLOCK = "block: head\nfields:\n  - {name: to_depts, label: {zh: 主送, en: To}, type: dept, many: true}\n"
SECTION_WITH = """form: thing
title: {{zh: 物}}
number: "WU-{{{{seq}}}}"
sections:
  - section: one
    title: {{zh: 一}}
    {}
lifecycle:
  start: open
  states: {{open: {{zh: 开}}}}
"""

# the fields of the form (from line 8 on) -> the faults found
FIELDS = {
    "- {name: a, lable: {zh: 甲}}": [
        "thing/form.yaml:8: 没有这个键：lable，是否指 label？ (unknown key lable, did you mean label?)",
        "thing/form.yaml:8: 缺少 label (label is missing)",
    ],
    "- {name: a, label: {zh: 甲}, type: intt}": [
        "thing/form.yaml:8: 没有这个类型：intt，是否指 int？ (unknown type intt, did you mean int?)"
    ],
    "- {name: a, label: {zh: 甲}, required: maybe}": [
        "thing/form.yaml:8: required 应为 true 或 false (required must be true or false)"
    ],
    "- {name: a, label: {en: A}}": ["thing/form.yaml:8: label 应为 {zh: …, en: …} (label must be {zh: …, en: …})"],
    "- {name: a, label: {zh: 甲}, min: few}": ["thing/form.yaml:8: min 应为数字 (min must be a number)"],
    "- {name: a, label: {zh: 甲}, rows: -1}": [
        "thing/form.yaml:8: rows 应为不小于 0 的整数 (rows must be a whole number of at least 0)"
    ],
    "- {name: a, label: {zh: 甲}, aliases: {x: 1}}": [
        "thing/form.yaml:8: aliases 应为文字的列表 (aliases must be a list of words)"
    ],
    "- {name: a, label: {zh: 甲}, type: int, min: 9, max: 3}": [
        "thing/form.yaml:8: a：min 大于 max (min is larger than max)"
    ],
    "- {name: a, label: {zh: 甲}, type: enum, choices: color}": [
        "thing/form.yaml:8: 没有这个词表：color，是否指 colour？ (unknown vocabulary color, did you mean colour?)"
    ],
    "- {name: a, label: {zh: 甲}, type: enum}": ["thing/form.yaml:8: a：enum 缺少 choices (an enum needs choices)"],
    "- {name: a, label: {zh: 甲}, type: date, choices: colour}": [
        "thing/form.yaml:8: a：date 不能有 choices (date takes no choices)"
    ],
    "- {name: a, label: {zh: 甲}, type: ref}": [
        "thing/form.yaml:8: a：ref 与 type: ref 须同时出现 (ref: <form> and type: ref go together)"
    ],
    "- {name: a, label: {zh: 甲}, type: ref, ref: thin}": [
        "thing/form.yaml:8: 没有这个表单：thin，是否指 thing？ (unknown form thin, did you mean thing?)"
    ],
    "- {name: a, label: {zh: 甲}, type: list}": [
        "thing/form.yaml:8: a：fields 与 type: list 须同时出现 (fields and type: list go together)"
    ],
    "- {name: a, label: {zh: 甲}, filled_by: [sale]}": [
        "thing/form.yaml:8: 没有这个角色：sale，是否指 sales？ (unknown role sale, did you mean sales?)"
    ],
    "- {name: a, label: {zh: 甲}, type: int, default: 若干}": [
        "thing/form.yaml:8: default 应为类型 int 的值 (default must be a value of type int)"
    ],
    "- {name: a, label: {zh: 甲}, type: list, use: heads, fields: [{name: b, label: {zh: 乙}}]}": [
        "thing/form.yaml:8: 没有这个区块：heads，是否指 head？ (unknown block heads, did you mean head?)"
    ],
    "- {name: a, label: {zh: 甲}}\n- {name: a, label: {zh: 乙}}": [
        "thing/form.yaml:9: 字段 a 重复（见 thing/form.yaml:8） (a stands at thing/form.yaml:8 too)"
    ],
    "- {name: a, label: {zh: 型号}}\n- {name: b, label: {zh: 乙}, aliases: ['*型号：']}": [
        "thing/form.yaml:9: 名称「*型号：」同时指 a 和 b ('*型号：' means both a and b)"
    ],
    "- {name: a, label: {zh: 甲}, type: list, fields: [{name: b, label: {zh: 乙}}, {name: b, label: {zh: 丙}}]}": [
        "thing/form.yaml:8: a 的列 b 重复 (column b of a stands twice)"
    ],
    "- 甲": ["thing/form.yaml:7: fields 应为「键: 值」的列表 (fields must be a list of mappings)"],
    "- {name: a, name: b, label: {zh: 甲}}": [
        'thing/form.yaml:8: YAML 写法有误 (found duplicate key "name" with value "b" (original value: "a"))'
    ],
    "- {name: a, label: {zh: 甲}, type: enum, choices: {red: {zh: 红, de: Rot}}}": [
        "thing/form.yaml:8: 没有这个键：de (unknown key de)"
    ],
}


@pytest.mark.parametrize("fields", FIELDS)
def test_faults_of_a_field(fields: str, tmp_path: Path) -> None:
    root = write(tmp_path, thing=form_text(fields), blocks__vocabulary=VOCABULARY, blocks__head=BLOCK)
    assert list(faults(root)) == FIELDS[fields]


# what follows the fields (from line 9 on) -> the faults found
TAILS = {
    "lifecycle:\n  start: opn\n  states: {open: {zh: 开}}": [
        "thing/form.yaml:10: 没有这个状态：opn，是否指 open？ (unknown state opn, did you mean open?)"
    ],
    "lifecycle:\n  start: open\n  states: {open: {zh: 开, print: drafty}}": [
        "thing/form.yaml:11: 没有这个打印状态：drafty，是否指 draft？ (unknown print state drafty, did you mean draft?)"
    ],
    "lifecycle:\n  states: {open: {zh: 开}}\n  events: {shut: {zh: 关, from: open, to: shut}}": [
        "thing/form.yaml:11: 没有这个状态：shut (unknown state shut)"
    ],
    "lifecycle:\n  states: {open: {zh: 开}}\n  events: {shut: {zh: 关, from: open, to: open, needs: [b]}}": [
        "thing/form.yaml:11: 没有这个字段：b (unknown field b)"
    ],
    "lifecycle:\n  states: {open: {zh: 开}}\n  events: {shut: {zh: 关, from: open, to: open, set: {a: now}}}": [
        "thing/form.yaml:11: 事件 shut：a 不能设为 now (event shut: a cannot be set to now)"
    ],
    "lifecycle:\n  states: {open: {zh: 开}}\n  events: {shut: {zh: 关, from: open, to: open, on: thing.shot}}": [
        "thing/form.yaml:11: 没有这个起因：thing.shot，是否指 thing.shut？"
        " (unknown cause thing.shot, did you mean thing.shut?)"
    ],
    "lifecycle:\n  states: {open: {zh: 开}}\n  events: {shut: {zh: 关, from: open, to: open, by: [gmoffice]}}": [
        "thing/form.yaml:11: 没有这个角色：gmoffice，是否指 office？ (unknown role gmoffice, did you mean office?)"
    ],
    "lifecycle:\n  start: open": ["thing/form.yaml:10: lifecycle 没有 states (the lifecycle has no states)"],
    LIFECYCLE + "checks:\n  - {that: a == 1, at: aa, say: {zh: 错}}": [
        "thing/form.yaml:15: 没有这个字段：aa，是否指 a？ (unknown field aa, did you mean a?)"
    ],
    LIFECYCLE + "sheet: {name: {zh: 物}, columns: [number, a, bb]}": [
        "thing/form.yaml:14: 没有这个字段：bb (unknown field bb)"
    ],
    LIFECYCLE + "sheet: {name: {zh: 物}, columns: [a], office: [number]}": [
        "thing/form.yaml:14: 没有这个字段：number (unknown field number)"
    ],
    LIFECYCLE + f"sheet: {{columns: [{', '.join(['a'] * 26)}]}}": [
        "thing/form.yaml:14: columns 应为至多 25 列 (columns must be at most 25 columns, not 26)"
    ],
    LIFECYCLE + "audience: public": ["thing/form.yaml:14: 没有这个范围：public (unknown audience public)"],
    LIFECYCLE + "named_by: [b]": ["thing/form.yaml:14: 没有这个字段：b (unknown field b)"],
    LIFECYCLE + "lifcycle: {}": [
        "thing/form.yaml:14: 没有这个键：lifcycle，是否指 lifecycle？ (unknown key lifcycle, did you mean lifecycle?)"
    ],
}


@pytest.mark.parametrize("tail", TAILS)
def test_faults_of_a_form(tail: str, tmp_path: Path) -> None:
    assert list(faults(write(tmp_path, thing=form_text(NAME, tail=tail)))) == TAILS[tail]


SECTIONS = {
    "use: haed": ["thing/form.yaml:7: 没有这个区块：haed，是否指 head？ (unknown block haed, did you mean head?)"],
    "use: head\n    without: [cc]": ["thing/form.yaml:8: 没有这个字段：cc (unknown field cc)"],
    "use: head\n    adjust: {to_dept: {required: true}}": [
        "thing/form.yaml:8: 没有这个字段：to_dept，是否指 to_depts？ (unknown field to_dept, did you mean to_depts?)"
    ],
    "use: head\n    adjust: {to_depts: {type: str}}": ["thing/form.yaml:8: 没有这个键：type (unknown key type)"],
    "fields: 3": ["thing/form.yaml:7: fields 应为列表 (fields must be a list)"],
}


@pytest.mark.parametrize("section", SECTIONS)
def test_faults_of_a_section(section: str, tmp_path: Path) -> None:
    root = write(tmp_path, thing=SECTION_WITH.format(section), blocks__head=BLOCK)
    assert list(faults(root)) == SECTIONS[section]


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    root = write(tmp_path, thing=form_text("- {name: a, lable: {zh: 甲}}"), other="form: [", blocks__vocabulary="- 1")
    found = faults(root)
    assert [line.split(": ")[0] for line in found] == [
        "blocks/vocabulary.yaml:1",
        "other/form.yaml:1",
        "thing/form.yaml:8",
        "thing/form.yaml:8",
    ]
    with pytest.raises(QformsError) as fault:
        catalogue.load(root)
    assert str(fault.value) == f"{found[0]} (+3)"


def test_a_form_stands_in_the_folder_of_its_name(tmp_path: Path) -> None:
    root = write(tmp_path, other=form_text(NAME))
    assert faults(root) == ("other/form.yaml:1: form: thing 与文件夹 other 不符 (the folder is called other)",)


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    root = write(tmp_path, thing=form_text(NAME))
    (root / "thing" / "form.yaml").write_bytes("form: 物".encode("gbk"))
    assert faults(root)[0].startswith("thing/form.yaml:1: 无法读取 (")
    with pytest.raises(QformsError, match=r"没有任何 form\.yaml"):
        catalogue.load(tmp_path / "nowhere")


def test_a_block_is_changed_for_one_form_only(tmp_path: Path) -> None:
    changed = SECTION_WITH.format("use: head\n    adjust: {to_depts: {required: true, label: {zh: 收件部门}}}")
    plain = SECTION_WITH.format("use: head").replace("form: thing", "form: other")
    forms = catalogue.load(write(tmp_path, thing=changed, other=plain, blocks__head=BLOCK)).forms
    one, two = forms["thing"].field("to_depts"), forms["other"].field("to_depts")
    assert one is not None
    assert two is not None
    assert (one.required, one.label.zh, one.many, one.origin) == (True, "收件部门", True, "blocks/head.yaml:3")
    assert (two.required, two.label.zh) == (False, "主送")

"""What must hold for any value: written as JSON and read back, shown and read back, in capitals and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_forms import field, shipped

from qforms import amount_cn
from qforms.forms import types
from qforms.model import Choice, Field, Text

CATALOGUE = shipped()
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
CENTS = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2))
EARLY, LATE = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 (the zone is drawn)
TIMES = st.builds(lambda d, z: d.replace(tzinfo=z), st.datetimes(EARLY, LATE), ZONES)
DAYS = st.dates(date(1955, 1, 1), date(2099, 12, 31))

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "str": WORDS,
    "text": WORDS,
    "ref": WORDS,
    "user": WORDS,
    "dept": WORDS,
    "int": st.integers(0, 10**9),
    "dec": st.decimals(-(10**6), 10**6, places=3),
    "money": CENTS,
    "bool": st.booleans(),
    "date": DAYS,
    "dt": TIMES,
    "file": st.fixed_dictionaries({"digest": WORDS, "name": WORDS, "kind": WORDS}),
    "sig": st.fixed_dictionaries({"name": WORDS}, optional={"at": TIMES, "opinion": WORDS}),
}


def _one(fld: Field) -> st.SearchStrategy[Any]:
    if fld.type == "list":
        columns = {f.name: _values(f) for f in fld.fields}
        return st.lists(st.fixed_dictionaries({}, optional=columns), max_size=2).map(tuple)
    if fld.choices:
        return st.sampled_from([int(c.code) if fld.type == "int" else c.code for c in fld.choices])
    return SCALARS["file" if fld.type == "img" else fld.type]


def _values(fld: Field) -> st.SearchStrategy[Any]:
    return st.lists(_one(fld), min_size=1, max_size=2).map(tuple) if fld.many else _one(fld)


@pytest.mark.parametrize("form", sorted(CATALOGUE.forms))
@given(data=st.data())
def test_json_gives_every_value_back(form: str, data: st.DataObject) -> None:
    columns = {f.name: _values(f) for f in CATALOGUE.form(form).fields}
    some = data.draw(st.sets(st.sampled_from(sorted(columns)), max_size=6))
    values = data.draw(st.fixed_dictionaries({name: columns[name] for name in some}))
    text = json.dumps(CATALOGUE.plain(form, values), ensure_ascii=False)
    assert CATALOGUE.revive(form, json.loads(text)) == values


SHOWN = ["int", "dec", "money", "bool", "date", "enum"]


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("lang", ["zh", "en"])
@given(data=st.data())
def test_what_is_shown_is_read_back(kind: str, lang: str, data: st.DataObject) -> None:
    fld = field(kind)
    value = data.draw(_one(fld))
    assert types.parse(fld, types.show(fld, value, lang)) == (value, None)


@given(TIMES)
def test_times_are_shown_to_the_minute_and_read_back(value: datetime) -> None:
    fld = field("dt")
    shown = types.parse(fld, types.show(fld, value, "zh"))
    assert shown == (value.replace(second=0, microsecond=0), None)


@given(
    DAYS,
    st.sampled_from(
        [
            "{0.year}-{0.month}-{0.day}",
            "{0.year}年{0.month}月{0.day}日",
            "{0:%Y%m%d}",
            "{0.year}.{0.month}.{0.day}",
            "{0:%d %B %Y}",
        ]
    ),
)
def test_a_day_is_the_same_however_it_is_written(day: date, written: str) -> None:
    assert types.parse(field("date"), written.format(day)) == (day, None)


@given(st.one_of(st.text(max_size=60), st.floats(), st.integers(), st.booleans(), st.none(), st.binary(max_size=8)))
def test_nothing_that_is_written_breaks_a_reader(raw: Any) -> None:
    unit = Text("台", "pcs")
    colours = (Choice("red", Text("红色", "Red")), Choice("blue", Text("蓝色", "Blue")))
    for kind in sorted(types.TYPES - {"list"}):
        fld = field(kind, unit=unit, choices=colours if kind == "enum" else ())
        value, problem = types.parse(fld, raw)
        assert value is None or problem is None or problem.severity != "error"
        if value is not None:
            assert types.parse(fld, value)[0] == value  # a value that was read is read as itself
            json.dumps(types.plain(fld, value))


@given(st.integers(0, 10**18 - 1))
def test_capitals_are_read_back(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    written = amount_cn.capitals(amount)
    assert amount_cn.parse(written) == amount
    assert "零零" not in written
    assert written.startswith("人民币")
    assert written.endswith("分") == bool(cents % 10)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("6331.36", "人民币陆仟叁佰叁拾壹元叁角陆分"),
        ("0", "人民币零元整"),
        ("0.05", "人民币伍分"),
        ("0.50", "人民币伍角整"),
        ("1.05", "人民币壹元零伍分"),
        ("10", "人民币壹拾元整"),
        ("1409.50", "人民币壹仟肆佰零玖元伍角整"),
        ("6007.14", "人民币陆仟零柒元壹角肆分"),
        ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("20000.01", "人民币贰万元零壹分"),
        ("107000.53", "人民币壹拾万柒仟元伍角叁分"),
        ("100010000", "人民币壹亿零壹万元整"),
        ("1000000000000", "人民币壹万亿元整"),
        ("-5.5", "人民币负伍元伍角整"),
    ],
)
def test_capitals(amount: str, written: str) -> None:
    assert amount_cn.capitals(Decimal(amount)) == written
    assert amount_cn.parse(written) == Decimal(amount)


def test_what_cannot_stand_in_capitals() -> None:
    for amount in (Decimal("0.001"), Decimal(10) ** 16):
        with pytest.raises(ValueError, match="capitals"):
            amount_cn.capitals(amount)
    for text in ("", "伍", "伍块五", "元角X分"):
        with pytest.raises(ValueError):
            amount_cn.parse(text)

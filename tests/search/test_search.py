"""Full-text search in Chinese and English: what stands in a text is found by any piece of it, and nothing else is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qforms.search import grams
from qforms.search.index import Hit, Index, Passage

TEXTS = st.text(st.sampled_from("无输出电源适配器冒烟 \n，。-AaBb12３Ｃé/()[]\"*'"), max_size=60)


def passage(body: str, ref: str = "mail/1", title: str = "投诉", **more: object) -> Passage:
    return Passage(ref, "TS-1", "TS-1", "mail", title, "2026-05-06T06:00:00+00:00", body, **more)  # type: ignore[arg-type]


def found(tmp: Path, words: str) -> list[Hit]:
    with Index(tmp / "search.db").opened() as index:
        return index.find(words, 50)


def put(tmp: Path, *passages: Passage) -> None:
    with Index(tmp / "search.db").opened(write=True) as index:
        for one in passages:
            index.put(one)


# ---------------------------------------------------------------- pieces


@given(TEXTS, st.integers(0, 60), st.integers(1, 20))
def test_every_piece_of_a_text_asks_only_for_what_the_text_holds(text: str, start: int, length: int) -> None:
    """The law of the index: pieces of a part are among the pieces of the whole, or begin one of them."""
    whole = grams.normal(text)
    part = whole[start : start + length].strip().split(" ")[0]
    asked = grams.asked(part)
    held = set(grams.grams(whole))
    assert asked.pieces <= held
    assert all(any(piece.startswith(beginning) for piece in held) for beginning in asked.beginnings)
    assert all(word in whole for word in asked.words)


@given(st.text(max_size=80))
def test_normal_is_normal_already(text: str) -> None:
    assert grams.normal(grams.normal(text)) == grams.normal(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_code_begins_as_its_piece_does(one: str, two: str) -> None:
    assert grams.code(one + two).startswith(grams.code(one))
    assert (grams.code(one) == grams.code(two)) == (one == two)


@given(TEXTS)
def test_the_place_of_a_word_is_where_it_stands(text: str) -> None:
    for word in grams.asked(text).words[:3]:
        place = grams.place(text, word)
        assert place is None or grams.normal(text[slice(*place)]).replace(" ", "") == word


# ---------------------------------------------------------------- the index


@pytest.mark.parametrize(
    ("words", "finds"),
    [("无输出", True), ("输", True), ("出", True), ("适配器 无输出", True), ("yl-a65", True), ("ＹＬ－Ａ６５", True),
     ("65", True), ("2603C", True), ("603", True), ("60", True), ("输无", False), ("无输出 冒烟", False),
     ("A66", False), ("投诉", True),
     ('"', False), ("*", False), ("OR", False), ("NEAR(", False), ("'; DROP TABLE passage", False), ("", False)],
)  # fmt: skip
def test_words(tmp_path: Path, words: str, finds: bool) -> None:
    put(tmp_path, passage("电源适配器 YL-A65 无\n输出，批号 A65-2603C"))
    assert bool(found(tmp_path, words)) is finds


@settings(max_examples=25)  # each is a file of its own
@given(text=TEXTS, start=st.integers(0, 60), length=st.integers(1, 12))
def test_what_stands_in_a_text_is_found(
    tmp_path_factory: pytest.TempPathFactory, text: str, start: int, length: int
) -> None:
    part = grams.normal(text)[start : start + length].strip()
    if not grams.asked(part).words:
        return
    folder = tmp_path_factory.mktemp("law")
    put(folder, passage(text))
    assert found(folder, part)


def test_a_text_that_changed_is_found_by_its_new_words_alone(tmp_path: Path) -> None:
    put(tmp_path, passage("无输出"), passage("漏水", ref="mail/2"))
    put(tmp_path, passage("冒烟"))
    assert not found(tmp_path, "无输出") and len(found(tmp_path, "冒烟")) == 1 and len(found(tmp_path, "漏水")) == 1


def test_the_place_is_shown_as_it_was_written(tmp_path: Path) -> None:
    put(tmp_path, passage("前面的话" * 20 + "Ｎｏ　ＯＵＴＰＵＴ at all" + "后面的话" * 20))
    [hit] = found(tmp_path, "output")
    assert hit.word == "ＯＵＴＰＵＴ" and hit.before.endswith("Ｎｏ ") and hit.after.startswith(" at all")
    assert len(hit.before) <= 40


def test_a_damaged_index_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "search.db").write_bytes(b"no database at all" * 500)
    put(tmp_path, passage("无输出"))
    assert found(tmp_path, "无输出")
    with sqlite3.connect(tmp_path / "search.db") as db:
        db.execute("PRAGMA user_version=99")  # of another make
    assert not found(tmp_path, "无输出")

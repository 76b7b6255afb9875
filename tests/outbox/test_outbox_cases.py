"""Case folders: names that every system takes, each file once, one folder a case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qforms.outbox.cases import CaseFolders, safe_name

CASE = "TS-202605-0003"


@given(st.text(max_size=300))
@example("CON")
@example("con.xlsx")
@example("COM¹.txt")
@example("CON." + "x" * 300)
@example("..")
@example("~$~$a.xlsx")
@example("a" * 300 + ".xlsx")
@example("表" * 300 + ".docx")
@example("😀" * 100 + ".png")
@example("invoice\u202excod.exe")
def test_safe_names(text: str) -> None:
    name = safe_name(text)
    assert name and not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f\u202a-\u202e\ud800-\udfff]', name)
    assert name == name.strip(". ") and not name.startswith("~$")
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", name)
    assert len(name.encode("utf-16-le")) // 2 <= 80
    assert len(name.encode("utf-8")) <= 240
    assert safe_name(name) == name


@given(st.text(max_size=200), st.sampled_from(["xlsx", "docx", "pdf", "eml", "JPG"]))
def test_the_ending_stays(stem: str, ending: str) -> None:
    assert safe_name(f"x{stem}.{ending}").endswith(f".{ending}")


@pytest.mark.parametrize("name", ["反馈单 8001.docx", "8D (D1–D3).xlsx", "a & b.pdf"])
def test_good_names_stay(name: str) -> None:
    assert safe_name(name) == name


@given(name=st.text(max_size=120), data=st.binary(max_size=20))
def test_whatever_the_name_the_file_lies_in_the_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    root = tmp_path_factory.mktemp("cases")
    path = CaseFolders(root).put(CASE, "../../etc", name, data)
    assert path.read_bytes() == data
    assert path.parent.parent == root


def test_a_file_is_written_once_another_of_its_name_beside_it(tmp_path: Path) -> None:
    cases = CaseFolders(tmp_path / "cases")
    first = cases.put(CASE, "禾木 YL-H18", "表.xlsx", b"one")
    assert cases.put(CASE, "禾木 YL-H18", "表.xlsx", b"one") == first
    second = cases.put(CASE, "禾木 YL-H18", "表.xlsx", b"two")
    assert second.name == "表 (2).xlsx"
    assert CaseFolders(tmp_path / "cases").put(CASE, "禾木 YL-H18", "表.xlsx", b"two") == second
    assert sorted(f.name for f in first.parent.iterdir()) == ["表 (2).xlsx", "表.xlsx"]


def test_the_folder_is_renamed_when_customer_and_model_become_known(tmp_path: Path) -> None:
    cases = CaseFolders(tmp_path)
    cases.put(CASE, "", "mail.eml", b"1")
    cases.put(CASE, "宁波禾木 YL-H18", "表.xlsx", b"2")
    cases.put(CASE, "", "late.eml", b"3")
    CaseFolders(tmp_path).put(f"{CASE}1", "", "another.eml", b"4")
    assert sorted(f.name for f in tmp_path.iterdir()) == [f"{CASE} 宁波禾木 YL-H18", f"{CASE}1"]
    assert len(list((tmp_path / f"{CASE} 宁波禾木 YL-H18").iterdir())) == 3


def test_a_folder_that_a_person_renamed_is_found_again(tmp_path: Path) -> None:
    cases = CaseFolders(tmp_path)
    folder = cases.folder(CASE, "禾木")
    folder.rename(tmp_path / f"{CASE} 禾木（重要）")
    assert cases.find(CASE) == tmp_path / f"{CASE} 禾木（重要）"


def test_a_folder_in_use_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = CaseFolders(tmp_path)
    old = cases.folder(CASE, "")

    def locked(*_: object) -> Path:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "rename", locked)
    assert cases.put(CASE, "禾木", "a.eml", b"1").parent == old

"""`qforms export`: one zip with everything of a case, its contents named with their digests (P32)."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

from openpyxl import load_workbook
from support_endtoend import Workspace, command, mail

NUMBER = "TS-202605-0001"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(30_000)


def test_a_case_in_one_zip(ws: Workspace, tmp_path: Path) -> None:
    ws.receive(mail(text="电源适配器 YL-A65 冒烟，批号 A65-2603C，9 台。", files=[("=cmd|照片.jpg", PHOTO)]))
    ws.once()
    file = tmp_path / "案件.zip"
    status, out, said = command("--lang", "zh", "export", str(ws.root), NUMBER, str(file))
    assert (status, said) == (0, "") and str(file) in out
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        page = archive.read("目录.html").decode()
        book = load_workbook(io.BytesIO(archive.read("案件.xlsx")))
        digests = {n: hashlib.sha256(archive.read(n)).hexdigest() for n in names if n != "目录.html"}
        photo = next(n for n in names if "照片" in n)
        assert archive.read(photo) == PHOTO
    folders = {n.partition("/")[0] for n in names if "/" in n}
    assert folders == {"来件", "发出", "单据"}
    assert any(n.startswith("来件/") and n.endswith(".eml") for n in names)
    assert any(n.startswith(f"单据/{NUMBER}") and n.endswith(".docx") for n in names)
    assert set(re.findall(r"<code>([0-9a-f]{64})</code>", page)) == set(digests.values())
    assert book.sheetnames == ["内容", "时限", "信件", "经过"]
    said_of = {(r[0], r[2]): r[3] for r in book["内容"].iter_rows(min_row=2, values_only=True)}
    assert said_of[NUMBER, "生产批号"] == "A65-2603C"
    assert any("立案" in str(r) for r in book["经过"].iter_rows(values_only=True))
    assert all(c.data_type != "f" for sheet in book.worksheets for row in sheet.iter_rows() for c in row)


def test_what_cannot_be_exported_is_said_in_a_line(ws: Workspace, tmp_path: Path) -> None:
    status, _, said = command("export", str(ws.root), "TS-202605-0009", str(tmp_path / "a.zip"))
    assert status == 1 and "TS-202605-0009" in said and not list(tmp_path.glob("*.zip"))
    ws.receive(mail())
    ws.once()
    (tmp_path / "a.zip").write_bytes(b"mine")
    status, _, said = command("export", str(ws.root), NUMBER, str(tmp_path / "a.zip"))
    assert status == 1 and "a.zip" in said and (tmp_path / "a.zip").read_bytes() == b"mine"


def test_the_page_is_not_served_before_it_is_set_up(ws: Workspace) -> None:
    status, _, said = command("web", str(ws.root))
    assert status == 1 and "[web] url" in said and len(said.strip().splitlines()) == 1

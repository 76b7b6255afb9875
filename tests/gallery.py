"""Pictures of everything that people see, in docs/gallery: `make gallery`.

The demo and the acceptance cases are played; what the program drew and wrote there is shown as a printer (LibreOffice,
poppler) and a browser (Chromium) show it. Nothing is drawn for the gallery alone, so it shows what an office would get.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import email
import email.policy
import html
import io
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from acceptance import timeline
from PIL import Image
from support_charts import pictures

from qforms import settings, stamp
from qforms.demo import play
from qforms.enclosures import Enclosures
from qforms.house import opened
from qforms.web import users

HERE = Path(__file__).parent
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM += ["--disable-component-update", "--disable-sync"]
DPI, COLOURS, PAGES = 72, 64, 4
PASSWORD = "shown to nobody"
THEN = datetime.fromisoformat("2026-05-14T18:00:00+08:00")  # when the demo ends
PARTS = ("forms", "documents", "charts", "workbook", "letters", "report", "web")
KIND = re.compile(r"^([a-z_]+)")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=HERE.parent / "docs" / "gallery")
    asked.add_argument("--only", default=",".join(PARTS), help="some of: " + ", ".join(PARTS))
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), given.out)
        for part in PARTS:
            if part in given.only.split(","):
                print(part, *(f"  {p.relative_to(given.out)}" for p in stage.show(part)), sep="\n", flush=True)
        stage.index()


class Stage:
    """The played workspaces, and where the pictures go."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out = folder, out
        self.demo = folder / "demo"
        play.played(self.demo)
        self._cases: list[Path] = []

    @property
    def workspaces(self) -> list[Path]:
        """The demo and every acceptance case, played to its end."""
        if not self._cases:
            for file in sorted((HERE / "acceptance").glob("*.yaml")):
                root = self.folder / file.stem
                timeline.play(file, root)
                self._cases += [p.parent for p in root.rglob("qforms.toml")]
        return [self.demo, *self._cases]

    def show(self, part: str) -> Iterator[Path]:
        """Makes the pictures of one part anew; gives their files."""
        target = self.out / part
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        yield from getattr(self, f"_{part}")(target)

    def _forms(self, target: Path) -> Iterator[Path]:
        with opened(self.demo) as h:
            enclosures = Enclosures(h.ledger, h.store, h.procedures)
            files: dict[str, bytes] = {}
            for name, form in h.procedures.catalogue.forms.items():
                for lang in ("zh", "en") if form.audience == "customer" else ("zh",):
                    for kind, suffix in (("word", "docx"), ("excel", "xlsx")):
                        files[f"{name}.{lang}.{suffix}"] = enclosures.blank(name, kind, lang).data  # type: ignore[arg-type]
        yield from printed(files, target)

    def _documents(self, target: Path) -> Iterator[Path]:
        yield from printed(dict(self._issued()), target)

    def _issued(self) -> Iterator[tuple[str, bytes]]:
        """Of each form the document that says most."""
        best: dict[str, Path] = {}
        for root in self.workspaces:
            for file in sorted((root / "cases").rglob("* 发出 *.docx")):
                title = re.sub(r"^.* 发出 \S+ (\S+).*$", r"\1", file.stem)
                if title not in best or file.stat().st_size > best[title].stat().st_size:
                    best[title] = file
        for title, file in best.items():
            yield f"{title}.docx", file.read_bytes()

    def _charts(self, target: Path) -> Iterator[Path]:
        for name, picture in pictures():
            yield small(picture, target / name.replace(" ", "_"))

    def _workbook(self, target: Path) -> Iterator[Path]:
        yield from printed({"master.xlsx": (self.demo / "master.xlsx").read_bytes()}, target, pages=8)
        board = next(self.demo.glob("*.html"))
        yield from photographed({"board": board.as_uri()}, target)

    def _letters(self, target: Path) -> Iterator[Path]:
        pages: dict[str, str] = {}
        for root in self.workspaces:
            for file in sorted((root / "sent" / "new").iterdir()):
                mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                kind = KIND.match(mail["X-Qforms-Key"] or "")
                body = mail.get_body(("html",))
                if not kind or kind[1] in pages or body is None:
                    continue
                page = self.folder / f"letter-{kind[1]}.html"
                subject = html.escape(mail["Subject"])
                page.write_text(f'<meta charset="utf-8"><h3>{subject}</h3>{shown(mail, body.get_content())}', "utf-8")
                pages[kind[1]] = page.as_uri()
        yield from photographed(pages, target)

    def _report(self, target: Path) -> Iterator[Path]:
        month = ("--month", "2026-05", "--now", THEN.isoformat())
        qforms("report", str(self.demo), *month, "--out", str(self.folder))
        files = {f.name: f.read_bytes() for f in self.folder.glob("*.docx")}
        yield from printed(files, target, pages=12)

    def _web(self, target: Path) -> Iterator[Path]:
        case, staff = on_the_web(self.demo)
        with served(self.demo) as address:
            state = f"/s/{case}/{stamp.secret(list(settings.keys(self.demo).values())[-1], case)}"
            outside = {"feedback.zh": "/?lang=zh", "feedback.en": "/?lang=en", "state": f"{state}?lang=zh"}
            outside["login"] = "/board/login?lang=zh"
            inside = {"board": "/board", "case": f"/board/case/{case}", "search": f"/board/search?q={quote('无输出')}"}
            for suffix, width in (("", 1280), (".phone", 360)):
                for paths, first in ((outside, None), (inside, partial(logged_in, address, staff))):
                    pages = {f"{name}{suffix}": address + path for name, path in paths.items()}
                    yield from photographed(pages, target, width=width, first=first)

    def index(self) -> None:
        """One page that shows them all."""
        lines = ["# What people see", "", "Made by `make gallery` from the demo and the acceptance cases.", ""]
        for part in PARTS:
            if found := sorted((self.out / part).glob("*.png")):
                lines += [f"## {part.capitalize()}", ""]
                lines += [f"![{p.stem}]({part}/{p.name})" for p in found]
                lines.append("")
        (self.out / "README.md").write_text("\n".join(lines), "utf-8")


def shown(mail: EmailMessage, page: str) -> str:
    """The HTML of a mail with the pictures that came along in it."""
    for part in mail.walk():
        if name := (part["Content-ID"] or "").strip("<> "):
            data = base64.b64encode(part.get_payload(decode=True) or b"").decode()
            page = page.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return page


def printed(files: Mapping[str, bytes], target: Path, pages: int = PAGES) -> Iterator[Path]:
    """The first pages of Office files, as LibreOffice prints them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in files.items():
            (folder / file).write_bytes(data)
        office = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to"]
        for suffix in ("docx", "xlsx"):  # apart: a form's two files have one name
            out = folder / suffix
            if found := sorted(str(p) for p in folder.glob(f"*.{suffix}")):
                subprocess.run([*office, "pdf", "--outdir", out, *found], check=True, timeout=600, capture_output=True)
                for pdf in sorted(out.glob("*.pdf")):
                    yield from _pages(pdf, target, suffix, pages)


def _pages(pdf: Path, target: Path, suffix: str, most: int) -> Iterator[Path]:
    stem = pdf.parent / pdf.stem
    subprocess.run(["pdftoppm", "-r", str(DPI), "-l", str(most), "-png", pdf, stem], check=True, timeout=120)
    for page in sorted(pdf.parent.glob(f"{pdf.stem}-*.png")):
        number = page.stem.rpartition("-")[2].lstrip("0")
        yield small(page.read_bytes(), target / f"{pdf.stem.replace(' ', '_')}.{suffix}.{number}.png")
        page.unlink()


def on_the_web(root: Path) -> tuple[str, str]:
    """Sets the page and the board of a workspace up; a case to show, and the address of somebody who may log in."""
    file = root / "qforms.toml"
    if "[web]" not in file.read_text("utf-8"):
        file.write_text(file.read_text("utf-8") + '\n[web]\nurl = "http://127.0.0.1:8080"\n', "utf-8")
    with opened(root) as h:
        case = h.ledger.records("complaint")[0].number
        staff = next(str(d.values["email"]) for d in h.ledger.records("department") if d.values.get("email"))
    users.set_password(root, staff, PASSWORD)
    return case, staff


def logged_in(address: str, staff: str, page: Any) -> None:
    page.goto(f"{address}/board/login?lang=zh")
    page.fill("#email", staff)
    page.fill("#password", PASSWORD)
    page.click("main button")


def photographed(
    pages: Mapping[str, str],
    target: Path,
    width: int = 860,
    height: int = 200,
    first: Callable[[Any], None] | None = None,
) -> Iterator[Path]:
    """Whole pages as Chromium shows them; `first` is done before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": width, "height": height})
        if first:
            first(page)
        for name, address in pages.items():
            page.goto(address)
            yield small(page.screenshot(full_page=True), target / f"{name}.png")
        browser.close()


def small(picture: bytes, file: Path) -> Path:
    """Kept with few colours: a page of text needs no more."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    return file


def qforms(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "qforms.cli", *arguments], check=True, timeout=120)


@contextlib.contextmanager
def served(root: Path) -> Iterator[str]:
    """The web page of a workspace on loopback, at the time at which the demo ends; its address."""
    import uvicorn

    from qforms.web import app, submission

    with socket.create_server(("127.0.0.1", 0)) as listening, opened(root) as house:
        submission.prepare(house.settings)
        config = uvicorn.Config(app.build(house, lambda: THEN), log_level="warning", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        running.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        running.join(60)


if __name__ == "__main__":
    main()

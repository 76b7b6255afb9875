"""The pages in a real browser, served by the real command: with the keyboard alone, without JavaScript, on a phone."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import support_endtoend as e2e
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from servers import ports
from support_web import MP4, PNG

from qforms.web import users

STAFF, PASSWORD = "sales@company.example", "correct horse battery"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
_WAIT = 120_000  # milliseconds


class Site:
    def __init__(self, ws: e2e.Workspace, url: str, browser: Browser) -> None:
        self.ws, self.url, self.browser = ws, url, browser
        self.said: list[str] = []  # what the browser complained of

    def page(self, width: int = 1280, **more: Any) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN", **more)
        context.set_default_timeout(_WAIT)
        page = context.new_page()
        page.on("console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda fault: self.said.append(str(fault)))
        return page


@pytest.fixture(scope="module")
def site(made_for_web: e2e.Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    ws = e2e.copy(made_for_web, tmp_path_factory.mktemp("browser") / "ws")
    [port] = ports.free(1)
    url = f"http://127.0.0.1:{port}"
    ws.set("web", url=url, port=port, number_seconds=0)
    users.set_password(ws.root, STAFF, PASSWORD)
    running = subprocess.Popen(
        [sys.executable, "-m", "qforms.cli", "web", str(ws.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=e2e.environ(),
        cwd=e2e.ROOT,
    )
    try:
        e2e.wait_for(lambda: running.poll() is not None or _answers(f"{url}/healthz"))
        assert running.poll() is None, running.stdout and running.stdout.read()
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS, timeout=_WAIT)
            yield Site(ws, url, browser)
            browser.close()
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            assert running.wait(120) == 0
        except subprocess.TimeoutExpired:
            running.kill()
            raise


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


def faults_of(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out (WCAG): serious and critical faults."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in ("serious", "critical")]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_report_from_the_page_to_the_workbook_and_the_board(site: Site, tmp_path: Path) -> None:
    page = site.page()
    page.goto(site.url)
    assert faults_of(page) == []
    (tmp_path / "照片.png").write_bytes(PNG)
    (tmp_path / "视频.mp4").write_bytes(MP4)
    page.get_by_label("客户名称").fill("深圳启远智能科技有限公司")
    page.get_by_label("联系电话").fill("0755-8123 4567")
    page.get_by_label("产品型号").fill("YL-A65")
    page.get_by_label("生产批号").fill("A65-2603C")
    page.get_by_label("问题现象").fill("通电 5 min 内无输出")
    page.get_by_label("不良数量").fill("9")
    page.get_by_label("8D报告").check()
    page.get_by_label("照片/视频").set_input_files([tmp_path / "照片.png", tmp_path / "视频.mp4"])
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已收到您的反馈").wait_for()
    receipt = page.locator("dd").first.inner_text()
    assert re.fullmatch(r"R\d{8}-[2-9A-Z]{8}", receipt) and faults_of(page) == []
    for file in (site.ws.root / "web/new").iterdir():
        os.utime(file, (e2e.NOW.timestamp(),) * 2)
    site.ws.once(e2e.NOW)
    [case] = site.ws.records()
    page.get_by_role("link", name="刷新").click()
    page.get_by_role("heading", name="处理进度").wait_for()
    assert case["number"] in page.content() and receipt in page.content() and faults_of(page) == []
    assert [r["name"] for r in case["values"]["evidence"]] == ["照片.png", "视频.mp4"]
    assert any(case["number"] in str(row) and "A65-2603C" in str(row) for row in site.ws.rows("投诉台账"))
    _board(site, page, case["number"])
    assert site.said == []  # no word of the Content-Security-Policy, no script that failed
    page.context.close()


def _board(site: Site, page: Page, number: str) -> None:
    page.goto(f"{site.url}/board")
    assert faults_of(page) == []
    page.get_by_label("邮箱").fill(STAFF)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="正在走的时限").wait_for()
    assert number in page.content() and faults_of(page) == []
    page.get_by_label("查找").fill("无输出")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("status").wait_for()
    assert number in page.content() and faults_of(page) == []
    page.get_by_role("link", name=number).first.click()
    page.get_by_role("heading", name="时限").wait_for()
    assert "通电 5 min 内无输出" in page.content() and faults_of(page) == []
    page.get_by_role("button", name="退出").click()
    page.get_by_label("密码").wait_for()


def test_with_the_keyboard_alone(site: Site) -> None:
    page = site.page()
    page.goto(site.url)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "跳到正文"
    told = {"customer_name": "禾木", "contact_phone": "0574-1234", "product_model": "YL-H18", "defect_symptom": "漏水"}
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name, kind = page.evaluate("[document.activeElement.name || '', document.activeElement.type || '']")
        seen.append(name)
        if name in told:
            page.keyboard.type(told[name])
        if kind == "submit":
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            page.keyboard.press("Enter")
            break
    page.get_by_text("已收到您的反馈").wait_for()
    assert [n for n in seen if n in told] == list(told)  # in the order in which they stand
    assert "website" not in seen  # what is hidden is not reached
    page.context.close()


def test_without_javascript_what_is_wrong_is_said_and_what_was_given_stays(site: Site, tmp_path: Path) -> None:
    (tmp_path / "漏水.png").write_bytes(PNG)
    page = site.page(java_script_enabled=False)
    page.goto(site.url)
    page.locator("#evidence").set_input_files(tmp_path / "漏水.png")
    page.locator("#customer_name").fill("禾木")
    page.locator("#lot_no").fill("H18-2604A")
    page.get_by_role("button", name="提交").click()
    page.get_by_role("alert").wait_for()
    assert page.locator("#lot_no").input_value() == "H18-2604A"
    assert page.locator("#contact_phone").get_attribute("aria-invalid") == "true"
    assert page.locator('input[name="kept"]').is_checked() and "漏水.png" in page.content()
    page.locator("#contact_phone").fill("0574-1234")
    page.locator("#defect_symptom").fill("漏水")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已收到您的反馈").wait_for()
    arrived = max((site.ws.root / "web/new").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    mail = email.message_from_bytes(arrived.read_bytes(), policy=email.policy.default)
    assert [p.get_payload(decode=True) for p in mail.walk() if p.get_content_type() == "image/png"] == [PNG]
    page.context.close()


def test_on_a_phone_nothing_is_wider_than_the_screen(site: Site) -> None:
    page = site.page(width=360, is_mobile=True, has_touch=True)
    for path in ("/", "/?lang=en", "/s/x/y", "/board/login"):
        page.goto(f"{site.url}{path}")
        assert fits(page), path
    page.goto(f"{site.url}/board/login?lang=zh")
    page.get_by_label("邮箱").fill(STAFF)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="正在走的时限").wait_for()
    assert fits(page) and faults_of(page) == []
    page.goto(f"{site.url}/?lang=zh")
    for summary in page.locator("summary").all():
        summary.tap()
    assert fits(page) and faults_of(page) == []
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, textarea')].filter(e => e.offsetHeight < 44).length"
    )
    assert small == 0  # a finger's width
    page.context.close()

"""The daemon as a process of its own, with Dovecot and Postfix on both sides."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from servers.mailstack import MailStack
from support_endtoend import Inbox, Workspace, mail, qforms, running, wait_for

pytestmark = pytest.mark.servers


@pytest.fixture
def write(mailstack: MailStack, support: Inbox, customer: Inbox) -> Callable[..., None]:
    """Sends a mail of the customer to the support address, over SMTP."""

    def send(*arguments: str, sender: str = "", **headers: str) -> None:
        by = sender or customer.address
        mailstack.submit(mail(*arguments, sender=by, **headers), support.address, by)

    return send


def answers(inbox: Inbox) -> list[EmailMessage]:
    """Letters of ours, and no other mail."""
    return [m for m in inbox.mails() if m["X-Qforms-Key"]]


def letter_to(workspace: Workspace, address: str) -> list[dict[str, object]]:
    return [x for x in workspace.letters() if address in x["to"]]


def test_a_mail_becomes_a_case_an_answer_and_a_row(
    wired: Workspace, support: Inbox, customer: Inbox, staff: Inbox, write: Callable[..., None]
) -> None:
    with running(wired) as daemon:
        write()
        [answer] = wait_for(lambda: answers(customer))
        [number] = [r["number"] for r in wired.records()]
        assert f"[{number}]" in answer["Subject"] and answer["Subject"].startswith("Re: 投诉 YL-A65 无输出")
        assert answer["In-Reply-To"] == mail_id(customer)
        assert answer["From"].endswith(f"<{support.address}>")
        wait_for(lambda: support.mails("qforms-done") and not support.mails())
        wait_for(lambda: any(number in row for row in wired.rows("投诉台账")))
        wait_for(lambda: any(number in m["Subject"] for m in answers(staff)))  # sales hears of the new case
        assert daemon.stop() == 0
    assert wired.logged("stopped")


def mail_id(customer: Inbox) -> str:
    found = re.search(rb"^Message-ID: (.+?)\r?$", mail(sender=customer.address), re.M)
    assert found
    return found[1].decode()


def test_the_stop_file_ends_it(wired: Workspace) -> None:
    with running(wired) as daemon:
        (wired.root / "stop").touch()
        assert daemon.process.wait(120) == 0


def test_a_second_daemon_says_so_and_leaves(wired: Workspace) -> None:
    with running(wired):
        for arguments in (["run", str(wired.root)], ["run", str(wired.root), "--once"]):
            second = qforms(*arguments)
            assert (second.returncode, second.stdout) == (1, "")
            assert "已有一个 qforms 在运行" in second.stderr and "Traceback" not in second.stderr


def test_the_mail_server_goes_and_comes_back(
    wired: Workspace, mailstack: MailStack, customer: Inbox, write: Callable[..., None]
) -> None:
    with running(wired) as daemon:
        mailstack.stop_dovecot(hard=True)
        try:
            wait_for(lambda: wired.logged("source down"))
            wired.drop("a.json", {"form": "complaint", "by": "intake", "values": {"defect_symptom": "无输出"}})
            wait_for(wired.records)  # the folder goes on
        finally:
            mailstack.start_dovecot()
        write()
        wait_for(lambda: answers(customer))
        assert daemon.alive
    assert len(wired.logged("source down")) < 15


def test_a_wrong_password_is_said_once_and_harms_nobody_else(wired: Workspace, staff: Inbox) -> None:
    before = len(answers(staff))
    with running(wired, QFORMS_MAIL_PASSWORD="falsch") as daemon:
        down = wait_for(lambda: wired.logged("source down"))
        assert "密码" in down[0]["reason"] and down[0]["retry_in"] >= 60  # no hammering: the account would be locked
        operator = wait_for(lambda: [m for m in answers(staff)[before:] if "operator" in m["X-Qforms-Key"]])
        assert len(operator) == 1
        wired.drop("a.json", {"form": "complaint", "by": "intake", "values": {"defect_symptom": "无输出"}})
        wait_for(wired.records)
        assert daemon.alive and len(wired.logged("source down")) == 1


def test_a_letter_waits_for_its_server_and_goes_once(
    wired: Workspace, mailstack: MailStack, support: Inbox, customer: Inbox
) -> None:
    mailstack.deliver(mail(sender=customer.address), support.address)
    mailstack.stop_smtp()
    try:
        with running(wired):
            [waiting] = wait_for(lambda: [x for x in letter_to(wired, customer.address) if x["state"] == "later"])
            assert waiting["attempts"] == 0 and "localhost" in str(waiting["last_error"])
            assert [d["outcome"] for d in wired.deliveries()] == ["partial"]
            wait_for(lambda: support.mails("qforms-done"))
    finally:
        mailstack.start_smtp()
    assert not customer.mails()
    for _ in range(2):
        later(wired)
    assert {x["state"] for x in wired.letters()} == {"sent"}
    assert len(wait_for(lambda: answers(customer))) == 1


def later(workspace: Workspace) -> None:
    """Everything that is due in ten minutes: letters that wait for their next try."""
    at = datetime.now(UTC) + timedelta(minutes=10)
    done = qforms("run", str(workspace.root), "--once", "--now", at.isoformat())
    assert (done.returncode, done.stderr) == (0, "")


def test_one_mail_by_two_routes_is_one_case(
    wired: Workspace, mailstack: MailStack, support: Inbox, customer: Inbox
) -> None:
    raw = mail(sender=customer.address)
    for route in (b"mx1.example", b"mx2.example"):
        line = b"Received: from " + route + b" by mail.test.local; Wed, 06 May 2026 14:00:00 +0800\r\n"
        mailstack.submit(line + raw, support.address, customer.address)
    with running(wired):
        wait_for(lambda: len(support.mails("qforms-done")) == 2)
    assert len(wired.records()) == 1 and len(answers(customer)) == 1


def test_killed_between_commit_and_sending(
    wired: Workspace, mailstack: MailStack, support: Inbox, customer: Inbox, write: Callable[..., None]
) -> None:
    mailstack.stop_smtp()
    try:
        mailstack.deliver(mail(sender=customer.address), support.address)
        with running(wired) as daemon:
            wait_for(lambda: letter_to(wired, customer.address))
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(120)
    finally:
        mailstack.start_smtp()
    later(wired)
    with running(wired):
        wait_for(lambda: answers(customer))
        wait_for(lambda: support.mails("qforms-done"))
        write("第二封", "产品 YL-A66 有异响，2 台。\n")
        wait_for(lambda: len(answers(customer)) == 2)
    assert len(wired.records()) == 2


def test_a_wrong_address_comes_back_and_becomes_a_task(
    wired: Workspace, mailstack: MailStack, support: Inbox, write: Callable[..., None]
) -> None:
    with running(wired):
        write(sender="niemand@test.local")
        [letter] = wait_for(lambda: [x for x in wired.letters() if x["state"] == "bounced"])
        assert letter["to"] == ["niemand@test.local"] and "5.1.1" in letter["last_error"]
        wait_for(lambda: not support.mails())
    assert "bounced" in wired.tasks()
    assert [(d["outcome"], d["codes"]) for d in wired.deliveries()][1:] == [("ignored", ["bounced"])]
    assert len(wired.records()) == 1


def test_our_own_letters_and_machines_get_no_answer(
    wired: Workspace, mailstack: MailStack, support: Inbox, customer: Inbox, write: Callable[..., None]
) -> None:
    with running(wired):
        write()
        wait_for(lambda: answers(customer))
        [letter] = answers(customer)
        mailstack.submit(letter.as_bytes(), support.address, support.address)  # a cc, a forwarding rule
        write("自动回复：休假中", "我在休假，YL-A65 的投诉请找同事。\n", Auto_Submitted="auto-replied")
        wait_for(lambda: len(wired.deliveries()) == 3 and not support.mails())
        time.sleep(1)
    assert sorted(str(d["codes"]) for d in wired.deliveries()[1:]) == ["['auto_reply']", "['own_mail']"]
    assert len(answers(customer)) == 1 and len(wired.records()) == 1


def test_a_stranger_with_somebody_elses_number_opens_a_linked_case(
    wired: Workspace, mailstack: MailStack, support: Inbox, customer: Inbox, write: Callable[..., None]
) -> None:
    stranger = Inbox(mailstack, mailstack.new_user())
    with running(wired):
        write()
        wait_for(lambda: answers(customer))
        [first] = wired.records()
        write(f"Re: {first['number']}", "我们的 YL-A65 也无输出，批号 A65-2604A，4 台。\n", sender=stranger.address)
        [answer] = wait_for(lambda: answers(stranger))
    old, new = wired.records()
    assert old == first  # nothing of the first case was changed, and nothing of it was told
    assert new["case_no"] == new["number"] and new["number"] in answer["Subject"]
    assert "A65-2603C" not in answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert first["number"] in str(new["values"]) or first["number"] in str(wired.deliveries()[-1]["reason"])

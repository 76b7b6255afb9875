"""Who may receive a letter, when it goes, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qforms.model import Dead, Later, Letter, LetterIntent, Sent
from qforms.outbox import guard, post
from qforms.problems import say
from qforms.settings import Outgoing, Settings

NOW = datetime(2026, 5, 6, 14, 20, tzinfo=UTC)
OURS, PERSONS = {"yilin.example"}, {"zhang.san@qq.example"}


def intent(audience: Any = "customer", **more: Any) -> LetterIntent:
    values: dict[str, Any] = {
        "key": "k",
        "kind": "answer",
        "to": ("buyer@kunde.example",),
        "cc": (),
        "lang": "zh",
        "number": "",
        "revision": 1,
        "case_no": "",
        "subject": "",
        "facts": {},
        "at": NOW,
        **more,
    }
    return LetterIntent(audience=audience, **values)


def code(letter: LetterIntent, attachments: Any = (), to: Any = None, **more: Any) -> str:
    problem = guard.allowed(letter, attachments, to or (*letter.to, *letter.cc), OURS, PERSONS, **more)
    if problem:
        assert "{" not in say(problem, "zh") + say(problem, "en")
    return problem.code if problem else ""


class TestGuard:
    def test_an_answer_to_the_customer(self) -> None:
        assert code(intent(), [("8D.docx", "customer")], text="换新，5 月 9 日寄出。") == ""

    @pytest.mark.parametrize("audience", ["department", "manager", "office", "operator"])
    def test_an_internal_letter_stays_inside(self, audience: str) -> None:
        assert code(intent(audience)) == "letter_outside"
        assert code(intent(audience), to=["li@yilin.example", "buyer@kunde.example"]) == "letter_outside"
        assert code(intent(audience), [("8001.docx", "internal")], ["li@dept.yilin.example"]) == ""
        assert code(intent(audience), [("8001.docx", "internal")], ["Zhang.San@QQ.example"]) == ""

    @pytest.mark.parametrize(
        ("letter", "form", "may"),
        [
            ("customer", "internal", False),
            ("customer", "supplier", False),
            ("customer", "customer", True),
            ("supplier", "internal", False),
            ("supplier", "supplier", True),
            ("supplier", "customer", True),
        ],
    )
    def test_a_form_reaches_its_circle_only(self, letter: str, form: Any, may: bool) -> None:
        assert code(intent(letter), [("a.docx", "customer"), ("b.docx", form)]) == ("" if may else "letter_attachment")

    def test_a_copy_to_the_outside_counts(self) -> None:
        letter = intent(to=("li@yilin.example",), cc=("buyer@kunde.example",))
        assert code(letter, [("8001.docx", "internal")]) == "letter_attachment"

    def test_our_domain_as_a_part_of_another_is_not_ours(self) -> None:
        for address in ("x@evil-yilin.example", "x@yilin.example.evil.example", "yilin.example@kunde.example"):
            assert code(intent("department"), to=[address]) == "letter_outside"

    @pytest.mark.parametrize(
        "text",
        [
            "同批不良率 3.2‰，超过 3‰。",
            "rate 3.2 per mille",
            "责任比例：工程部 60%",
            "费用分摊 采购 40 %，贵司 60 %",
            "Cost share: 40 %",
            "与宁波禾木百货相同的问题",
            "> 发件人: 李工 <li@yilin.example>\n> 先别告诉客户",
            "-----Original-----\nFrom: Li (li@yilin.example)\n",
        ],
    )
    def test_internal_words_do_not_reach_the_outside(self, text: str) -> None:
        assert code(intent(), text=text, withheld=["宁波禾木百货"]) == "letter_confidential"
        assert code(intent("department", to=("li@yilin.example",)), text=text, withheld=["宁波禾木百货"]) == ""

    @pytest.mark.parametrize(
        "text", ["我们承担全部费用。", "From: buyer@kunde.example\nwrote", "合格率 99.2%", "电压 5%", "寄往宁波"]
    )
    def test_ordinary_words_do(self, text: str) -> None:
        assert code(intent(), text=text, withheld=["宁波禾木百货", ""]) == ""

    def test_an_acknowledgement_may_repeat_the_customers_own_words(self) -> None:
        echo = "主题：YL-A65 不良率 3.2‰，要求贵司承担比例 60%"
        assert code(intent(kind="acknowledgement"), text=echo) == ""
        assert (
            code(intent(kind="acknowledgement"), text=echo + "宁波禾木", withheld=["宁波禾木"]) == "letter_confidential"
        )

    @pytest.mark.parametrize("domain", ["qq.com", "163.com", "gmail.com"])
    def test_a_domain_that_everybody_has_is_nobodys(self, domain: str) -> None:
        """A small company writes from its QQ mailbox, and so do its customers."""
        ours = {f"support@{domain}"}
        stranger = guard.allowed(intent("department"), (), [f"buyer@{domain}"], {domain}, ours)
        assert stranger and stranger.code == "letter_outside"
        assert guard.allowed(intent("department"), (), [f"support@{domain}"], {domain}, ours) is None

    def test_nobody_and_no_address(self) -> None:
        assert guard.allowed(intent(to=()), (), (), OURS, PERSONS).code == "letter_nobody"  # type: ignore[union-attr]
        assert code(intent(), to=["张三"]) == "letter_address"


def letter(state: Any = "owed", audience: Any = "department", **more: Any) -> Letter:
    wanted = {k: more.pop(k) for k in ("not_before", "urgent") if k in more}
    return Letter(intent(audience, **wanted), state, "<m@x>", **more)


def settings(**outgoing: Any) -> Settings:
    return Settings(root=Path(), outgoing=Outgoing(**outgoing))


class TestWhen:
    def test_modes_of_each_audience(self) -> None:
        mixed = settings(customer="hold", department="trial", office="send")
        assert post.next_step(letter(audience="customer"), mixed, NOW) == "hold"
        assert post.next_step(letter(audience="department"), mixed, NOW) == "trial"
        assert post.next_step(letter(audience="office"), mixed, NOW) == "send"

    def test_a_released_letter_goes_but_never_in_trial(self) -> None:
        assert post.next_step(letter("held", "customer"), settings(customer="hold"), NOW) == "hold"
        assert post.next_step(letter("rendered", "customer"), settings(customer="hold"), NOW) == "send"
        for state in ("owed", "rendered", "later", "unknown", "sending"):
            assert post.next_step(letter(state, "customer"), settings(customer="trial"), NOW) == "trial"

    def test_letters_of_the_trial_do_not_go_out_afterwards(self) -> None:
        assert post.next_step(letter("trial"), settings(), NOW) == "trial"

    @pytest.mark.parametrize("state", ["sent", "dead", "stopped", "bounced"])
    def test_what_is_finished_stays_so(self, state: str) -> None:
        assert post.next_step(letter(state), settings(department="trial"), NOW) == "wait"

    def test_a_department_letter_can_be_stopped_for_a_while(self) -> None:
        delayed = settings(delay_minutes=10)
        assert post.next_step(letter(), delayed, NOW + timedelta(minutes=9)) == "wait"
        assert post.next_step(letter(), delayed, NOW + timedelta(minutes=10)) == "send"
        assert post.next_step(letter(urgent=True), delayed, NOW) == "send"
        assert post.next_step(letter(audience="customer"), delayed, NOW) == "send"

    def test_not_before_and_next_try(self) -> None:
        later = NOW + timedelta(hours=1)
        assert post.next_step(letter(not_before=later), settings(), NOW) == "wait"
        assert post.next_step(letter("later", next_try=later), settings(), NOW) == "wait"
        assert post.next_step(letter("later", next_try=later), settings(), later) == "send"

    def test_cut_off_by_a_crash_goes_again(self) -> None:
        assert post.next_step(letter("sending"), settings(), NOW) == "send"


class TestAfter:
    def test_sent(self) -> None:
        done = post.after(letter("rendered"), Sent(), NOW)
        assert (done.state, done.sent_at, done.attempts, done.last_error) == ("sent", NOW, 1, "")

    def test_sent_but_refused_by_one(self) -> None:
        done = post.after(letter("rendered"), Sent(("a@b.cn",)), NOW)
        assert (done.state, done.refused) == ("sent", ("a@b.cn",)) and "a@b.cn" in done.last_error

    def test_dead(self) -> None:
        done = post.after(letter("rendered"), Dead("550 no", ("a@b.cn",)), NOW)
        assert (done.state, done.last_error, done.next_try) == ("dead", "550 no", None)

    def test_pauses_grow_to_four_hours_then_it_is_dead(self) -> None:
        now, one, pauses = NOW, letter("rendered"), []
        for _ in range(11):
            one = post.after(one, Later("451"), now, attempts=12)
            assert one.state == "later" and one.next_try
            pauses.append((one.next_try - now) / timedelta(minutes=1))
            now = one.next_try
        assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]
        assert post.after(one, Later("451"), now, attempts=12).state == "dead"

    def test_a_server_that_is_down_costs_no_attempt(self) -> None:
        one = letter("rendered", attempts=11)
        for _ in range(50):
            one = post.after(one, Later("down", down=True), NOW)
        assert (one.state, one.attempts) == ("later", 11)

    def test_a_server_that_is_back_soon_gets_its_letters_soon(self) -> None:
        for rest, waits in ((0.01, 1), (8.0, 8), (300.0, 300)):
            one = post.after(letter("rendered"), Later("down", down=True, rest=rest), NOW)
            assert one.next_try == NOW + timedelta(seconds=waits)

    def test_unknown_waits_longer_and_stays_known_as_such(self) -> None:
        one = post.after(letter("rendered"), Later("lost", unknown=True), NOW)
        assert (one.state, one.next_try) == ("unknown", NOW + timedelta(minutes=30))
        assert post.next_step(one, settings(), NOW + timedelta(minutes=30)) == "send"
        assert post.after(one, Later("down", down=True), NOW).state == "unknown"
        assert post.after(one, Sent(), NOW).state == "sent"

    def test_nobody_gets_a_letter_three_times(self) -> None:
        for once in (letter("sending"), letter("unknown")):
            again = post.under_way(once, repeatable=False)
            assert again.state == "resending" and post.under_way(once, repeatable=True).state == "sending"
            assert post.next_step(again, settings(), NOW) == "hold"  # cut off at its last dot once more
            assert post.withheld(again, "hold").last_error
            lost = post.after(once, Later("lost", unknown=True), NOW)
            assert lost.state == "held" and lost.last_error and lost.next_try is None
        assert post.under_way(letter("rendered"), repeatable=False).state == "sending"

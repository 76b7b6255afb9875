"""Group robots of WeCom, DingTalk and Feishu: payloads, signatures, refusals, limits; nothing of a key in any text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import support_ledger as s
from hypothesis import given
from hypothesis import strategies as st
from servers.robots import KEY, SECRET, Server, webhooks

from qforms.model import Dead, Later, Letter, QformsError, Sent
from qforms.outbox import chat
from qforms.outbox.post import next_step
from qforms.outbox.robots import Robots, keys, unreachable
from qforms.settings import Outgoing, Robot, Settings

VENDORS = ("wecom", "dingtalk", "feishu")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with webhooks() as made:
        yield made


@pytest.fixture
def robots(server: Server, monkeypatch: pytest.MonkeyPatch) -> Robots:
    server.said.clear()
    server.next.clear()
    for name in VENDORS:
        monkeypatch.setenv(f"QFORMS_ROBOT_{name.upper()}", KEY)
        monkeypatch.setenv(f"QFORMS_ROBOT_{name.upper()}_SIGN", SECRET)
    return Robots(settings(server))


def settings(server: Server, **more: Any) -> Settings:
    named = {n: Robot(kind=n, url=server.url(n), signed=n != "wecom", timeout=0.5, **more) for n in VENDORS}  # type: ignore[arg-type]
    return Settings(root=Path("/nowhere"), robots=named)


def say(robots: Robots, name: str, text: str = "【质量·警报】TS-202605-0001") -> Sent | Later | Dead:
    return robots.send(text.encode(), "", [name])


@pytest.mark.parametrize("name", VENDORS)
def test_each_vendor_takes_it_with_its_own_signature(robots: Robots, server: Server, name: str) -> None:
    committed: list[int] = []
    text = "【质量·警报】TS-202605-0001 冒烟\n请立即联系客户。"
    assert robots.send(text.encode(), "", [name], lambda: committed.append(len(server.said))) == Sent()
    assert server.said == [(name, text)] and committed == [0]


REFUSED = [
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}),
    ("wecom", {"errcode": 40058, "errmsg": "exceed max length"}),
    ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}),
    ("feishu", {"code": 19024, "msg": "Key Words Not Found"}),
    ("feishu", 404),
    ("wecom", 302),
    ("wecom", {"unknown": 1}),
]


@pytest.mark.parametrize(("name", "answer"), REFUSED)
def test_a_refusal_with_http_200_is_one(robots: Robots, server: Server, name: str, answer: Any) -> None:
    server.next.append(answer)
    assert isinstance(say(robots, name), Dead)
    assert say(robots, name) == Sent()  # what one message was refused for keeps no other back


BUSY = [
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}),
    ("wecom", {"errcode": -1, "errmsg": "system busy"}),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}),
    ("feishu", {"code": 9499, "msg": "too many request"}),
    ("feishu", {"code": 11232, "msg": "frequency limited"}),
    ("dingtalk", 429),
    ("feishu", 502),
]


@pytest.mark.parametrize(("name", "answer"), BUSY)
def test_one_that_is_asked_too_often_rests_and_costs_no_attempt(
    server: Server, robots: Robots, name: str, answer: Any
) -> None:
    clock = [1_000_000.0]
    calm = Robots(robots._settings, lambda: clock[0])
    server.signed, before = False, server.asked
    try:
        server.next.append(answer)
        first = say(calm, name)
        assert isinstance(first, Later) and first.down and first.rest >= 30
        assert isinstance(say(calm, name), Later) and server.asked == before + 1  # it is not asked again meanwhile
        clock[0] += first.rest
        assert say(calm, name) == Sent()
    finally:
        server.signed = True


def test_twenty_a_minute_and_no_more(robots: Robots, server: Server) -> None:
    clock = [1_000_000.0]
    paced = Robots(robots._settings, lambda: clock[0])
    assert [say(paced, "wecom") for _ in range(20)] == [Sent()] * 20
    before, late = server.asked, say(paced, "wecom")
    assert isinstance(late, Later) and late.down and 0 < late.rest <= 60 and server.asked == before
    clock[0] += late.rest
    assert say(paced, "wecom") == Sent()


def test_silence_leaves_its_fate_unknown_and_a_closed_door_does_not(robots: Robots, server: Server) -> None:
    server.next.append("silent")
    told = say(robots, "feishu")
    assert isinstance(told, Later) and told.unknown
    gone = Settings(root=Path("/nowhere"), robots={"wecom": Robot(url="http://127.0.0.1:9/send?key={key}")})
    told = say(Robots(gone), "wecom")
    assert isinstance(told, Later) and told.down and not told.unknown


def test_no_key_is_in_any_reason(robots: Robots, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QFORMS_ROBOT_DINGTALK_SIGN", "wrong-secret")
    told = say(robots, "dingtalk")
    assert isinstance(told, Dead) and "310000" in told.reason and KEY not in told.reason and "***" in told.reason


def test_without_a_key_it_is_said_which_variable_to_set(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QFORMS_ROBOT_WECOM", raising=False)
    with pytest.raises(QformsError, match="QFORMS_ROBOT_WECOM"):
        keys(settings(server), "wecom")
    told = say(Robots(settings(server)), "wecom")
    assert isinstance(told, Dead) and "QFORMS_ROBOT_WECOM" in told.reason


def test_whether_its_server_can_be_reached_is_told_without_a_word(robots: Robots, server: Server) -> None:
    assert unreachable(settings(server), "wecom") == "" and not server.said
    gone = Settings(root=Path("/nowhere"), robots={"wecom": Robot(url="http://127.0.0.1:9/send?key={key}")})
    assert unreachable(gone, "wecom").startswith("127.0.0.1:9: ")


def test_a_trial_keeps_it_back() -> None:
    owed = chat.message(alarm(), "quality", Robot())
    assert owed is not None
    trial = Settings(root=Path("/nowhere"), outgoing=Outgoing(robot="trial"))
    assert next_step(Letter(owed, "owed", "<1@x>"), trial, s.NOW) == "trial"


# ---------------------------------------------------------------- what it is told


def alarm(**more: Any) -> Any:
    told = {"number": "TS-1", "model": "YL-A65", "phenomenon": "冒烟", "request": "联系客户", "words": ["冒烟"]}
    private = {"name": "周启文", "facts": [["客户", "深圳启远"]], "original": {"subject": "王先生 13800138000"}}
    return s.letter("alarm:1", kind="alarm", facts=told | private, at=s.NOW, **more)


def test_it_is_told_what_and_by_when_and_of_nobody() -> None:
    made = chat.message(alarm(), "quality", Robot())
    assert made is not None and (made.audience, made.to, made.facts["stage"]) == ("robot", ("quality",), "警报")
    assert not {"name", "facts", "original"} & set(made.facts)
    assert chat.message(alarm(), "quality", Robot(kinds=("digest",))) is None
    assert chat.message(alarm(audience="customer"), "quality", Robot()) is None
    assert chat.message(alarm(), "quality", Robot()) == made  # the same letter is told once


def test_of_the_digests_that_of_all_departments_once_a_day() -> None:
    def digest(to: str, department: str = "") -> Any:
        facts = {"lines": [{"number": "TS-1", "situation": "深圳启远"}], "department": department}
        return s.letter(f"digest:{to}", kind="digest", audience="manager", facts=facts, at=s.NOW)

    one, two = (chat.message(digest(to), "quality", Robot()) for to in ("gm", "gmo"))
    assert one is not None and two is not None and one.key == two.key
    assert one.facts["lines"] == [{"number": "TS-1"}]
    assert chat.message(digest("head", "销售部"), "quality", Robot()) is None


def test_telephones_addresses_and_names_are_hidden() -> None:
    words = "王先生 138 0013 8000 或 0755-26001234，wang@qiyuan.example；TS-202605-0001 批号 A65-2603C 等 20260506"
    told = chat.text("【质量】", words, ["王先生", ""], "zh")
    assert told == "【质量】\n*** *** 或 ***，***；TS-202605-0001 批号 A65-2603C 等 20260506"


@given(st.text(alphabet=st.sampled_from("质a \n。1"), max_size=4000), st.sampled_from(["zh", "en"]))
def test_never_more_than_2048_bytes_and_whole_characters(words: str, lang: Any) -> None:
    told = chat.text("【质量】", words, (), lang)
    assert len(told.encode()) <= chat.BYTES
    whole = f"【质量】\n{words}".strip()
    assert told == whole or (told.startswith(whole[:20]) and told.endswith(chat._REST[lang]))  # fmt: skip

"""Group robots of WeCom, DingTalk and Feishu: a short text into a chat, one way, by a webhook (P37).

What the three have in common: POST of JSON, HTTP 200 even where they refuse (the body says so), 20 messages a minute a
robot. Keys stand in no text of ours: neither in settings nor in errors nor in the log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from qforms.model import Dead, Later, QformsError, Sent
from qforms.settings import Robot, Settings, secret

A_MINUTE = 20  # messages of one robot
_WINDOW, _REST, _LONGEST = 60.0, 30.0, 600.0  # seconds
_ANSWER = 4096  # bytes of an answer that are read
SERVICE = "qforms-robot"


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one of the three is spoken to. `busy`: codes for too many messages, or a fault of its own."""

    url: str  # {key} stands for the robot's key
    body: Callable[[str], dict[str, Any]]
    signed: Callable[[dict[str, Any], str, str, float], tuple[dict[str, Any], str]]  # body, url, secret, now
    code: str  # where its answer says whether it took the message: 0
    said: str
    busy: frozenset[int]


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _unsigned(body: dict[str, Any], url: str, _secret: str, _now: float) -> tuple[dict[str, Any], str]:
    return body, url


def _dingtalk(body: dict[str, Any], url: str, key: str, now: float) -> tuple[dict[str, Any], str]:
    """The signature stands in the address: of milliseconds and the secret, by the secret."""
    at = round(now * 1000)
    return body, f"{url}&timestamp={at}&sign={quote(_hmac(key, f'{at}{chr(10)}{key}'), safe='')}"


def _feishu(body: dict[str, Any], url: str, key: str, now: float) -> tuple[dict[str, Any], str]:
    """The signature stands in the body: of nothing, by seconds and the secret."""
    at = str(round(now))
    return {"timestamp": at, "sign": _hmac(f"{at}\n{key}", ""), **body}, url


VENDORS: Mapping[str, Vendor] = {
    "wecom": Vendor(
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}",
        lambda text: {"msgtype": "text", "text": {"content": text}},
        _unsigned,
        "errcode",
        "errmsg",
        frozenset({-1, 45009, 45033}),
    ),
    "dingtalk": Vendor(
        "https://oapi.dingtalk.com/robot/send?access_token={key}",
        lambda text: {"msgtype": "text", "text": {"content": text}},
        _dingtalk,
        "errcode",
        "errmsg",
        frozenset({-1, 90030, 130101, 130102, 410100}),
    ),
    "feishu": Vendor(
        "https://open.feishu.cn/open-apis/bot/v2/hook/{key}",
        lambda text: {"msg_type": "text", "content": {"text": text}},
        _feishu,
        "code",
        "msg",
        frozenset({2200, 9499, 11232, 11233}),
    ),
}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key in an address is sent to that address alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Robots:
    """The outgoing side of letters to robots; a recipient is a robot's name. One that fails rests for a while, so that
    it keeps nobody else waiting."""

    repeatable = False

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._told: dict[str, deque[float]] = {}  # by robot: when its last messages went
        self._rests: dict[str, tuple[float, float, str]] = {}  # by robot: until when, how long it rested, why

    def send(
        self, raw: bytes, sender: str, to: Sequence[str], committing: Callable[[], object] = lambda: None
    ) -> Sent | Later | Dead:
        """Hands the text over. `Dead` where the robot refuses it; `Later` where it is asked too often or not there."""
        name, now = to[0], self._clock()
        robot = self._settings.robots.get(name)
        if robot is None:
            return Dead(f"没有名为 {name} 的机器人 (no robot {name})")
        until, _, why = self._rests.get(name, (0.0, 0.0, ""))
        if now < until:
            return Later(why, down=True, rest=until - now)
        recent = self._told.setdefault(name, deque(maxlen=A_MINUTE))
        if len(recent) == A_MINUTE and now - recent[0] < _WINDOW:
            return Later("一分钟 20 条 (20 a minute)", down=True, rest=_WINDOW - (now - recent[0]))
        try:
            request, hidden = self._request(name, robot, raw.decode(), now)
        except QformsError as fault:
            return Dead(fault.text)
        committing()
        recent.append(now)
        return self._told_by(name, VENDORS[robot.kind], *_asked(request, robot, hidden))

    def close(self) -> None:
        self._rests.clear()

    def _request(
        self, name: str, robot: Robot, text: str, now: float
    ) -> tuple[urllib.request.Request, tuple[str, ...]]:
        """The request, and the words in it that are nobody's business. Raises QformsError when there is no key."""
        vendor, (key, signing) = VENDORS[robot.kind], keys(self._settings, name)
        url = (robot.url or vendor.url).replace("{key}", quote(key, safe=""))
        body = vendor.body(text)
        if signing:
            body, url = vendor.signed(body, url, signing, now)
        data = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return urllib.request.Request(url, data, headers, method="POST"), tuple(filter(None, (key, signing)))

    def _told_by(
        self, name: str, vendor: Vendor, status: int, answer: Mapping[str, Any], fault: str
    ) -> Sent | Later | Dead:
        """What an answer means. No answer to what was sent: it may have been taken, so its fate is unknown."""
        code = answer.get(vendor.code, answer.get("StatusCode"))
        if status == 200 and code == 0:
            self._rests.pop(name, None)
            return Sent()
        reason = fault or f"{status} {code}: {answer.get(vendor.said) or ''}".strip()
        if status == 0:
            return Later(reason, down=True, rest=self._rest(name, reason))
        if status < 0:
            self._rest(name, reason)
            return Later(reason, unknown=True)
        if status == 429 or status >= 500 or code in vendor.busy:
            return Later(reason, down=True, rest=self._rest(name, reason))
        return Dead(reason)

    def _rest(self, name: str, reason: str) -> float:
        """Seconds for which a robot is left alone now: each time twice as long."""
        _, last, _ = self._rests.get(name, (0.0, 0.0, ""))
        rest = min(_LONGEST, max(_REST, 2 * last))
        self._rests[name] = self._clock() + rest, rest, reason
        return rest


def unreachable(settings: Settings, name: str) -> str:
    """Why a robot's server cannot be reached; "" when it can. Nothing is said in the group. Raises QformsError when the
    robot has no key."""
    keys(settings, name)
    robot = settings.robots[name]
    address = urlsplit(robot.url or VENDORS[robot.kind].url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname or "", port), robot.timeout) as line:
            if address.scheme == "https":
                ssl.create_default_context().wrap_socket(line, server_hostname=address.hostname).close()
    except OSError as fault:
        return f"{address.hostname}:{port}: {fault}"
    return ""


def keys(settings: Settings, name: str) -> tuple[str, str]:
    """A robot's key, and the secret that it signs with ("": it does not). Raises QformsError when there is no key."""
    robot = settings.robots[name]
    key = secret(robot.key_env or f"QFORMS_ROBOT_{name.upper()}", SERVICE, name, settings.root)
    if not robot.signed:
        return key, ""
    own = robot.sign_env or f"QFORMS_ROBOT_{name.upper()}_SIGN"
    return key, secret(own, SERVICE, f"{name}-sign", settings.root)


def _asked(request: urllib.request.Request, robot: Robot, hidden: Sequence[str]) -> tuple[int, Mapping[str, Any], str]:
    """HTTP status, answer and fault; status 0: not reached, -1: no answer to what was sent."""
    try:
        opener = urllib.request.build_opener(_NoRedirect())
        with opener.open(request, timeout=robot.timeout) as response:
            status, raw = response.status, response.read(_ANSWER)
    except urllib.error.HTTPError as fault:
        status, raw = fault.code, fault.read(_ANSWER)
        fault.close()
    except urllib.error.URLError as fault:
        return 0, {}, _without(str(fault.reason), hidden)
    except (OSError, ValueError) as fault:  # a timeout while its answer was waited for; an answer that is no HTTP
        return -1, {}, _without(f"没有回音：{fault}", hidden)
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = {}
    return status, {k: _without(v, hidden) if isinstance(v, str) else v for k, v in dict(answer).items()}, ""


def _without(text: str, hidden: Sequence[str]) -> str:
    """A text of others without our keys."""
    for word in hidden:
        text = text.replace(word, "***").replace(quote(word, safe=""), "***")
    return text[:300]

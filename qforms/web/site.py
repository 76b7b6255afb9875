"""What the handlers share: the house, the words and templates, the keys, the caps."""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from structlog.typing import FilteringBoundLogger

from qforms import problems
from qforms.forms import pictures
from qforms.house import House
from qforms.model import Lang, Problem
from qforms.web import guard

LANG_COOKIE = "lang"
_HERE = Path(__file__).parent
_YEAR = 365 * 86400
_LOGIN_TRIES, _LOGIN_SECONDS = 10, 15 * 60
_LINKS = 3  # that somebody may ask for in that time


class Site:
    """One workspace on the web. `clock` gives the time; the pages never write into the ledger."""

    def __init__(self, house: House, clock: Callable[[], datetime], log: FilteringBoundLogger) -> None:
        self.house, self.clock, self.log = house, clock, log
        self.settings = house.settings
        self.web = house.settings.web
        self.keys = house.procedures.keys
        self.secure = self.web.url.startswith("https://")
        self.submissions = guard.Limiter(self.web.per_hour, 3600)
        self.logins = guard.Limiter(_LOGIN_TRIES, _LOGIN_SECONDS)
        self.links = guard.Limiter(_LINKS, _LOGIN_SECONDS)
        self.texts: Mapping[str, Mapping[str, str]] = tomllib.loads((_HERE / "texts.toml").read_text("utf-8"))
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def key(self, purpose: str) -> bytes:
        """A key of its own for each purpose, from the newest of the workspace."""
        return hmac.new(list(self.keys.values())[-1], f"web:{purpose}".encode(), hashlib.sha256).digest()

    # ------------------------------------------------------------ language

    def lang(self, request: Request) -> Lang:
        """As the link says, else as it was chosen before, else as the browser wishes, else the company's."""
        for said in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE)):
            if said in ("zh", "en"):
                return "en" if said == "en" else "zh"
        return _wished(request.headers.get("accept-language", "")) or self.settings.lang

    def say(self, problem: Problem, lang: Lang) -> str:
        return problems.say(problem, lang)

    # ------------------------------------------------------------ pages

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page in the reader's language. The language is remembered once it was chosen by the link."""
        lang = self.lang(request)
        visit = guard.visit(request)
        company = self.settings.company
        common = {
            "t": self.texts[lang],
            "lang": lang,
            "other": "en" if lang == "zh" else "zh",
            "company": company.name_en or company.name if lang == "en" else company.name,
            "address": company.address,
            "logo": self.logo() is not None,
            "token": guard.token(self.key("form"), visit, self.clock().timestamp()),
            "path": request.url.path,
            "local": lambda at: f"{self.settings.local(at):%Y-%m-%d %H:%M}" if at else "",
        }
        response = HTMLResponse(self._env.get_template(template).render({**common, **context}), status)
        if request.cookies.get(guard.COOKIE) != visit:
            self.set_cookie(response, guard.COOKIE, visit)
        if request.query_params.get("lang") in ("zh", "en"):
            self.set_cookie(response, LANG_COOKIE, lang, _YEAR)
        return response

    def refusal(self, request: Request, problem: Problem, status: int) -> Response:
        """A page that says why something was not taken."""
        text = self.say(problem, self.lang(request))
        response = self.page(
            request, "message.html", status, title=self.texts[self.lang(request)]["refused_title"], text=text
        )
        response.headers["connection"] = "close"  # what is still on its way is not waited for
        return response

    def missing(self, request: Request, secret: bool = False) -> Response:
        """A friendly page for what is not there; it says the same of a wrong secret and of an unknown number."""
        t = self.texts[self.lang(request)]
        text = t["not_found"] if secret else t["no_page"]
        return self.page(request, "message.html", 404, title=t["not_found_title"], text=text)

    def set_cookie(self, response: Response, name: str, value: str, age: int | None = None) -> None:
        response.set_cookie(name, value, max_age=age, httponly=True, samesite="lax", secure=self.secure, path="/")

    def logo(self) -> bytes | None:
        """The company's logo as on its forms, a JPEG; None when there is none."""
        found = pictures.logo(self.settings.path("form_templates"))
        return found.data if found else None


def _wished(header: str) -> Lang | None:
    """The better liked of our languages in Accept-Language (RFC 9110 12.5.4); None when neither is named."""
    found: list[tuple[float, Lang]] = []
    for piece in header[:400].split(","):
        said = re.fullmatch(r"\s*(zh|en)\b[\w-]*\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", piece, re.I)
        if said and float(said[2] or 1) > 0:
            found.append((float(said[2] or 1), "en" if said[1].lower() == "en" else "zh"))
    return max(found, key=lambda pair: pair[0])[1] if found else None

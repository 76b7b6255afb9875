"""The door of the board: logging in by a password or by a link that came by mail, and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from qforms.web import guard, maillogin, users
from qforms.web.site import Site
from qforms.web.uploads import CutOff, form_of

COOKIE = "qf_board"

Handler = Callable[[Request], Awaitable[Response]]


class Door:
    """Lets our own people in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._links = maillogin.Links(site)

    def behind(self, handler: Handler) -> Handler:
        """Shows a page only to who has logged in; anybody else is led to the login, and from there back."""

        async def guarded(request: Request) -> Response:
            who = await to_thread.run_sync(self._who, request)
            if not who:
                return RedirectResponse(f"/board/login?to={request.url.path}", 303)
            request.state.who = who
            return await handler(request)

        return guarded

    def _who(self, request: Request) -> str:
        now = self._site.clock().timestamp()
        cookie = request.cookies.get(COOKIE, "")
        return users.whose(self._site.house, self._site.key("session"), cookie, now, maillogin.may)

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            return self._ask(request, request.query_params.get("to", ""))
        site = self._site
        try:
            form = await form_of(request, site.web)
        except CutOff as fault:
            return site.refusal(request, fault.problem, fault.status)
        said = {name: str(form.get(name) or "")[:300] for name in ("email", "password", "to", "token")}
        now = site.clock().timestamp()
        address = said["email"].strip().lower()
        if not guard.genuine(request, site.key("form"), said["token"], now):
            return self._ask(request, said["to"], "web_stale", 403)
        if not (site.logins.allows(guard.client(request)) and site.logins.allows(f"user:{address}")):
            return self._ask(request, said["to"], "login_often", 429)
        if not await to_thread.run_sync(users.checks, site.house, address, said["password"]):
            site.log.warning("web login refused", who=address, client=guard.client(request))
            return self._ask(request, said["to"], "login_wrong", 401)
        return self._let_in(address, said["to"])

    def _let_in(self, address: str, to: str) -> Response:
        site = self._site
        until = site.clock().timestamp() + site.web.session_hours * 3600
        response = RedirectResponse(_inside(to), 303)
        cookie = users.session(site.house, site.key("session"), address, until)
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=site.secure, path="/board")
        return response

    async def ask_link(self, request: Request) -> Response:
        """Mails a link to log in by. The answer comes before the address is looked at: it is the same for all."""
        site, lang = self._site, self._site.lang(request)
        t = site.texts[lang]
        if not site.web.login_by_mail:
            return site.missing(request)
        try:
            form = await form_of(request, site.web)
        except CutOff as fault:
            return site.refusal(request, fault.problem, fault.status)
        address = str(form.get("email") or "")[:300].strip().lower()
        now = site.clock().timestamp()
        if not guard.genuine(request, site.key("form"), str(form.get("token") or ""), now):
            return self._ask(request, "", "web_stale", 403)
        if not (site.logins.allows(guard.client(request)) and site.links.allows(address)):
            return self._ask(request, "", "login_often", 429)
        response = site.page(
            request, "message.html", title=t["link_title"], text=t["link_sent"].format(minutes=maillogin.SECONDS // 60)
        )
        response.background = BackgroundTask(to_thread.run_sync, self._links.send, address, lang)
        return response

    async def link(self, request: Request) -> Response:
        """Opened, it asks for a word; with the button it logs in, once."""
        site, token = self._site, request.path_params["token"]
        if not site.logins.allows(guard.client(request)):
            return self._ask(request, "", "login_often", 429)
        if request.method == "GET":
            address = await to_thread.run_sync(self._links.whose, token)
            return site.page(request, "link.html", who=address) if address else self._ask(request, "", "link_over", 403)
        form = await form_of(request, site.web)
        if not guard.genuine(request, site.key("form"), str(form.get("token") or ""), site.clock().timestamp()):
            return self._ask(request, "", "web_stale", 403)
        address = await to_thread.run_sync(self._links.use, token)
        return self._let_in(address, "") if address else self._ask(request, "", "link_over", 403)

    def _ask(self, request: Request, to: str, wrong: str = "", status: int = 200) -> Response:
        t = self._site.texts[self._site.lang(request)]
        return self._site.page(
            request,
            "login.html",
            status,
            to=_inside(to),
            wrong=t.get(wrong, t["login_wrong"]) if wrong else "",
            by_mail=bool(self._site.web.login_by_mail),
        )

    async def logout(self, request: Request) -> Response:
        form = await form_of(request, self._site.web)
        now = self._site.clock().timestamp()
        response = RedirectResponse("/board/login", 303)
        if guard.genuine(request, self._site.key("form"), str(form.get("token") or ""), now):
            response.delete_cookie(COOKIE, path="/board")
        return response


def _inside(path: str) -> str:
    """Where to go after the login: a page of the board, and nowhere else."""
    plain = path.startswith("/board") and not set(path) & set("\\\r\n?#") and "//" not in path
    return path if plain and not path.startswith("/board/log") else "/board"

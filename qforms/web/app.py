"""The application: which address is answered by whom, and what every answer has in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from qforms.house import House
from qforms.web import guard
from qforms.web.pages import Pages
from qforms.web.site import Site

_STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}  # these files, and no other
_DAY = "public, max-age=86400"


def build(
    house: House,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    log: FilteringBoundLogger | None = None,
) -> ASGIApp:
    """The pages of a workspace as an ASGI application."""
    site = Site(house, clock, log or house.log)
    pages = Pages(site)

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "logo" and (picture := site.logo()) is not None:
            return Response(picture, media_type="image/jpeg", headers={"cache-control": _DAY})
        if name not in _STATIC:
            return site.missing(request)
        data = (Path(__file__).parent / "static" / name).read_bytes()
        return Response(data, media_type=_STATIC[name], headers={"cache-control": _DAY})

    async def refused(request: Request, fault: Exception) -> Response:
        status = fault.status_code if isinstance(fault, HTTPException) else 404
        response = site.missing(request)
        response.status_code = status
        return response

    async def failed(request: Request, fault: Exception) -> Response:
        site.log.error("web page failed", path=request.url.path, exc_info=fault)
        t = site.texts[site.lang(request)]
        return site.page(request, "message.html", 500, title=t["trouble_title"], text=t["trouble"])

    routes = [
        Route("/", pages.form, methods=["GET"]),
        Route("/feedback", pages.send, methods=["POST"]),
        Route("/s/{reference}/{secret}", pages.state, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
        Route("/healthz", _alive, methods=["GET"]),
    ]
    if site.web.board:
        from qforms.web.office import routes as office

        routes += office(site)
    handlers = {404: refused, 405: refused, Exception: failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    return guard.SafeHeaders(app, site.secure)  # outermost: an answer to a fault has them, too


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok")

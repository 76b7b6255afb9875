"""Access tokens for mailboxes that take no passwords any more: Microsoft 365 (msal), Google Workspace (google-auth).

A token goes to IMAP and SMTP as SASL XOAUTH2. What renews it lies in the workspace as `oauth-token.json`, mode 0600,
unless the program acts in its own name; a secret comes from the environment or the keyring. msal and google-auth are
imported when a token is asked for: msal's constructors already talk to the login server."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from qforms.model import Problem, QformsError
from qforms.problems import say
from qforms.settings import OAuth, Settings, secret

TOKENS = "oauth-token.json"
WARN_AHEAD = timedelta(days=7)
_PERSON = ["https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"]
_PROGRAM = ["https://outlook.office365.com/.default"]
_GOOGLE = ["https://mail.google.com/"]
_UNUSED = timedelta(days=90)  # Microsoft forgets a sign-in that nobody renewed for so long


class OAuthFault(QformsError):
    """No token is to be had; `problem` says why and what to do."""

    def __init__(self, code: str, **context: object) -> None:
        self.problem = Problem(code, context=context)
        super().__init__(say(self.problem, "zh"))


def token(settings: Settings, user: str) -> str:
    """An access token for this mailbox, good for some minutes at least. Raises OAuthFault."""
    oauth = settings.oauth
    try:
        if oauth.provider == "google":
            return _google(oauth, settings, user)
        if oauth.flow == "client_credentials":
            answer = _program(oauth).acquire_token_for_client(scopes=_PROGRAM)
        else:
            answer = _renewed(settings, user)
    except QformsError:
        raise
    except ImportError as fault:
        raise OAuthFault("oauth_missing", package=fault.name or str(fault)) from None
    except Exception as fault:  # msal and google-auth raise what their HTTP libraries raise
        raise OAuthFault("oauth_unreachable", reason=_cause(fault)) from None
    return _taken(answer, user)


def _cause(fault: BaseException) -> str:
    """What lies at the bottom of a fault of the HTTP libraries, which wrap it three times over."""
    while isinstance(inner := getattr(fault, "reason", None) or next(iter(fault.args), None), BaseException):
        fault = inner
    text = re.sub(r"^\w+\(host='([^']*)', port=(\d+)\): ", r"\1:\2: ", str(fault))
    return text or type(fault).__name__


def xoauth2(user: str, token: str) -> bytes:
    """What the client says first in SASL XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol)."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


def sign_in(settings: Settings, user: str, show: Callable[[str], None]) -> None:
    """A person signs in once, at any browser (RFC 8628): `show` gets what he is to do. Raises OAuthFault."""
    try:
        app, cache = _person(settings)
        flow = app.initiate_device_flow(scopes=_PERSON)
        if "user_code" not in flow:
            raise OAuthFault("oauth_refused", user=user, reason=_reason(flow))
        show(str(flow["message"]))
        _taken(app.acquire_token_by_device_flow(flow), user)
    except ImportError as fault:
        raise OAuthFault("oauth_missing", package=fault.name or str(fault)) from None
    except QformsError:
        raise
    except Exception as fault:
        raise OAuthFault("oauth_unreachable", reason=_cause(fault)) from None
    _keep(settings, cache)


def expires(settings: Settings) -> date | None:
    """The day from which no token will be given any more, as far as it is known: the secret's, or the sign-in's."""
    if settings.oauth.flow == "device" and (file := settings.path(TOKENS)).exists():
        return (datetime.fromtimestamp(file.stat().st_mtime, settings.zone) + _UNUSED).date()
    return settings.oauth.secret_expires


def expiring(settings: Settings, today: date) -> Problem | None:
    """What the operator must renew within a week, or has let lapse; None when there is time, or nothing is known."""
    until = expires(settings)
    if until is None or today + WARN_AHEAD < until:
        return None
    return Problem("oauth_expires", context={"day": until.isoformat()})


def _taken(answer: dict[str, Any] | None, user: str) -> str:
    if not answer or "access_token" not in answer:
        raise OAuthFault("oauth_refused", user=user, reason=_reason(answer or {}))
    return str(answer["access_token"])


def _reason(answer: dict[str, Any]) -> str:
    said = str(answer.get("error_description") or answer.get("error") or "no answer")
    return said.splitlines()[0][:300]


# ---------------------------------------------------------------- Microsoft


def _of(oauth: OAuth) -> dict[str, Any]:
    """What both kinds of msal application want to know."""
    authority = oauth.authority or f"https://login.microsoftonline.com/{oauth.tenant}"
    known = {"instance_discovery": False} if oauth.authority else {}
    return {"authority": authority, "http_client": _http(oauth), **known}


def _http(oauth: OAuth) -> Any:
    """What both libraries talk through. `ca_file` goes with every request: a session's gives way to the environment."""
    import requests

    session = requests.Session()
    session.request = partial(session.request, timeout=oauth.timeout, verify=oauth.ca_file or None)  # type: ignore[method-assign]
    return session


def _program(oauth: OAuth) -> Any:
    """The program in its own name: the administrator has allowed it to open this mailbox."""
    import msal

    hidden = secret(oauth.secret_env, "qforms-oauth", oauth.client_id)
    return msal.ConfidentialClientApplication(oauth.client_id, client_credential=hidden, **_of(oauth))


def _person(settings: Settings) -> tuple[Any, Any]:
    """The program in the name of whoever signed in, and what it remembers of that."""
    import msal

    cache = msal.SerializableTokenCache()
    file = settings.path(TOKENS)
    if file.exists():
        cache.deserialize(file.read_text("utf-8"))
    oauth = settings.oauth
    return msal.PublicClientApplication(oauth.client_id, token_cache=cache, **_of(oauth)), cache


def _renewed(settings: Settings, user: str) -> dict[str, Any] | None:
    app, cache = _person(settings)
    accounts = app.get_accounts()
    if not accounts:
        raise OAuthFault("oauth_sign_in", user=user, root=settings.root)
    mine = [a for a in accounts if str(a.get("username", "")).lower() == user.lower()]
    answer: dict[str, Any] | None = app.acquire_token_silent_with_error(_PERSON, account=(mine or accounts)[0])
    if answer and answer.get("error") == "invalid_grant":  # revoked, or unused for too long
        raise OAuthFault("oauth_sign_in", user=user, root=settings.root)
    _keep(settings, cache)
    return answer


def _keep(settings: Settings, cache: Any) -> None:
    """Written beside and put in place: a crash leaves the old one."""
    if not cache.has_state_changed:
        return
    file = settings.path(TOKENS)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR), "w") as out:
        out.write(cache.serialize())
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


# ---------------------------------------------------------------- Google


def _google(oauth: OAuth, settings: Settings, user: str) -> str:
    """A service account that the administrator lets act for the mailbox (domain-wide delegation)."""
    from google.auth.transport.requests import Request
    from google.oauth2 import service_account

    file = Path(oauth.key_file) if oauth.key_file else None
    if file is None or not (at := settings.path(str(file))).is_file():
        raise OAuthFault("oauth_key_file", file=oauth.key_file or "oauth.key_file")
    keyed: Any = service_account.Credentials
    credentials = keyed.from_service_account_file(str(at), scopes=_GOOGLE, subject=user)
    credentials.refresh(Request(_http(oauth)))
    return str(credentials.token)

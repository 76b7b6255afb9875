"""`qforms init`: a workspace with a department for every role, and its first workbook; `qforms login`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from qforms import house, oauth, settings, workspace
from qforms.daemon import real_now
from qforms.model import Delivery, Lang, QformsError, Told


def sign_in(root: Path, show: Callable[[str], None]) -> list[str]:
    """A person signs in for every account that wants it (RFC 8628); gives their user names. Raises QformsError."""
    s = settings.load(root)
    if (s.oauth.provider, s.oauth.flow) != ("microsoft", "device"):
        raise QformsError(
            Told(
                "只有 provider=microsoft、flow=device 时才要登录",
                "only provider=microsoft with flow=device signs in this way",
                "[oauth] ",
            )
        )
    users = [box.user for box in s.boxes().values() if box.auth == "oauth"]
    users += [s.outgoing.user] if s.outgoing.auth == "oauth" else []
    if not users:
        raise QformsError(Told('没有一个邮箱写着 auth = "oauth"', 'no mailbox has auth = "oauth"'))
    for user in (asked := list(dict.fromkeys(users))):
        show(user)
        oauth.sign_in(s, user, show)
    return asked


def init(root: Path, company: str, lang: Lang, now: datetime | None = None) -> None:
    """Makes the workspace. Raises QformsError when the folder is one already, or is not empty."""
    workspace.create(root, company, lang)
    at = now or real_now()
    with house.opened(root) as h:
        departments = workspace.departments(lang, h.settings.local(at).date())
        raw = json.dumps(departments, ensure_ascii=False, indent=1).encode()
        first = Delivery("folder", "init", at, raw, name="departments.json", digest=hashlib.sha256(raw).hexdigest())
        taken = h.handle([first], at)
        if [t.outcome for t in taken] != ["accepted"]:
            raise QformsError(Told(f"部门没有建成：{taken}", f"the departments were not accepted: {taken}"))
        h.register.publish(at)

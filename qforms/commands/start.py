"""`qforms init`: a workspace with a department for every role, and its first workbook."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from qforms import house, workspace
from qforms.daemon import real_now
from qforms.model import Delivery, Lang, QformsError


def init(root: Path, company: str, lang: Lang, now: datetime | None = None) -> None:
    """Makes the workspace. Raises QformsError when the folder is one already, or is not empty."""
    workspace.create(root, company, lang)
    at = now or real_now()
    with house.opened(root) as h:
        raw = json.dumps(workspace.departments(lang), ensure_ascii=False, indent=1).encode()
        first = Delivery("folder", "init", at, raw, name="departments.json", digest=hashlib.sha256(raw).hexdigest())
        taken = h.handle([first], at)
        if [t.outcome for t in taken] != ["accepted"]:
            raise QformsError(f"部门没有建成 (departments not accepted): {taken}")
        h.register.publish(at)

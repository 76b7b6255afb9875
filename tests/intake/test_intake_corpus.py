"""Real mails of other projects, where QFORMS_CORPUS names a folder of them: nothing raises, nothing is lost, and a
strict mail reads as the standard library reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support_intake import outcomes, reading, world

from qforms.intake import mime

ROOT = os.environ.get("QFORMS_CORPUS", "")
FILES = sorted(f for f in Path(ROOT, "mail").rglob("*") if f.is_file()) if ROOT else []

if FILES:  # the tests are there where the files are

    @pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
    def test_a_real_mail(file: Path) -> None:
        raw = file.read_bytes()
        found = reading(raw)
        assert found.key and (found.held or found.parts)
        assert outcomes(found, world())
        strict = mime.parse(raw)
        if strict.strict:
            tolerant = mime.tolerant(raw)
            assert [(x.type, x.name, x.data) for x in strict.leaves] == [
                (x.type, x.name, x.data) for x in tolerant.leaves
            ]

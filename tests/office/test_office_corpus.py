"""Every Office file of a folder of real and hostile files (QFORMS_CORPUS) is read or refused, in time, and none
stops the next one."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

from qforms.office.child import OfficeFault, OfficeReader
from qforms.problems import CATALOGUE
from qforms.settings import Limits

SUFFIXES = {
    ".xlsx",
    ".xlsm",
    ".xltx",
    ".xlsb",
    ".xls",
    ".ods",
    ".docx",
    ".docm",
    ".dotx",
    ".doc",
    ".et",
    ".wps",
    ".rtf",
}
SECONDS = 20.0


def test_every_file_of_the_corpus_is_read_or_refused() -> None:
    folder = os.environ.get("QFORMS_CORPUS", "")
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES) if folder else []
    told: Counter[str] = Counter()
    with OfficeReader(Limits(seconds=SECONDS)) as reader:
        for file in files:
            began = time.monotonic()
            try:
                reader.read(file.read_bytes(), file.name)
                told["read " + file.suffix] += 1
            except OfficeFault as known:
                assert known.problem.code in CATALOGUE, file
                told[known.problem.code] += 1
                reason = str(known.problem.context.get("reason", ""))
                assert not reason.startswith(("AttributeError", "TypeError", "NameError", "StopIteration")), file
                print(file.name, known.problem.code, dict(known.problem.context))
            assert time.monotonic() - began < SECONDS + 100, file
    print(len(files), dict(told))
    assert not folder or files, "QFORMS_CORPUS is set, but there is no Office file below it"

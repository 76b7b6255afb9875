"""The acceptance cases, played from their YAML to the real daemon: mails, Word and Excel files, cells, JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance import timeline

CASES = sorted(Path(__file__).parent.glob("case_*.yaml"))

MINIMAL = """\
workspace:
  records: [{form: product, by: office, values: {model: YL-A65}}]
steps:
  - at: 2026-05-11 10:05
    expect:
      records:
        - {number: YL-A65, status: retired}
      none: [{form: product}]
  - at: 2026-05-11 10:06
    reply:
      letter: {kind: issue, number: 8001-202605-0001}
      text: 同意
"""


@pytest.mark.parametrize("case", CASES, ids=lambda file: file.stem)
def test_the_case_goes_exactly_as_written(case: Path, tmp_path: Path) -> None:
    differences = timeline.play(case, tmp_path / "ws")
    assert not differences, "\n".join(timeline.lines(differences))


def test_a_difference_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(MINIMAL, "utf-8")
    found = timeline.play(file, tmp_path / "ws")
    assert [d.split(": ")[0] for d in found] == ["case.yaml:7", "case.yaml:8", "case.yaml:10"]
    assert "status: 'active', not 'retired'" in found[0] and "no letter" in found[2]

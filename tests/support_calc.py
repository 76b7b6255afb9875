"""LibreOffice at the keyboard: a macro in a headless office does what a file of lines tells it, until told to quit.

with Calc(folder) as calc:
    calc.do("open /…/master.xlsx", "set 投诉台账 4 16 邓伟", "store", "close")"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType

_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false"><library:element library:name="Hand"/></library:library>"""
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Hand" script:language="StarBasic">{}
</script:module>"""
_BASIC = """
Dim doc As Object
Sub Main
  Dim files As Object, n As Long, home As String
  home = Environ("QFORMS_CALC")
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  n = 1
  Do
    If files.exists(ConvertToURL(home &amp; "/cmd." &amp; n)) Then
      Say(files, home &amp; "/done." &amp; n, Told(files, home &amp; "/cmd." &amp; n))
      n = n + 1
    Else
      Wait 20
    End If
  Loop
End Sub
Function Told(files, name) As String
  Dim lines As Object, part, failed As String
  On Error GoTo Failed
  lines = createUnoService("com.sun.star.io.TextInputStream")
  lines.setInputStream(files.openFileRead(ConvertToURL(name)))
  lines.setEncoding("UTF-8")
  Do While Not lines.isEOF()
    part = Split(Replace(Replace(lines.readLine(), Chr(10), ""), Chr(13), ""), Chr(9))
    If UBound(part) &gt;= 0 Then
      If part(0) &lt;&gt; "" Then Act(part)
    End If
  Loop
  lines.closeInput()
  Told = "ok"
  Exit Function
Failed:
  Told = "failed: " &amp; Error$
End Function
Sub Act(part)
  Dim page As Object
  Select Case part(0)
  Case "open"
    Dim hidden(0) As New com.sun.star.beans.PropertyValue
    hidden(0).Name = "Hidden"
    hidden(0).Value = True
    doc = StarDesktop.loadComponentFromURL(ConvertToURL(part(1)), "_blank", 0, hidden())
  Case "store"
    doc.store()
  Case "close"
    doc.close(True)
  Case "quit"
    StarDesktop.terminate()
  Case "set"
    page = doc.Sheets.getByName(part(1))
    page.getCellByPosition(CLng(part(3)) - 1, CLng(part(2)) - 1).String = part(4)
  Case "delete"
    page = doc.Sheets.getByName(part(1))
    page.Rows.removeByIndex(CLng(part(2)) - 1, 1)
  Case "copy"
    page = doc.Sheets.getByName(part(1))
    page.copyRange(page.getCellByPosition(0, CLng(part(3)) - 1).CellAddress, _
      page.getCellRangeByPosition(0, CLng(part(2)) - 1, CLng(part(4)) - 1, CLng(part(2)) - 1).RangeAddress)
  Case "sort"
    Dim field(0) As New com.sun.star.table.TableSortField
    Dim how(1) As New com.sun.star.beans.PropertyValue
    page = doc.Sheets.getByName(part(1))
    field(0).Field = CLng(part(5)) - 1
    field(0).IsAscending = (part(6) = "up")
    how(0).Name = "SortFields"
    how(0).Value = field()
    how(1).Name = "ContainsHeader"
    how(1).Value = False
    page.getCellRangeByPosition(0, CLng(part(2)) - 1, CLng(part(4)) - 1, CLng(part(3)) - 1).sort(how())
  End Select
End Sub
Sub Say(files, name, words)
  Dim out As Object
  out = createUnoService("com.sun.star.io.TextOutputStream")
  out.setOutputStream(files.openFileWrite(ConvertToURL(name &amp; ".part")))
  out.setEncoding("UTF-8")
  out.writeString(words)
  out.closeOutput()
  files.move(ConvertToURL(name &amp; ".part"), ConvertToURL(name))
End Sub
"""


class Calc:
    """A LibreOffice of its own, with its profile in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore", "--nologo"]
        subprocess.run([*command, "--terminate_after_init"], check=True, capture_output=True, timeout=300)
        basic = folder / "profile/user/basic/Standard"
        (basic / "script.xlb").write_text(_LIBRARY, "utf-8")
        (basic / "Hand.xba").write_text(_MODULE.format(_BASIC), "utf-8")
        self._process = subprocess.Popen(
            [*command, "macro:///Standard.Hand.Main"],
            env={**os.environ, "QFORMS_CALC": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Calc:
        self.do(seconds=300)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(AssertionError):
            self._ask(("quit",))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait(60)

    def do(self, *lines: str, seconds: float = 240.0) -> None:
        """Carries lines out, words parted by tabs, and waits until all is done."""
        said = self.try_to(*lines, seconds=seconds)
        assert said == "ok", said

    def try_to(self, *lines: str, seconds: float = 240.0) -> str:
        """The same; gives "ok" or what went wrong."""
        done = self._ask(lines)
        until = time.monotonic() + seconds
        while not done.exists():
            assert time.monotonic() < until, f"LibreOffice does not answer: {lines}"
            assert self._process.poll() is None, "LibreOffice has ended"
            time.sleep(0.02)
        return done.read_text("utf-8")

    def _ask(self, lines: tuple[str, ...]) -> Path:
        self._count += 1
        draft = self._folder / "draft"
        draft.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        draft.replace(self._folder / f"cmd.{self._count}")
        return self._folder / f"done.{self._count}"

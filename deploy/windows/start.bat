@echo off
rem Installs qforms beside this file, makes the first workspace, and lets it run. Needs Python 3.11 or newer (python.org).
chcp 65001 >nul
pushd "%~dp0" || (pause & exit /b 1)
set PYTHONUTF8=1
where py >nul 2>nul && (set "PY=py -3") || (set "PY=python")
%PY% -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul || (
  echo 请先到 python.org 安装 Python 3.11 或更新的版本，并勾上 Add python.exe to PATH；装好后再双击本文件。
  echo Please install Python 3.11 or newer from python.org first, with "Add python.exe to PATH"; then start this again.
  pause & exit /b 1
)
if not exist ".venv\Scripts\qforms.exe" (
  if not exist "qforms-*.whl" (
    echo 这个文件夹里没有 qforms-….whl：请把它和本文件放在一起，再双击本文件。
    echo qforms-....whl is not in this folder: put it beside this file and start this again.
    pause & exit /b 1
  )
  echo 正在安装，要几分钟……  Installing, this takes some minutes ...
  %PY% -m venv .venv || (pause & exit /b 1)
  if exist wheels (set "FROM=--no-index --find-links wheels") else (set "FROM=")
)
if not exist ".venv\Scripts\qforms.exe" (
  for %%w in (qforms-*.whl) do .venv\Scripts\python -m pip install --quiet --disable-pip-version-check %FROM% "%%w[keyring,charts,images,web]" || (
    echo 没有装上：要能上网；不能上网的，请看“第一个小时”里“不能上网的电脑”。
    echo Not installed: this needs the internet, or a folder named wheels; see "getting started".
    pause & exit /b 1
  )
)
if not exist "质量\qforms.toml" (
  .venv\Scripts\qforms init 质量 || (pause & exit /b 1)
)
.venv\Scripts\qforms doctor 质量
echo.
choice /c YN /n /m "现在让它运行吗？Y 运行，N 以后再说。Let it run now? [Y/N] "
if errorlevel 2 exit /b 0
echo 正在运行：请不要关这个窗口；要停，按 Ctrl+C。 Running: leave this window open; Ctrl+C stops it.
.venv\Scripts\qforms run 质量
pause

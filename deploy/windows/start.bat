@echo off
rem Installs qforms beside this file and makes the first workspace. Needs Python 3.11 or newer (python.org).
chcp 65001 >nul
cd /d "%~dp0"
set PYTHONUTF8=1
where py >nul 2>nul && (set "PY=py -3") || (set "PY=python")
%PY% -c "import sys; sys.exit(sys.version_info < (3, 11))" || (
  echo 请先到 python.org 安装 Python 3.11 或更新的版本，并勾上 Add python.exe to PATH。
  echo Please install Python 3.11 or newer from python.org first, with "Add python.exe to PATH".
  pause & exit /b 1
)
if not exist .venv\Scripts\qforms.exe (
  echo 正在安装，要几分钟……  Installing, this takes some minutes ...
  %PY% -m venv .venv || (pause & exit /b 1)
  for %%w in (qforms-*.whl) do .venv\Scripts\python -m pip install --quiet "%%w[keyring]" || (pause & exit /b 1)
)
if not exist 质量\qforms.toml (
  .venv\Scripts\qforms init 质量 || (pause & exit /b 1)
)
.venv\Scripts\qforms doctor 质量
echo.
echo 让它运行：.venv\Scripts\qforms run 质量    (to let it run)
pause

"""Set up and run Leitstand in one command; standard library only, Linux and Windows.

    python3 run.py demo         a complete demo plant with its console
    python3 run.py test         every test
    python3 run.py check        formatting, lint, types, import contracts, translations, lock files
    python3 run.py leitstand …  any command of the program
    python3 run.py screenshots DIR

Exit codes: 0 done, 1 bad input, 2 usage, 5 the world lacks something (named, with its remedy).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
LACKS = 5

# What Qt needs of the system, by the file it loads, and the Debian package that has it.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libpulse.so.0": "libpulse0",
    "libXrandr.so.2": "libxrandr2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
PROGRAMS = {"mosquitto": "mosquitto"}
SCREEN_PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}
TEST_PROGRAMS = {**SCREEN_PROGRAMS, "pulseaudio": "pulseaudio", "parec": "pulseaudio-utils"}


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is set up
        return lacking([f"Python 3.11 or newer (this is {sys.version.split()[0]})"], "install it and run again with it")
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help", "help") else 2
    return COMMANDS[arguments[0]](arguments[1:])


def demo(arguments: list[str]) -> int:
    if problem := set_up("demo", PROGRAMS):
        return problem
    if not WINDOWS and sys.platform != "darwin" and "--headless" not in arguments and not has_screen():
        return lacking(["a screen (neither DISPLAY nor WAYLAND_DISPLAY is set)"], "python3 run.py demo --headless")
    return leitstand("demo", *arguments)


def test(arguments: list[str]) -> int:
    if problem := set_up("test", {**PROGRAMS, **TEST_PROGRAMS}):
        return problem
    if problem := install(HERE / ".venv-edge", HERE / "lock" / "edge.txt", with_program=False):
        return problem
    # The whole suite takes two workers; a part of it, named by who asks, runs in one process with its output in order.
    return call(python(), "-m", "pytest", *(arguments or ("-n", "2", "--dist", "loadfile")))


def check(arguments: list[str]) -> int:
    if problem := set_up("test", {}):
        return problem
    tools = HERE / ".venv" / ("Scripts" if WINDOWS else "bin")
    steps = {
        "formatting": [str(tools / "ruff"), "format", "--check", "."],
        "lint": [str(tools / "ruff"), "check", "."],
        "types": [str(tools / "mypy")],
        "import contracts": [str(tools / "lint-imports"), "--no-cache"],
        "translations": [python(), "-m", "console.ui.translation_check"],
        "lock files": [python(), "-m", "tests.support.lock_check"],
    }
    failed = []
    for name, step in steps.items():
        print(f"== {name}", flush=True)
        if call(*step):
            failed.append(name)
    print("check: " + (f"failed: {', '.join(failed)}" if failed else "all good"), flush=True)
    return 1 if failed else 0


def program(arguments: list[str]) -> int:
    return set_up("demo", {}) or leitstand(*arguments)


def screenshots(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python3 run.py screenshots DIR")
        return 2
    return set_up("demo", {**PROGRAMS, **SCREEN_PROGRAMS}) or call(
        python(), "-m", "console.app.demo.screenshots", str(Path(arguments[0]).resolve())
    )


COMMANDS = {"demo": demo, "test": test, "check": check, "leitstand": program, "screenshots": screenshots}


def set_up(extra: str, programs: dict[str, str]) -> int:
    """System packages, then the environment; 0 when all is there."""
    if not WINDOWS and (problem := system_packages(programs)):
        return problem
    lock = HERE / "lock" / f"{extra}.txt"
    # The test lock holds all of the demo lock: an environment made for tests serves the demo as well.
    wider = HERE / "lock" / "test.txt"
    if extra == "demo" and stamp_of(HERE / ".venv") == digest(wider):
        return 0
    return install(HERE / ".venv", lock, with_program=True)


def system_packages(programs: dict[str, str]) -> int:
    """Install what is missing on Debian when root; otherwise name it with the one command that installs it."""
    missing = [package for library, package in LIBRARIES.items() if not loads(library)]
    missing += [package for name, package in programs.items() if not found(name)]
    if not can_make_environments():
        missing.append("python3-venv")
    if not missing:
        return 0
    install_line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:  # type: ignore[attr-defined,unused-ignore]
        sudo = "" if os.geteuid() == 0 else "sudo "  # type: ignore[attr-defined,unused-ignore]
        return lacking([f"system package {package}" for package in missing], sudo + install_line)
    print(f"installing system packages: {' '.join(missing)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = subprocess.DEVNULL
    subprocess.run(["apt-get", "update"], env=environment, stdout=quiet, check=False)
    if subprocess.run(install_line.split(), env=environment, stdout=quiet, check=False).returncode:
        return lacking([f"system package {package}" for package in missing], install_line)
    return 0


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def found(name: str) -> bool:
    return shutil.which(name) is not None or Path("/usr/sbin", name).exists()


def can_make_environments() -> bool:
    try:
        import ensurepip  # noqa: F401 - Debian takes it out of python3
    except ImportError:
        return False
    return True


def has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def install(folder: Path, lock: Path, *, with_program: bool) -> int:
    """An environment that holds exactly what the lock names, hash by hash; nothing to do when it is there already."""
    if stamp_of(folder) == digest(lock):
        return 0
    print(f"setting up {folder.name} (once; about a minute)", flush=True)
    if not python_of(folder).exists() and call(sys.executable, "-m", "venv", str(folder)):
        return lacking(["a Python environment"], "install python3-venv")
    pip = [str(python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if call(*pip, "--require-hashes", "-r", str(lock), quiet_warnings=True):
        return lacking(["the packages of " + lock.name], "check the connection to the package index and run again")
    if with_program:
        # A path file instead of an editable install: needs no build step and works with every lock.
        site = subprocess.run(
            [str(python_of(folder)), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        Path(site, "leitstand.pth").write_text(str(HERE), encoding="utf-8")
    (folder / "leitstand.lock").write_text(digest(lock), encoding="ascii")
    return 0


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + str(HERE).encode()).hexdigest()


def stamp_of(folder: Path) -> str:
    stamp = folder / "leitstand.lock"
    return stamp.read_text(encoding="ascii") if stamp.exists() else ""


def python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if WINDOWS else "bin/python")


def python() -> str:
    return str(python_of(HERE / ".venv"))


def leitstand(*arguments: str) -> int:
    """In the caller's folder, so that paths on the command line mean what they say; -P: that folder is no code."""
    return call(python(), "-P", "-m", "console", *arguments, folder=Path.cwd())


def call(*command: str, quiet_warnings: bool = False, folder: Path = HERE) -> int:
    """Run in the foreground; Ctrl+C reaches the child, which ends by itself."""
    errors = subprocess.PIPE if quiet_warnings else None
    process = subprocess.Popen(command, cwd=folder, stderr=errors, text=True, env=compiling_once())
    try:
        if process.stderr is not None:
            for line in process.stderr:
                if not line.startswith("WARNING: Location"):
                    sys.stderr.write(line)
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()


def compiling_once() -> dict[str, str]:
    """Every console that starts would compile all modules anew where Python may write no bytecode: 1.5 s each."""
    if "PYTHONDONTWRITEBYTECODE" not in os.environ:
        return dict(os.environ)
    here = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**here, "PYTHONPYCACHEPREFIX": str(HERE / ".venv" / "bytecode")}


def lacking(what: list[str], remedy: str) -> int:
    print("Leitstand cannot start; missing:", file=sys.stderr)
    for line in what:
        print(f"  - {line}", file=sys.stderr)
    print(f"Remedy: {remedy}", file=sys.stderr)
    return LACKS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

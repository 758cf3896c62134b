"""`python run.py check`: the lock files are what pyproject.toml asks for (pins kept, nothing missing or left over)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = [
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--quiet",
    "--no-header",
]
LOCKS: dict[str, list[str]] = {
    "demo.txt": ["pyproject.toml", "--extra", "demo"],
    "test.txt": ["pyproject.toml", "--extra", "demo", "--extra", "test", "-c", "lock/demo.txt"],
    "bench.txt": ["pyproject.toml", "--extra", "demo", "--extra", "bench", "-c", "lock/test.txt"],
    "edge.txt": ["lock/edge.in"],
}


def pins(path: Path) -> set[str]:
    """Names and versions of a lock, with their markers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {re.sub(r"\s*\\$", "", line) for line in lines if re.match(r"[A-Za-z0-9]", line)}


def is_current(name: str, scratch: Path) -> bool:
    """Resolve again with the present pins as preferences: only a changed requirement changes the outcome."""
    again = scratch / name
    shutil.copy(ROOT / "lock" / name, again)
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", *LOCKS[name], *FLAGS, "-o", str(again)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        print(result.stderr, file=sys.stderr)
        return False
    changed = pins(ROOT / "lock" / name) ^ pins(again)
    for line in sorted(changed):
        print(f"lock/{name}: {line}", file=sys.stderr)
    return not changed


def main() -> int:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        stale = [name for name in LOCKS if not is_current(name, Path(scratch))]
    if stale:
        print(f"not current: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

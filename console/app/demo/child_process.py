"""How the demo starts its child processes: with this package in reach, without a console window, apart from Ctrl+C."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]


def own_environment() -> dict[str, str]:
    """The environment in which `python -m console...` works wherever it starts."""
    paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def apart() -> dict[str, Any]:
    """Arguments of Popen: Ctrl+C in the terminal is the demo's alone, which then ends its children in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}

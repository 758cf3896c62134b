"""One process owns a data folder, and its lock dies with it."""

import subprocess
import sys

import pytest

from console.services.storage.ownership import DataFolderInUse, Ownership, is_owned

HOLD = """
import sys
from pathlib import Path
from console.services.storage.ownership import Ownership
owner = Ownership(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_dies(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_owned(tmp_path)
        with pytest.raises(DataFolderInUse):
            Ownership(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    owner = Ownership(tmp_path)
    owner.release()
    assert not is_owned(tmp_path)


def test_asking_who_owns_a_folder_makes_nothing(tmp_path):
    assert not is_owned(tmp_path / "missing")
    assert not is_owned(tmp_path)
    assert not list(tmp_path.iterdir())

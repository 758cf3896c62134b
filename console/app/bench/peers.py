"""Packages that only benches stand beside: found when they are installed, else said plainly how to get them."""

import sys
from importlib import import_module
from types import ModuleType


def peer(name: str, what_is_missing: str) -> ModuleType | None:
    """The package of the extra `bench`, or None after telling on stderr what is missing without it."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        print(
            f"{name} is not installed: {what_is_missing}. Install the peers of the benches beside the product with\n"
            f"  {sys.executable} -m pip install --require-hashes -r lock/bench.txt",
            file=sys.stderr,
        )
        return None

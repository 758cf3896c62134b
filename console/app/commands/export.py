"""`leitstand export WHAT FILE`: each WHAT is written by a module of its own; this table says which."""

import argparse
from importlib import import_module

# WHAT: module below console.app.commands whose `export(options) -> int` writes it; cli.EXPORTS names them too
WHATS = {
    "journal": "carry_out",
    "vector": "carry_out",
    "audit": "audit_out",
}


def command(options: argparse.Namespace) -> int:
    module = import_module(f"console.app.commands.{WHATS[options.what]}")
    return int(module.export(options))

"""What the program's own source may not hold: ways to run data, weak algorithms, debug entries, nameless acts."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from console.app.cli import WORDS
from console.domain import people_commands as u
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarms import Priority
from console.domain.commands import COMMANDS, SignOff, SignOn, SilenceHorn
from console.domain.permissions import PERMISSIONS
from console.services.alarms import alarm_door

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for path in sorted((ROOT / "console").rglob("*.py")) if path.name != "sparkplug_b_pb2.py"]
RUNS_DATA = {"eval", "exec", "compile", "__import__", "breakpoint"}
FOREIGN_CODE = {
    "pickle", "marshal", "shelve", "dill", "runpy", "code", "pdb", "debugpy", "pydevd", "faulthandler", "yaml",
    "http.server", "socketserver", "xmlrpc", "wsgiref", "rpyc", "IPython", "PySide6.QtQml", "PySide6.QtWebEngineCore",
    "PySide6.QtWebEngineWidgets", "PySide6.QtScript", "PySide6.QtSvg", "PySide6.QtSvgWidgets",
}  # fmt: skip
WEAK = {"md5", "sha1", "new", "DES", "TripleDES", "ARC4", "RC4", "Blowfish", "ECB"}
WEAK_MODULES = {"crypt", "Crypto", "cryptography.hazmat.decrepit", "cryptography.hazmat.primitives.ciphers"}
# who may journal without a person, and why
SPEAKERS = {"SYSTEM", "SITE_FILE"}
WITHOUT_A_NAME = {SignOn.name, SignOff.name, SilenceHorn.name, u.BreakGlass.name}


@cache
def trees() -> list[tuple[str, list[str], list[tuple[str, ast.Call]]]]:
    """(path, imported names, calls) of every module."""
    parsed = [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]
    return [(path, list(imported(tree)), list(calls(tree))) for path, tree in parsed]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """(dotted name, call) as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def within(name: str, modules: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in modules)


@pytest.mark.proves("SEC-21", "SEC-42")
def test_nothing_evaluates_data_and_no_foreign_code_is_loaded():
    found = []
    for path, names, made in trees():
        found += [f"{path}: {name}" for name, _ in made if name in RUNS_DATA]
        found += [f"{path}: import {name}" for name in names if within(name, FOREIGN_CODE)]
    assert found == []


@pytest.mark.proves("SEC-21", "SEC-42")
def test_modules_are_loaded_by_names_from_our_own_tables_alone():
    loaders = {path for path, names, made in trees() for name, _ in made if name.endswith("import_module")}
    allowed = {"cli.py", "view_specs.py", "bench/peers.py", "commands/bench.py", "commands/export.py"}
    assert loaders <= {f"console/app/{one}" for one in allowed}
    assert all(re.fullmatch(r"[a-z_.]+", module) for module, _, _ in WORDS.values())


@pytest.mark.proves("SEC-21")
def test_no_command_line_is_made_of_text():
    found = []
    for path, _names, made in trees():
        for name, call in made:
            shell = [k for k in call.keywords if k.arg == "shell" and not isinstance(k.value, ast.Constant)]
            shell += [k for k in call.keywords if k.arg == "shell" and ast.unparse(k.value) == "True"]
            if shell or name in ("os.system", "os.popen", "subprocess.getoutput"):
                found.append(f"{path}:{call.lineno}: {name}")
    assert found == []


@pytest.mark.proves("SEC-33")
def test_only_approved_algorithms_are_used():
    found = []
    for path, names, made in trees():
        last = {name.split(".")[-1]: name for name in names}
        found += [f"{path}: {name}" for name in last.values() if within(name, WEAK_MODULES)]
        found += [f"{path}: {name}" for name, _ in made if name.startswith("hashlib.") and name[8:] in WEAK]
        found += [f"{path}: {one}" for one in last if one in WEAK - {"new"}]
        randoms = [name for name, _ in made if name.startswith("random.") and name != "random.Random"]
        if not path.startswith(("console/app/demo", "console/app/bench")):
            found += [f"{path}: {name}" for name in randoms if name != "random.uniform"]  # pauses between attempts
    assert found == []


@pytest.mark.proves("SEC-33")
def test_what_is_signed_or_carried_names_the_version_of_its_form():
    from console.services.identity.certificates import Certificate
    from console.services.identity.enrolment import JoinRequest
    from console.services.journal.envelope import Body
    from console.services.reports import proof
    from console.services.storage import backup_file
    from console.services.sync.carry_file import Header
    from console.services.sync.messages import Hello

    for form in (Body, Certificate, JoinRequest, Header):
        assert "v" in form.__struct_fields__, form
    assert "protocol" in Hello.__struct_fields__
    assert proof.VERSION >= 1
    assert backup_file.VERSION >= 1


@pytest.mark.proves("SEC-1")
def test_only_the_system_and_its_files_write_to_the_journal_without_a_person():
    """Every `append` names an actor: a variable that the door gave, or one of the two that are no persons."""
    spoken = set()
    for path, _names, made in trees():
        for name, call in made:
            if name.endswith("journal.append") and path != "console/services/journal/log.py":
                assert len(call.args) >= 2, f"{path}:{call.lineno} names nobody"
                spoken.add(ast.unparse(call.args[1]))
    assert spoken
    assert {one for one in spoken if one.isupper()} <= SPEAKERS


@pytest.mark.proves("SEC-1")
def test_every_command_has_its_row_and_only_four_work_without_a_name():
    assert set(PERMISSIONS) == set(COMMANDS)
    assert {name for name, row in PERMISSIONS.items() if row.needs_nobody} == WITHOUT_A_NAME


@pytest.mark.proves("SEC-12")
def test_nothing_suppresses_many_alarms_and_what_gives_power_is_signed():
    """Rules change by the site's files alone; a page is acknowledged, never everything. Few alarms are shelved or taken
    out of service in one act, few by one person, and critical ones by nobody; what ends a shelf only shows more."""
    wide = [name for name in COMMANDS if re.search(r"shelve|suppress|rule|out-of-service|limit|delete|purge", name)]
    assert sorted(wide) == ["out-of-service", "shelve", "unshelve"]
    rules = AlarmSettings().shelving
    assert max(rules.at_once, rules.at_most) <= 20
    assert Priority.CRITICAL not in rules.longest_s
    assert alarm_door.AT_ONCE <= 100
    for command in (u.DisableUser, u.GrantRole, u.RevokeRole, u.Countersign, u.RevokeStation):
        assert PERMISSIONS[command.name].signed is not None


@pytest.mark.proves("SEC-42")
def test_the_programs_words_are_the_documented_ones_and_none_of_them_debugs():
    assert set(WORDS) == {
        "run", "serve", "demo", "fault", "init", "check", "query", "act", "verify", "archive", "backup", "restore",
        "export", "import", "doctor", "centre", "bench",
    }  # fmt: skip


@pytest.mark.proves("SEC-42")
def test_crash_points_are_dead_in_an_installed_program():
    text = (ROOT / "console/services/storage/failpoints.py").read_text(encoding="utf-8")
    assert 'getattr(sys, "frozen", False)' in text


@pytest.mark.proves("SEC-64")
@pytest.mark.parametrize("lock", ["demo.txt", "test.txt", "edge.txt"])
def test_every_package_of_a_lock_is_pinned_with_its_hashes(lock):
    text = (ROOT / "lock" / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert packages
    bad = [line[:60] for line in packages if not re.match(r"[\w.\-\[\]]+==[\w.!+]+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert bad == []


@pytest.mark.proves("SEC-64")
def test_what_the_program_needs_is_in_the_lock():
    text = (ROOT / "lock" / "demo.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in text.splitlines() if "==" in line[:60]}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[ \[<>=!~;]", one, maxsplit=1)[0].lower().replace("_", "-") for one in wanted}
    assert names <= pinned


@pytest.mark.proves("SEC-64")
def test_sqlite_has_no_known_bug_that_loses_a_journal():
    from console.services.storage.database import LIBRARY

    assert LIBRARY.sqlite_version_info >= (3, 51, 3)

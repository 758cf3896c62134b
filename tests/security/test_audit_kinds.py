"""Everything that an auditor asks for has its kind of fact, is written somewhere, and has its words."""

import ast
from pathlib import Path

import pytest

from console.domain import archive_facts as a
from console.domain import facts as f
from console.domain import people_facts as p
from console.domain import station_facts as s
from console.domain.facts import FACTS
from console.models.journal_words import EVENT_WORDS

ROOT = Path(__file__).resolve().parents[2]
AUDITED = {
    "login": (f.UserSignedOn, f.UserSignedOff),
    "failure": (f.SignOnFailed,),
    "access denied": (f.ActRefused,),
    "configuration": (f.SiteFileApplied, f.PreferenceSaved),
    "rights": (p.UserAdded, p.UserDisabled, p.RoleGranted, p.RoleRevoked, p.CredentialSet),
    "backup and restore": (s.BackupMade, s.BackupRestored, s.DatabaseSetAside),
    "clock change": (s.ClockStepped,),
    "enrolment": (s.StationEnrolled, s.StationRevoked, s.StreamOpened),
    "conflict of exchange": (s.ForkFound, s.DivergenceFound),
    "export": (s.JournalExported, s.JournalImported),
    "archive": (a.JournalArchived, a.JournalPruned),
    "break-glass and signature": (p.BreakGlassUsed, p.BreakGlassAttributed, p.ActCountersigned),
    "order to the plant": (f.RebirthRequested,),
}
KINDS = sorted({kind for kinds in AUDITED.values() for kind in kinds}, key=lambda kind: kind.etype)


@pytest.mark.proves("SEC-16")
def test_every_audited_kind_is_written_by_the_program():
    made = set()
    for folder in ("app", "services"):
        for path in (ROOT / "console" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    made.add(ast.unparse(node.func).rpartition(".")[2])
    assert [kind.__name__ for kind in KINDS if kind.__name__ not in made] == []


@pytest.mark.proves("SEC-16", "SEC-35")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.etype)
def test_every_audited_kind_is_known_and_has_words(kind):
    assert FACTS[kind.etype] is kind
    assert kind.etype in EVENT_WORDS

"""Journals of the field stay readable: every kind of event that was ever written decodes to the same facts (P8, L7)."""

import hashlib
import json
from typing import Any

import msgspec
import pytest

from console.domain.facts import FACTS
from console.services.journal.envelope import RawEvent, check_signature, decode_event, encode_body
from console.services.journal.facts_codec import decode_fact, encode_fact
from tests.support.golden import FOLDER, SUMS, file_of, make

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.proves("P8", "SEC-47")
def test_every_kind_of_fact_has_its_golden_event() -> None:
    missing = [kind.etype for kind in FACTS.values() if not file_of(kind.etype, kind.ever).exists()]
    assert not missing, "a new kind of fact: add its golden event with `python -m tests.support.golden`"


@pytest.mark.proves("P8", "INV-2")
def test_nothing_golden_was_changed_or_taken_away() -> None:
    told = dict(reversed(line.split("  ")) for line in SUMS.read_text(encoding="utf-8").splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FILES}
    assert found == told


@pytest.mark.proves("P8", "INV-4", "INV-23")
@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_a_golden_event_means_what_it_meant_and_its_proof_holds(name: str) -> None:
    told: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    raw = RawEvent(bytes.fromhex(told["hash"]), told["body"].encode(), bytes.fromhex(told["sig"]))
    event = decode_event(raw)
    check_signature(event, bytes.fromhex(told["public_key"]))
    fact = decode_fact(told["etype"], event.body.min_reader, bytes(event.body.payload))
    assert fact is not None, "this program no longer reads what an older one wrote"
    assert type(fact) is FACTS[told["etype"]]
    now = json.loads(msgspec.json.encode(fact))
    assert {key: now[key] for key in told["fact"]} == told["fact"]
    body = event.body
    assert (body.reason, body.meaning, body.user_id, body.policy_ver) == ("a reason", "approved", "u-gold", 7)
    assert (body.roles, body.boot_id, body.mono_ms, body.tz_min) == (("operator", "shift_lead"), "b00710", 123_456, 120)


@pytest.mark.proves("P8")
@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_what_is_written_today_has_the_bytes_of_then_unless_fields_came_to_it(name: str) -> None:
    told: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    kind = FACTS[told["etype"]]
    if kind.ever != told["ever"] or set(kind.__dataclass_fields__) != set(told["fact"]):
        now = json.loads(encode_fact(msgspec.convert(told["fact"], kind)))
        assert told["fact"].items() <= now.items()
        return
    again = make(kind)
    event = decode_event(RawEvent(bytes.fromhex(told["hash"]), told["body"].encode(), bytes.fromhex(told["sig"])))
    assert encode_body(event.body) == told["body"].encode(), "an envelope that is read and written again is the same"
    assert json.loads(again["body"])["payload"] == json.loads(told["body"])["payload"]

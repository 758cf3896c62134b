"""Signs records: shows what is signed, asks for the password again, and refuses when the record changed meanwhile.

Each signing proves the person anew (21 CFR 11.200, stricter: security row 53); the signature is bound to the record
as it was shown (11.70, P31). Without the centre the kept credential counts, and the signature says so.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from console.domain.command import Command
from console.domain.facts import Fact
from console.domain.people import Person
from console.domain.people_facts import RecordSigned
from console.domain.permissions import PERMISSIONS
from console.domain.refusal import Refused
from console.domain.signatures import SENTENCE_VER, SENTENCES, Meaning, Record, SignatureProof
from console.services.identity.password_rules import looks_like_pin
from console.services.identity.sign_on import NOT_SIGNED_ON, SignOnDesk
from console.services.journal.entries import Actor, Entry, Journal
from console.services.people_records import SignatureSheet


def meaning_of(command: Command) -> Meaning | None:
    """What a signature under this command means; None when it needs none."""
    signed = PERMISSIONS[command.name].signed
    return signed.meaning if signed is not None and signed.when(command) else None


class Signing:
    """`is_confirmed` tells whether the centre can confirm rights now."""

    def __init__(
        self,
        journal: Journal,
        sign_on: SignOnDesk,
        clock_us: Callable[[], int],
        is_confirmed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._journal = journal
        self._sign_on = sign_on
        self._clock_us = clock_us
        self._is_confirmed = is_confirmed

    def sheet(self, command: Command, record: Record) -> SignatureSheet:
        """What to show before this command is signed. Raises Refused when it needs no signature or nobody is here."""
        meaning = meaning_of(command)
        person = self._sign_on.person(self._sign_on.current)
        if meaning is None:
            raise Refused("This needs no signature")
        if person is None:
            raise Refused(NOT_SIGNED_ON)
        return SignatureSheet(
            person.user.name,
            meaning.value,
            SENTENCES[meaning],
            record.record_type,
            record.record_id,
            record.lines,
            record.sha256(meaning),
        )

    async def append(
        self,
        command: Any,
        record: Callable[[], Record],
        decide: Callable[[], Sequence[Fact]],
        actor: Actor,
        *,
        reason: str = "",
        parents: Sequence[bytes] = (),
    ) -> tuple[Entry, ...]:
        """Prove the signer, then write what is decided together with its signature; raises Refused.

        The record is looked at after the password was checked, so that what changed meanwhile is noticed.
        """
        meaning = meaning_of(command)
        if meaning is None:
            return await self._journal.append(decide(), actor, reason=reason, parents=parents)
        proof = command.proof
        if not isinstance(proof, SignatureProof):
            raise Refused("This needs your signature: read the record and sign it at the console")
        session = self._sign_on.session_of(actor)
        if session is None:
            raise Refused(NOT_SIGNED_ON)
        rights = _rights(self._sign_on.person(session))
        await self._sign_on.prove_again(session, proof.secret, looks_like_pin(proof.secret))
        if _rights(self._sign_on.person(session)) != rights or self._sign_on.is_locked(session):
            raise Refused("Not signed: your rights changed meanwhile")
        shown = record()
        if proof.meaning != meaning.value or not _is_same(proof.shown_hash, shown.sha256(meaning)):
            raise Refused("Not signed: the record is no longer what was shown. Look at it again")
        signature = RecordSigned(
            shown.record_id,
            shown.record_type,
            shown.sha256(meaning),
            meaning.value,
            SENTENCE_VER,
            self._clock_us(),
            not self._is_confirmed(),
        )
        facts = [*decide(), signature]
        return await self._journal.append(facts, actor, reason=reason, parents=parents, meaning=meaning.value)


def _rights(person: Person | None) -> object:
    """What a signature stands on; a name that comes from another station meanwhile is no reason to refuse one."""
    return None if person is None else (person.user_id, person.user.is_disabled, person.grants)


def _is_same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.strip().lower().encode("utf-8", "replace"), right.encode())

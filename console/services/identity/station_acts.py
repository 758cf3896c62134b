"""What administrators do with stations: let one in by its pairing code, and revoke one that is lost."""

from collections.abc import Mapping
from uuid import UUID

from console.domain import people_commands as u
from console.domain.command import Command
from console.domain.facts import Fact
from console.domain.permissions import Subject
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.domain.station_facts import StationEnrolled, StationRevoked
from console.services.acts import Act, receipt
from console.services.identity.enrolment import Enrolment
from console.services.identity.signing import Signing
from console.services.identity.stations import KnownStation, Stations
from console.services.journal.entries import Actor, Journal
from console.services.station import Receipt

_TRUSTED = ("known", "none")


class StationActs:
    """Its part of the operators' door; `own` is this station's id."""

    def __init__(self, journal: Journal, stations: Stations, enrolment: Enrolment, signing: Signing, own: UUID) -> None:
        self._journal = journal
        self._stations = stations
        self._enrolment = enrolment
        self._signing = signing
        self._own = own

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            u.EnrolStation: Act(self._enrol, _about_site),
            u.RevokeStation: Act(self._revoke, _about_site, self._revoking),
        }

    async def _enrol(self, command: u.EnrolStation, actor: Actor) -> Receipt:
        """Written down before the certificate goes out: nobody comes in without a trace."""
        request, certificate = self._enrolment.accept(command.station_id, command.pairing_code)
        if any(one.code == request.code and one.station_id != command.station_id for one in self._stations.known()):
            raise Refused(
                "Another station has the code {code} already: change it in that station.toml", code=line(request.code)
            )
        if self._stations.is_key_revoked(command.station_id, request.public_key):
            raise Refused("This key was revoked: move keys/station.pem away at that station, it then makes a new one")
        fact = StationEnrolled(
            command.station_id, request.code, line(request.name), request.public_key.hex(), certificate
        )
        entries = await self._journal.append([fact], actor)
        self._enrolment.done(command.station_id)
        return receipt(entries, str(command.station_id))

    async def _revoke(self, command: u.RevokeStation, actor: Actor) -> Receipt:
        why = required(paragraph(command.why), "Say why")
        if command.station_id == self._own:
            raise Refused("A station does not revoke itself: do it at another one")
        self._station(command)

        def decide() -> list[Fact]:
            known = self._station(command)
            trusts = command.trusted == "known"
            streams, seqs = (known.streams, known.seqs) if trusts else ((), ())
            return [StationRevoked(command.station_id, streams, seqs, why)]

        entries = await self._signing.append(command, lambda: self._revoking(command), decide, actor, reason=why)
        return receipt(entries, str(command.station_id))

    def _revoking(self, command: u.RevokeStation) -> Record:
        """Without how far its streams are known: that changes with every act over there."""
        known = self._station(command)
        lines = (
            ("Station", known.name or known.code),
            ("Code", known.code),
            ("Trusted", command.trusted),
            ("Why", paragraph(command.why)),
        )
        return Record("station.revoke", str(command.station_id), lines)

    def _station(self, command: u.RevokeStation) -> KnownStation:
        if command.trusted not in _TRUSTED:
            raise Refused('Say "known" or "none": what is still trusted')
        known = self._stations.find(command.station_id)
        if known is None:
            raise Refused("This station is not known here")
        if known.is_revoked:
            raise Refused("This station is revoked already")
        return known


def _about_site(_command: Command) -> Subject:
    return Subject(frozenset({""}))

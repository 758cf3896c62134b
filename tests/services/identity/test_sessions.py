"""Sessions: locked to view only, opened by PIN within the shift, bounded, switched; and the glass that is broken."""

import asyncio

import pytest

from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.facts import AlarmAcknowledged, HornSilenced, UserSignedOff, UserSignedOn
from console.domain.people_facts import BreakGlassUsed, RecordSigned, SessionLocked, SessionUnlocked, UnlockFailed
from console.domain.permissions import BREAK_GLASS_ONLY, SIGN_ON_FIRST
from console.domain.refusal import Refused
from console.services.identity.session import LOCKED, SessionRules
from console.services.identity.sign_on import WRONG
from tests.support.desk import PASSWORD
from tests.support.people_desk import PeopleDesk

PIN = "294817"
HOUR = 3600


def told(tmp_path, story, **more):
    async def inside(desk: PeopleDesk):
        await desk.start()
        await story(desk)

    with PeopleDesk(tmp_path / "a", **more) as desk:
        asyncio.run(inside(desk))


async def refused(desk: PeopleDesk, command: c.Command) -> str:
    with pytest.raises(Refused) as refusal:
        await desk.submit(command)
    return refusal.value.text


@pytest.mark.proves("SEC-13")
def test_a_locked_console_shows_everything_and_does_nothing_but_silence(tmp_path):
    async def story(desk: PeopleDesk):
        occurrence = desk.alarms.raise_alarm(1, desk.clock())
        await desk.signed_on("olga")
        await desk.submit(u.Lock("idle"))
        await desk.submit(u.Lock())  # twice is once
        record = desk.sign_on.record()
        assert record.is_locked and record.login == "olga" and record.denied["ack"] == LOCKED
        assert "unlock" not in record.denied and "silence" not in record.denied
        assert await refused(desk, c.AcknowledgeAlarms((occurrence,))) == LOCKED
        assert await refused(desk, u.SetPin(PIN, PASSWORD)) == LOCKED
        await desk.submit(c.SilenceHorn())
        assert desk.log.facts(HornSilenced)
        assert "wrong" in await refused(desk, u.Unlock("not my password"))
        assert desk.sign_on.record().is_locked
        await desk.submit(u.Unlock(PASSWORD))
        await desk.submit(c.AcknowledgeAlarms((occurrence,)))
        assert [fact.why for fact in desk.log.facts(SessionLocked)] == ["idle"]
        assert desk.log.facts(UnlockFailed) == [UnlockFailed("id-olga", "password")]
        assert desk.log.facts(SessionUnlocked) == [SessionUnlocked("id-olga", "password")]

    told(tmp_path, story)


@pytest.mark.proves("SEC-13")
def test_another_person_takes_a_locked_console_over_by_signing_on(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.signed_on("olga")
        await desk.submit(u.Lock())
        await desk.submit(c.SignOn("lena", PASSWORD))
        record = desk.sign_on.record()
        assert (record.login, record.is_locked) == ("lena", False)
        assert desk.log.facts(UserSignedOff) == [UserSignedOff("id-olga", "switch")]

    told(tmp_path, story)


def test_a_pin_reopens_and_switches_within_the_shift_that_a_password_began(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.signed_on("olga")
        await desk.submit(u.SetPin(PIN, PASSWORD))
        await desk.submit(u.Lock())
        await desk.submit(u.Unlock(PIN, is_pin=True))
        await desk.signed_on("lena")
        await desk.signed_on("olga", PIN)
        assert desk.sign_on.record().method == "pin"
        assert desk.log.facts(UserSignedOn)[-1].method == "pin"
        desk.clock.advance(8 * HOUR)
        await desk.submit(u.Lock())
        assert "use your password" in await refused(desk, u.Unlock(PIN, is_pin=True))
        with pytest.raises(Refused, match=WRONG):
            await desk.signed_on("olga", PIN)
        await desk.submit(u.Unlock(PASSWORD))
        await desk.submit(c.SignOff())
        with pytest.raises(Refused, match=WRONG):
            await desk.signed_on("olga", PIN)  # signing off ends the shift's claim

    told(tmp_path, story)


def test_after_five_wrong_pins_only_the_password_counts(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.signed_on("olga")
        await desk.submit(u.SetPin(PIN, PASSWORD))
        await desk.submit(u.Lock())
        for _ in range(5):
            assert "PIN is wrong" in await refused(desk, u.Unlock("111222", is_pin=True))
        assert "use your password" in await refused(desk, u.Unlock(PIN, is_pin=True))
        await desk.submit(u.Unlock(PASSWORD))
        await desk.submit(u.Lock())
        await desk.submit(u.Unlock(PIN, is_pin=True))

    told(tmp_path, story)


@pytest.mark.proves("SEC-29")
def test_a_session_that_ended_opens_nothing(tmp_path):
    async def story(desk: PeopleDesk):
        session = await desk.signed_on("olga")
        assert len(bytes.fromhex(session.session_id)) * 8 >= 128
        await desk.submit(c.SignOff())
        with pytest.raises(Refused, match=SIGN_ON_FIRST):
            await desk.submit(c.OpenIncident("x"), session)
        with pytest.raises(Refused):
            await desk.sign_on.unlock(session.session_id, PASSWORD, False)

    told(tmp_path, story)


@pytest.mark.proves("SEC-15")
def test_sessions_of_one_person_are_limited_and_shown_wherever_they_are(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await there.start()
        await there.signed_on("olga")
        here.receive(there)
        await here.signed_on("olga")
        await here.signed_on("olga")  # again at the same desk: still one here
        (olga,) = [one for one in here.people.view.record().people if one.login == "olga"]
        assert olga.sessions == ("B2", "A1")
        with pytest.raises(Refused, match=r"2 times already.*B2"):
            await here.sign_on.open_session("olga", PASSWORD)
        await there.submit(c.SignOff())
        here.receive(there)
        await here.sign_on.open_session("olga", PASSWORD)
        await there.signed_on("olga")
        here.receive(there)
        here.clock.advance(9 * HOUR)  # a station that died holds nobody out for ever
        await here.sign_on.sign_off()
        await here.signed_on("olga")

    rules = SessionRules(most=2)
    with (
        PeopleDesk(tmp_path / "a", rules=rules) as here,
        PeopleDesk(tmp_path / "b", "B2", 2, rules=rules) as there,
    ):
        asyncio.run(story(here, there))


@pytest.mark.proves("SEC-44")
def test_the_control_room_acknowledges_without_a_name_and_somebody_owns_up_within_the_shift(tmp_path):
    async def story(desk: PeopleDesk):
        occurrence = desk.alarms.raise_alarm(1, desk.clock())
        assert "Say why" in await refused(desk, u.BreakGlass(" "))
        await desk.submit(u.BreakGlass("nobody can sign on"))
        record = desk.sign_on.record()
        assert (record.user_id, record.method, record.name) == ("control-room", "break_glass", "Control room")
        await desk.submit(c.AcknowledgeAlarms((occurrence,)))
        assert desk.log.kept[-1].actor.user_id == "control-room"
        assert isinstance(desk.log.kept[-1].fact, AlarmAcknowledged)
        assert await refused(desk, c.OpenIncident("x")) == BREAK_GLASS_ONLY
        assert await refused(desk, u.Lock()) == BREAK_GLASS_ONLY  # nobody could unlock it again
        (use,) = desk.people.view.record().break_glass
        assert (use.why, use.is_overdue) == ("nobody can sign on", False)
        desk.clock.advance(9 * HOUR)
        assert desk.people.session_acts.is_overdue()
        assert desk.people.view.record().break_glass[0].is_overdue
        await desk.signed_on("otto")
        assert "somebody else" in await refused(desk, u.AttributeBreakGlass(use.use_id, "olga"))
        await desk.submit(u.AttributeBreakGlass(use.use_id, note="was me"))
        assert desk.people.view.record().break_glass == ()
        assert not desk.people.session_acts.is_overdue()
        assert "Otto" in str(desk.sign_on.name_of(desk.sign_on.everywhere.use(use.use_id).by))
        await desk.signed_on("lena")
        assert "already" in await refused(desk, u.AttributeBreakGlass(use.use_id, "olga"))
        assert len(desk.log.facts(BreakGlassUsed)) == 1

    told(tmp_path, story)


@pytest.mark.proves("SEC-44")
def test_rights_that_the_centre_has_not_confirmed_for_years_still_sign_on(tmp_path):
    async def story(desk: PeopleDesk):
        desk.sign_on.note_confirmed(desk.clock())
        confirmed = desk.clock()
        desk.clock.advance(3 * 365 * 24 * HOUR)
        await desk.signed_on("olga")
        assert desk.sign_on.record().confirmed_us == confirmed
        desk.sign_on.note_confirmed(confirmed - 1)
        assert desk.sign_on.record().confirmed_us == confirmed

    told(tmp_path, story)


@pytest.mark.proves("SEC-51", "SEC-52", "SEC-53", "P19", "SEC-12", "P31")
def test_a_shift_lead_signs_for_an_act_of_somebody_who_was_revoked_and_it_takes_effect(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await there.start()
        await here.signed_on("adam")
        await here.signed(u.DisableUser("olga", "left"))
        there.clock.advance(60)
        await there.signed_on("olga")  # the island does not know
        await there.submit(c.OpenIncident("Fan stands"))
        (incident,) = there.incidents.snapshot().incidents
        for command in (
            c.AssignIncident(incident.incident_id, "IT", "olga"),
            c.ResolveIncident(incident.incident_id, "by_itself", "x"),
            c.CloseIncident(incident.incident_id),
        ):
            await there.submit(command)
        here.receive(there)
        (held,) = here.people.view.record().withheld
        assert (held.etype, held.flag, held.user) == ("incident.moved", "revoked_user", "Olga")
        command = u.Countersign(held.act_hash, "seen on site")
        assert "may do this himself" in await refused(here, command)  # adam administers, he closes no incidents
        await here.signed_on("lena")
        assert "signature" in await refused(here, command)
        sheet = here.sheet(command)
        assert sheet.name == "Lena" and "{name}" in sheet.sentence and dict(sheet.lines)["Who"] == "Olga"
        other = here.sheet(u.Countersign(held.act_hash, "another note"))
        assert other.sha256 != sheet.sha256, "the signature is of this record alone"
        await here.signed(command)
        (signature,) = [fact for fact in here.log.facts(RecordSigned) if fact.meaning == "countersigned"]
        assert (signature.record_id, signature.sha256) == (held.act_hash, sheet.sha256)
        assert here.log.kept[-1].meaning == "countersigned" and here.log.kept[-1].actor.user_id == "id-lena"
        assert here.people.view.record().withheld == ()
        assert "No act with this mark" in await refused(here, command)
        assert "No act with this mark" in await refused(here, u.Countersign("zz"))

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))

"""What a fact's type says to a person; one line for every type of fact."""

from console.ui.translation import mark, tr

EVENT_WORDS: dict[str, str] = {
    "stream.opened": mark("station opened its journal"),
    "alarm.acknowledged": mark("acknowledged an alarm"),
    "alarm.commented": mark("commented an alarm"),
    "horn.silenced": mark("silenced the horn"),
    "incident.opened": mark("opened an incident"),
    "incident.alarm_linked": mark("linked an alarm"),
    "incident.noted": mark("wrote a note"),
    "incident.field_set": mark("changed a field"),
    "incident.moved": mark("moved an incident on"),
    "user.signed_on": mark("signed on"),
    "user.signed_off": mark("signed off"),
    "user.sign_on_failed": mark("could not sign on"),
    "act.refused": mark("was refused"),
    "site.file_applied": mark("applied a site file"),
    "preference.saved": mark("saved a preference"),
    "node.rebirth_requested": mark("asked a node for its birth"),
    "station.enrolled": mark("enrolled a station"),
    "station.revoked": mark("revoked a station"),
    "sync.fork": mark("found a journal written at two places"),
    "sync.divergence": mark("found a divergence and rebuilt it"),
    "backup.made": mark("made a backup"),
    "backup.restored": mark("restored a backup"),
    "database.set_aside": mark("set a damaged database aside"),
    "clock.stepped": mark("the PC's clock jumped"),
    "sound.checked": mark("checked that alarms can be heard"),
    "journal.exported": mark("exported the journal"),
    "journal.imported": mark("imported a journal"),
    "journal.archived": mark("sealed an old part of the journal"),
    "journal.pruned": mark("moved old entries to the archive"),
    "user.added": mark("added a person"),
    "user.profile_changed": mark("changed a person's login or name"),
    "user.erased": mark("erased a person"),
    "user.disabled": mark("disabled an account"),
    "user.enabled": mark("enabled an account"),
    "user.merged": mark("merged two accounts"),
    "user.role_granted": mark("granted a role"),
    "user.role_revoked": mark("took a role away"),
    "user.credential_set": mark("set a password or PIN"),
    "user.session_locked": mark("locked the session"),
    "user.session_unlocked": mark("unlocked the session"),
    "user.unlock_failed": mark("could not unlock"),
    "record.signed": mark("signed a record"),
    "break_glass.used": mark("used the emergency identity"),
    "break_glass.attributed": mark("said who used the emergency identity"),
    "act.countersigned": mark("countersigned an act"),
    "alarm.unacknowledged": mark("took an acknowledgement back"),
    "alarm.shelved": mark("shelved an alarm"),
    "alarm.unshelved": mark("unshelved an alarm"),
    "alarm.out_of_service": mark("took an alarm out of service"),
    "alarm.returned_to_service": mark("returned an alarm to service"),
    "alarm.reset": mark("reset an alarm"),
    "alarm.first_out_reset": mark("reset the first alarm of a group"),
    "alarm.taken": mark("took an alarm over"),
    "alarm.left": mark("handed an alarm back"),
    "incident.merged": mark("merged two incidents"),
    "incident.note_amended": mark("amended a note"),
    "master_alarm.set": mark("changed a master alarm record"),
    "master_alarm.moved": mark("reviewed a master alarm record"),
    "master_alarm.imported": mark("imported master alarm records"),
    "master_alarm.import_undone": mark("took an import of master alarm records back"),
    "annotation.added": mark("annotated a trend"),
    "annotation.edited": mark("edited an annotation"),
    "annotation.withdrawn": mark("withdrew an annotation"),
    "pen_group.saved": mark("saved a pen group"),
    "pen_group.deleted": mark("deleted a pen group"),
}


EVENT_GROUPS: tuple[tuple[str, str], ...] = (  # what a filter asks for: types or their first parts, and their name
    ("", mark("Everything")),
    ("alarm horn sound", mark("Alarms")),
    ("master_alarm", mark("Alarm rationalization")),
    ("incident", mark("Incidents")),
    ("annotation pen_group", mark("Trends")),
    ("user break_glass act record", mark("People and rights")),
    ("act.refused user.sign_on_failed user.unlock_failed break_glass", mark("Refused and break-glass")),
    ("act.countersigned record.signed", mark("Signatures")),
    ("stream station sync database clock backup journal", mark("Stations, sync, backup")),
    ("site preference node", mark("Settings and orders to nodes")),
)


def is_of_group(etype: str, group: str) -> bool:
    """`group` names types or their first parts, separated by blanks; an empty one holds every type."""
    return not group or any(etype == part or etype.startswith(f"{part}.") for part in group.split())


def types_of(words: str, group: str = "") -> tuple[str, ...]:
    """The known types of a group whose name or words, in the person's language, hold all of `words`."""
    wanted = words.casefold().split()
    told = ((etype, f"{etype} {event_word(etype)}".casefold()) for etype in EVENT_WORDS if is_of_group(etype, group))
    return tuple(etype for etype, text in told if all(word in text for word in wanted))


def event_word(etype: str) -> str:
    """What a fact's type says to a person; one that this version does not know is shown as it is."""
    return tr(EVENT_WORDS[etype]) if etype in EVENT_WORDS else etype

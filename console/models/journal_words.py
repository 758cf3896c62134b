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
    "journal.exported": mark("exported the journal"),
    "journal.imported": mark("imported a journal"),
}


def event_word(etype: str) -> str:
    """What a fact's type says to a person; one that this version does not know is shown as it is."""
    return tr(EVENT_WORDS[etype]) if etype in EVENT_WORDS else etype

"""Joins the question about one alarm's story to a built station: its log, the journal, incidents, and raw inputs."""

from collections.abc import Callable
from uuid import UUID

from console.domain.alarms import AlarmKind
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.story import AlarmStory, StorySource
from console.services.local_station import Parts
from console.services.storage.schema import Database
from console.services.story_records import RawInputs
from console.services.telemetry.derived_tags import DerivedTags


def join_story(
    parts: Parts,
    station_id: UUID,
    station_db: Database,
    journal_db: Database,
    derived: DerivedTags,
    name_of: Callable[[str], str],
) -> None:
    """Let the question in."""
    source = StorySource(
        station_id,
        station_db.readers,
        journal_db.readers,
        parts.engine.siblings_of,
        parts.desk.linked,
        lambda condition_id: raw_inputs(parts.engine, derived, condition_id),
        parts.journal.flags_of,
        name_of,
    )
    parts.more_answers |= AlarmStory(source).answers()


def raw_inputs(engine: AlarmEngine, derived: DerivedTags, condition_id: UUID) -> RawInputs:
    """What the alarm's value is made of; empty for one that is measured as it is."""
    hung = engine.hung_on(condition_id)
    if hung is None:
        return RawInputs()
    rule, tag = hung
    expression, tags = derived.inputs_of(tag.handle)
    if rule.kind is AlarmKind.DEVIATION:
        path = tag.source.path()
        setpoint = rule.setpoint
        if setpoint.startswith("./"):
            setpoint = f"{tag.source.asset_path()}/{setpoint[2:]}"
        return RawInputs(expression or f"{path} - {setpoint}", ((path, tag.handle), (setpoint, -1), *tags))
    return RawInputs(expression, tags)

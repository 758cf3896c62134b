"""Joins the question about one alarm's story to a built station: its log, the journal, incidents, and raw inputs."""

from collections.abc import Callable
from uuid import UUID

from console.domain.alarms import AlarmKind
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.past_spans import past_spans
from console.services.alarms.story import AlarmStory, StorySource
from console.services.local_station import Parts
from console.services.station import AlarmSpansQuery
from console.services.storage.schema import Database
from console.services.story_records import PastSpans, RawInputs
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

    async def spans(query: AlarmSpansQuery) -> PastSpans:
        return await station_db.readers.read(lambda c: past_spans(c, query.from_us, query.to_us, query.most))

    parts.more_answers |= {**AlarmStory(source).answers(), AlarmSpansQuery: spans}


def raw_inputs(engine: AlarmEngine, derived: DerivedTags, condition_id: UUID) -> RawInputs:
    """What the alarm's value is made of; empty for one that is measured as it is."""
    hung = engine.hung_on(condition_id)
    if hung is None:
        return RawInputs()
    rule, tag, setpoint = hung
    expression, tags = derived.inputs_of(tag.handle)
    if rule.kind is AlarmKind.DEVIATION:
        compared = [(tag.source.path(), tag.handle)]
        if setpoint is not None:
            compared.append((setpoint.source.path(), setpoint.handle))
        elif not _is_number(rule.setpoint):
            compared.append((rule.setpoint, -1))
        return RawInputs(f"{tag.source.metric} - {rule.setpoint}", (*compared, *tags))
    if rule.kind is AlarmKind.BASELINE:
        return RawInputs(
            f"{tag.source.metric} ~ {rule.cycle} x {rule.periods}", ((tag.source.path(), tag.handle), *tags)
        )
    return RawInputs(expression, tags)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

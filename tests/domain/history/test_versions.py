"""Wordings that several people write at once: the same result whatever the order of arrival, and nothing is lost."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from console.domain.history.versions import Version, Versions


@dataclass(frozen=True)
class Said:
    """What one person wrote, and what he saw."""

    version: Version[str]
    seen: tuple[bytes, ...]


def said(n: int, content: str | None, *seen: int, hlc: int = 0) -> Said:
    return Said(Version(bytes([n]) * 32, hlc or n, f"u{n % 3}", n * 10, content), tuple(bytes([s]) * 32 for s in seen))


def taken(*all_of_it: Said) -> Versions[str]:
    versions: Versions[str] = Versions()
    for one in all_of_it:
        versions.put(one.version, one.seen)
    return versions


def words(versions: Versions[str]) -> list[str | None]:
    return [version.content for version in versions.standing]


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Each wording replaces any of those before it, as a person who saw just these would."""
    made: list[Said] = []
    for n in range(1, draw(st.integers(1, 9)) + 1):
        seen = draw(st.sets(st.integers(1, n - 1), max_size=3)) if n > 1 else set()
        made.append(said(n, draw(st.sampled_from(["a", "b", "c", None])), *sorted(seen), hlc=draw(st.integers(1, 4))))
    return made


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_and_number_of_arrivals_change_nothing(history, chance):
    other = [*history, *history]
    chance.shuffle(other)
    one, two = taken(*history), taken(*other)
    assert one.standing == two.standing
    assert (one.is_gone, one.is_disputed, one.heads, one.history) == (
        two.is_gone,
        two.is_disputed,
        two.heads,
        two.history,
    )


@given(histories())
def test_a_wording_leaves_only_when_somebody_who_saw_it_replaced_it(history):
    replaced = {seen for one in history for seen in one.seen}
    standing = {version.by for version in taken(*history).standing}
    assert standing == {one.version.by for one in history} - replaced


@given(histories())
def test_what_somebody_wrote_beside_a_taking_away_keeps_the_thing_in_sight(history):
    versions = taken(*history)
    assert versions.is_gone == all(content is None for content in words(versions))


def test_two_who_write_at_once_leave_two_wordings_until_somebody_who_sees_both_chooses():
    versions = taken(said(1, "pump swapped"), said(2, "pump 3 swapped", 1), said(3, "pump changed", 1))
    assert versions.is_disputed
    assert words(versions) == ["pump 3 swapped", "pump changed"]
    chosen = said(4, "pump 3 swapped", 2, 3)
    versions.put(chosen.version, chosen.seen)
    assert not versions.is_disputed
    assert words(versions) == ["pump 3 swapped"]


def test_the_same_words_written_twice_are_no_dispute():
    assert not taken(said(1, "a"), said(2, "b", 1), said(3, "b", 1)).is_disputed


def test_a_new_wording_names_what_its_author_saw_and_nothing_else():
    versions = taken(said(1, "a"), said(2, "b", 1), said(3, "c", 1))
    assert versions.replaced_by(()) == versions.heads
    assert versions.replaced_by([(bytes([2]) * 32).hex(), "ff" * 32]) == (bytes([2]) * 32,)


def test_a_ring_that_only_a_broken_program_writes_still_shows_something():
    assert words(taken(said(1, "a", 2), said(2, "b", 1))) == ["b"]

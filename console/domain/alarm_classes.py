"""What alarms of one class have in common (ISA-18.2 alarm class; OPC 10000-9 keeps it with the condition class), and
what a site decides about shelving, floods and sound for all of them."""

from collections.abc import Collection
from dataclasses import dataclass, field

from console.domain.alarms import Priority
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.domain.suppressions import Suppression

STANDARD_ID = "standard"
HOUR_S = 3600
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class AlarmClass:
    """One `[[class]]` of `site/alarms.toml`. Times in seconds; 0 for `realarm_s` and `escalate_s`: never."""

    class_id: str = STANDARD_ID
    name: str = ""
    is_latching: bool = False  # stays after its return until acknowledged and reset
    closes_by_itself: bool = False  # the return closes it, acknowledged or not
    needs_comment: bool = False  # nobody acknowledges it without a word
    needs_signature: bool = False  # acknowledging it takes an electronic signature
    is_shelvable: bool = True
    longest_shelf_s: int = 8 * HOUR_S
    realarm_s: int = 0  # acknowledged and still active after this: unacknowledged again, with sound
    stands_out: bool = False  # its sound is never summed up with others
    escalate_s: int = 0  # still unacknowledged after this: sounds anew by itself, marked


STANDARD = AlarmClass()


@dataclass(frozen=True, slots=True)
class ShelvingRules:
    """What the whole site allows. A priority that is not named may not be shelved."""

    longest_s: dict[Priority, int] = field(
        default_factory=lambda: {Priority.HIGH: HOUR_S, Priority.MEDIUM: 8 * HOUR_S, Priority.LOW: 8 * HOUR_S}
    )
    at_most: int = 20  # alarms that one person may have shelved at the same time
    at_once: int = 20  # alarms in one act: nobody shelves an area
    warn_s: int = 5 * MINUTE_S  # so long before its end a shelf asks to be looked at
    by_condition: bool = False  # unshelving by hand annunciates what is active, as the end of its time does
    presets_s: tuple[int, ...] = (15 * MINUTE_S, 30 * MINUTE_S, HOUR_S, 2 * HOUR_S, 4 * HOUR_S, 8 * HOUR_S)


@dataclass(frozen=True, slots=True)
class FloodRules:
    """More than `enter` annunciations within `window_s` begin a flood, fewer than `leave` end it."""

    enter: int = 10
    leave: int = 5
    window_s: int = 600


@dataclass(frozen=True, slots=True)
class SoundRules:
    """More than `burst` alarms waiting to sound: one summary; unacknowledged ones are recalled every `nag_s`."""

    burst: int = 3
    nag_s: int = 15 * MINUTE_S
    lowest_volume: int = 20  # percent; nobody makes critical alarms and a lost link quieter than this
    shifts_s: tuple[int, ...] = (6 * HOUR_S, 14 * HOUR_S, 22 * HOUR_S)  # after midnight at the site: sound is checked


@dataclass(frozen=True, slots=True)
class GroupRules:
    """Acknowledging several alarms at once is a right of its own: `roles` have it. One at a time is not asked here."""

    roles: frozenset[str] = frozenset({"operator", "shift_lead"})

    def may(self, roles: Collection[str]) -> bool:
        """True for whoever has one of the roles, and for the identity "control room" that has none at all."""
        return not roles or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """Everything of `site/alarms.toml` beside its rules."""

    classes: dict[str, AlarmClass] = field(default_factory=lambda: {STANDARD_ID: STANDARD})
    shelving: ShelvingRules = ShelvingRules()
    flood: FloodRules = FloodRules()
    sound: SoundRules = SoundRules()
    suppressions: tuple[Suppression, ...] = ()
    group: GroupRules = GroupRules()
    matrix: PriorityMatrix = DEFAULT_MATRIX

    def class_of(self, class_id: str) -> AlarmClass:
        """The class, the standard one where it is not known."""
        return self.classes.get(class_id, STANDARD)

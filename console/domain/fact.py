"""What every journal entry holds: an immutable fact in the past tense; its name and version are stable for ever."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of all facts: the stored type name and version, and which kind of entity it concerns."""

    etype: ClassVar[str] = ""
    ever: ClassVar[int] = 1
    entity_type: ClassVar[str] = ""

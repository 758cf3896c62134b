"""What every order to the station is: an imperative with a stable name."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Command:
    name: ClassVar[str] = ""

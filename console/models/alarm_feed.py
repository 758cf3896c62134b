"""The columns of all alarms, once per station, and the deltas that wait until a list that is seen shows them."""

from weakref import WeakKeyDictionary

from console.models.alarm_columns import AlarmColumns
from console.models.row_order import Rows
from console.services.notifier import Notifier
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, Station

_WORDS_A_BEAT = 1000  # alarms whose words are read in a quiet beat, ready for whoever filters


class AlarmFeed:
    """Follows ALARMS for every `AlarmTable` of a station. While a list is seen, what arrives waits for its beat: an act
    meets exactly what is on screen. `taken` tells the rows that changed."""

    def __init__(self, station: Station) -> None:
        self.alarms = AlarmColumns()
        self.taken: Notifier[Rows] = Notifier()
        self._waiting: list[AlarmsDelta] = []
        self._seen_by: set[int] = set()
        station.subscribe(ALARMS, self._on_delta)

    def hold(self, owner: object, is_seen: bool) -> None:
        """Whether this list is seen; of several that are, the first beat shows all of them the same."""
        (self._seen_by.add if is_seen else self._seen_by.discard)(id(owner))

    def _on_delta(self, delta: AlarmsDelta) -> None:
        self._waiting.append(delta)
        if not self._seen_by:
            self.take_in()

    def take_in(self) -> None:
        """What waits becomes what is shown."""
        if not self._waiting:
            self.alarms.read_words(_WORDS_A_BEAT)
            return
        waiting, self._waiting = self._waiting, []
        for delta in waiting:
            self.taken.notify(self.alarms.apply(delta))


_feeds: WeakKeyDictionary[Station, AlarmFeed] = WeakKeyDictionary()


def alarm_feed(station: Station) -> AlarmFeed:
    """The one feed of this station; made (and subscribed) by whoever asks first."""
    if station not in _feeds:
        _feeds[station] = AlarmFeed(station)
    return _feeds[station]

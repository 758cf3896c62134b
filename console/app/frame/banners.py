"""Keeps the banner and its slim copies in torn-off windows the same: one count, one top alarm, one horn."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from console.app.frame.plant_picture import PlantPicture
from console.app.frame.receiving import Receiving
from console.models.alarm_table import alarm_text
from console.models.link_words import link_text
from console.services.notifier import Undo
from console.services.records import AlarmCounts, HornSnapshot, HornState, StatusRecord
from console.services.station import ALARM_COUNTS, HORN, STATUS, Station
from console.ui.format import whole_text
from console.ui.priority_symbol import symbol_state
from console.ui.translation import mark, tr
from console.ui.view import Selection
from console.widgets.alarm_banner import AlarmBanner, TopAlarm

Wish = Callable[[], None]
PATTERNS = {"recall": mark("Horn recalls"), "link": mark("Horn: link lost")}


class Banners(QObject):
    """`on_show`, `on_acknowledge`, `on_silence` and `on_priority` are what the buttons do, in every window alike."""

    def __init__(
        self,
        station: Station,
        picture: PlantPicture,
        wishes: tuple[Wish, Wish, Wish],
        on_priority: Callable[[int], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._picture = picture
        self._wishes = wishes
        self._on_priority = on_priority
        self._counts: AlarmCounts | None = None
        self._horn = HornSnapshot(HornState.QUIET, 0, 0)
        self._no_sound = False
        self._denied = ""
        self._place = ("", "")
        self._banners: list[AlarmBanner] = []
        self.receiving = Receiving(station, picture)
        self.main = self.add(compact=False)
        self._undo: list[Undo] = [
            station.subscribe(ALARM_COUNTS, self._on_counts),
            station.subscribe(HORN, self._on_horn),
            station.subscribe(STATUS, self._on_status),
        ]

    @property
    def counts(self) -> AlarmCounts:
        return self._counts or AlarmCounts()

    def add(self, *, compact: bool) -> AlarmBanner:
        banner = AlarmBanner(compact=compact)
        show, acknowledge, silence = self._wishes
        banner.show_asked.connect(show)
        banner.acknowledge_asked.connect(acknowledge)
        banner.silence_asked.connect(silence)
        banner.priority_chosen.connect(self._on_priority)
        self._banners.append(banner)
        banner.destroyed.connect(lambda _gone=None, made=banner: self._drop(made))
        self._fill(banner)
        return banner

    def dress(self, container: QWidget) -> None:
        """Put a slim banner into a torn-off window, above its docks, where nothing can cover it."""
        QTimer.singleShot(0, container, lambda: self._dress_now(container))

    def _dress_now(self, container: QWidget) -> None:
        inner = container.dockContainer()  # type: ignore[attr-defined]
        layout = inner.layout() if inner is not None else None
        if isinstance(layout, QGridLayout) and layout.itemAtPosition(0, 1) is None:
            layout.addWidget(self.add(compact=True), 0, 1)

    def top_selection(self) -> Selection | None:
        """The most urgent unacknowledged alarm as a selection, None when there is none."""
        alarm = self._picture.alarm(self.counts.top_row)
        if alarm is None:
            return None
        condition = alarm.condition
        asset_id = self._picture.asset_of(condition)
        return Selection(asset_id, condition.tag_handle, condition.tag_id, alarm.occurrence, None, alarm.start_us)

    def set_no_sound(self, no_sound: bool) -> None:
        self._no_sound = no_sound
        self._each()

    def set_denied(self, why: str) -> None:
        self._denied = why
        self._each()

    def tick(self, now_us: int) -> None:
        brokers = [link for name, link in sorted(self._picture.own_links.items()) if name.startswith("broker:")]
        lost = " · ".join(link_text(link, now_us) for link in brokers if link.state != "live")
        why = self.receiving.look()
        for banner in self._banners:
            banner.tick(now_us)
            banner.set_lost(lost)
            banner.set_doubt(tr(why) if why else "")

    def refresh_top(self) -> None:
        """The top row's own data may come after the counts."""
        for banner in self._banners:
            banner.set_top(self._top())

    def close(self) -> None:
        for undo in self._undo:
            undo()
        self.receiving.close()
        for banner in self._banners:
            banner.release()

    def _top(self) -> TopAlarm | None:
        alarm = self._picture.alarm(self.counts.top_row)
        if alarm is None or not 1 <= alarm.priority <= 4:
            return None
        name = self._picture.name_of(self._picture.asset_of(alarm.condition)) or alarm.condition.asset_name
        text = alarm_text(alarm.condition)
        subject = name or alarm.condition.subject
        return TopAlarm(alarm.priority, text, subject, alarm.start_us, symbol_state(alarm.state))

    def _each(self) -> None:
        for banner in self._banners:
            self._fill(banner)

    def _fill(self, banner: AlarmBanner) -> None:
        if self._counts is not None:
            banner.set_counts(self._counts.unacknowledged, self._counts.active)
            counts = self._counts
            banner.set_aside(counts.shelved, counts.out_of_service, counts.suppressed, counts.escalated)
        banner.set_top(self._top())
        if self._no_sound:
            banner.set_horn("no_device")
        else:
            banner.set_horn(str(self._horn.state), self._horn_words())
        banner.set_denied(self._denied)
        banner.set_place(*self._place)

    def _horn_words(self) -> str:
        """What the horn says beside that it sounds: a burst, a recall, a lost link."""
        horn = self._horn
        if horn.state is not HornState.SOUNDING:
            return ""
        if horn.summary:
            return tr("Horn: {n} alarms", n=whole_text(horn.summary))
        return tr(PATTERNS[horn.pattern]) if horn.pattern in PATTERNS else ""

    def _drop(self, banner: AlarmBanner) -> None:
        self._banners = [other for other in self._banners if other is not banner]

    def _on_counts(self, counts: AlarmCounts) -> None:
        self._counts = counts
        self._each()

    def _on_horn(self, snapshot: HornSnapshot) -> None:
        self._horn = snapshot
        self._each()

    def _on_status(self, status: StatusRecord) -> None:
        place = ("Leitstand", " · ".join(part for part in (status.position, status.site_name) if part))
        if place != self._place:
            self._place = place
            self._each()

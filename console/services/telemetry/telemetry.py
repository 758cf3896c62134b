"""All broker links of this station: builds, starts and stops them, and takes rebirth requests of operators."""

import random as random_source
from collections.abc import Callable, Sequence
from uuid import UUID

from console.config.settings import StationSettings, TopicMap
from console.domain.refusal import Refused
from console.services.inbox import Inbox
from console.services.records import LinkRecord
from console.services.telemetry.batch import Message
from console.services.telemetry.clock import Clock
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.host_state import HostState
from console.services.telemetry.mqtt_link import MqttLink
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.plain_topics import PlainTopics
from console.services.telemetry.rebirth import RebirthDesk
from console.services.telemetry.sparkplug_host import SparkplugHost


class Telemetry:
    """One link and one thread per broker of the station. `handles` is shared with the tag store and the snapshot."""

    def __init__(
        self,
        settings: StationSettings,
        site_id: UUID,
        topic_maps: Sequence[TopicMap],
        inbox: Inbox[Message],
        clock: Clock,
        *,
        handles: HandleTable | None = None,
        random: Callable[[], float] = random_source.random,
    ) -> None:
        self.handles = handles if handles is not None else HandleTable(site_id)
        self._enabled = {broker.name: broker.request_rebirth for broker in settings.brokers}
        self._links: dict[str, MqttLink] = {}
        host_id = settings.host_id or f"leitstand-{settings.code}"
        for broker in settings.brokers:
            outlet = Outlet(inbox)
            desk = RebirthDesk(random, enabled=broker.request_rebirth)
            host = SparkplugHost(
                broker.name,
                self.handles,
                outlet,
                desk,
                max_payload=broker.max_payload,
                max_metrics=broker.max_metrics,
            )
            plain = PlainTopics(broker.name, topic_maps, self.handles, outlet)
            # two brokers may be two names of one server: equal ids would throw each other off
            suffix = "" if len(settings.brokers) == 1 else f"-{broker.name}"
            client_id = broker.client_id or f"leitstand-{settings.code}-t{suffix}"
            self._links[broker.name] = MqttLink(
                broker, client_id, HostState(host_id), host, plain, outlet, desk, clock, random
            )

    def start(self) -> None:
        """Start every link. A broker that is down is a state of its link, never an error."""
        for link in self._links.values():
            link.start()

    def stop(self) -> None:
        """Say goodbye everywhere, all links at the same time."""
        for link in self._links.values():
            link.ask_stop()
        for link in self._links.values():
            link.stop()

    def links(self) -> tuple[LinkRecord, ...]:
        return tuple(link.record for link in self._links.values())

    def request_rebirth(self, broker: str, group: str, node: str) -> None:
        """An operator's request; the caller has checked the role. Raises Refused."""
        link = self._links.get(broker)
        if link is None:
            raise Refused("There is no broker called {broker}.", broker=broker)
        if not self._enabled[broker]:
            raise Refused("Rebirth requests are switched off for broker {broker}.", broker=broker)
        if link.record.state != "live":
            raise Refused("The link to broker {broker} is down.", broker=broker)
        link.ask_rebirth(group, node)

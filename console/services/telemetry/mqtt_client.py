"""A paho client for one connection, prepared after the broker's settings, with our own wire below it."""

import socket
import ssl
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from console.config.settings import BrokerSettings
from console.services.telemetry.credentials import read_password
from console.services.telemetry.link_words import BAD_CERTIFICATE_FILE, LinkLost
from console.services.telemetry.wire import Wire

KEEP_ALIVE_S = 2
CONNECT_S = 3.0
_RECEIVE_BUFFER = 1 << 20


class WiredClient(mqtt.Client):
    """paho with `Wire` in the place of its socket (the way its own websocket wrapper goes)."""

    def __init__(self, settings: BrokerSettings, client_id: str) -> None:
        is_5 = settings.protocol == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if is_5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self.wire: Wire | None = None
        self._settings = settings
        self._is_5 = is_5
        self._context = _tls_context(settings) if settings.tls or settings.ca_file or settings.cert_file else None
        self.suppress_exceptions = False

    def open(self) -> Wire:
        """Connect and send CONNECT: clean session, or clean start with session expiry 0. Raises OSError."""
        settings = self._settings
        if self._is_5:
            properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
            self.connect_async(settings.host, settings.port, KEEP_ALIVE_S, clean_start=True, properties=properties)
        else:
            self.connect_async(settings.host, settings.port, KEEP_ALIVE_S)
        self.reconnect()
        assert self.wire is not None
        return self.wire

    def _create_socket(self) -> Any:
        """paho's own would leave a socket open when the TLS handshake fails."""
        settings = self._settings
        sock = socket.create_connection((settings.host, settings.port), timeout=CONNECT_S)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=settings.host)
        except BaseException:
            sock.close()
            raise
        self.wire = Wire(sock, settings.max_payload, has_properties=self._is_5)
        return self.wire


def make_client(settings: BrokerSettings, client_id: str) -> WiredClient:
    """Raises CredentialError or LinkLost("refused") when a password or certificate file cannot be used."""
    client = WiredClient(settings, client_id)
    if settings.username or settings.password_file:
        password = read_password(settings.password_file) if settings.password_file else None
        client.username_pw_set(settings.username, password)
    return client


def _tls_context(settings: BrokerSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
        if settings.cert_file is not None:
            key = str(settings.key_file) if settings.key_file else None
            context.load_cert_chain(str(settings.cert_file), key)
    except OSError as error:
        raise LinkLost(BAD_CERTIFICATE_FILE, "refused") from error
    return context

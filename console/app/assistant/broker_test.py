"""Whether an MQTT broker answers at a place: one CONNECT of MQTT 3.1.1 (section 3.1) and its CONNACK."""

import asyncio
from contextlib import suppress

from console.ui.translation import mark

PATIENCE_S = 4.0
ANSWERS = mark("The broker answers.")
WANTS_USER = mark("The broker answers and wants a user: name him in station.toml later.")
NO_BROKER = mark("Something answers there, but it is no MQTT broker.")
NOBODY = mark("Nobody answers there: check the name, the port and the network.")
_CONNECT = b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x0a\x00\x0eleitstand-test"
_DISCONNECT = b"\xe0\x00"
_REFUSED_USER = (4, 5)  # bad user name or password, not authorised (section 3.2.2.3)


async def look(host: str, port: int, patience_s: float = PATIENCE_S) -> str:
    """One of the marked texts above; never raises for what the network does."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), patience_s)
    except (OSError, TimeoutError, ValueError):
        return NOBODY
    try:
        writer.write(_CONNECT)
        answer = await asyncio.wait_for(reader.readexactly(4), patience_s)
        writer.write(_DISCONNECT)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return NO_BROKER
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if answer[0] != 0x20:
        return NO_BROKER
    return WANTS_USER if answer[3] in _REFUSED_USER else ANSWERS if answer[3] == 0 else NO_BROKER

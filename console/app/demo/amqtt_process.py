"""The demo's broker where mosquitto is not installed: amqtt in its own process, `... amqtt_process PORT`."""

import asyncio
import sys
from typing import Any


def configuration(port: int) -> dict[str, Any]:
    """Anonymous on the loopback only, as the demo's mosquitto."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


async def serve(port: int) -> None:
    from amqtt.broker import Broker

    broker = Broker(configuration(port))
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

"""A station's alarm log in a real database, asked and written without a running station."""

import asyncio

from console.services.alarms import alarm_tables
from console.services.alarms.alarm_log import AlarmLog, history, load_open
from console.services.storage.schema import open_station_db


class Records:
    """The station's database, written and read by the running loop."""

    def __init__(self, path):
        self.database = open_station_db(path, [alarm_tables.metadata])
        self.log = AlarmLog(self.database.writer)

    def keep(self, plant):
        async def write():
            self.log.add(plant.engine.take_transitions())
            await self.log.flush()

        asyncio.run(write())

    def open(self):
        return self._read(load_open)

    def history(self, condition=None, limit=100):
        return self._read(lambda connection: history(connection, condition, limit))

    def _read(self, question):
        async def ask():
            return await self.database.readers.read(question)

        return asyncio.run(ask())

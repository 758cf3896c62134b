"""Password checks beside the main loop: argon2 takes 91 ms and 64 MiB, so one at a time in one thread of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from console.config.users_file import MAX_PASSWORD, PLANT_COST, PasswordCost, hasher, prepared


class PasswordWorker:
    """`close` it at the end. A login that nobody has costs the same time: it is checked against a hash of nothing."""

    def __init__(self, cost: PasswordCost = PLANT_COST) -> None:
        self._hasher: PasswordHasher = hasher(cost)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._nobody = self._pool.submit(self._hasher.hash, "nobody has this password")

    async def verify(self, encoded: str, password: str) -> bool:
        """True when the password makes this hash; an empty hash is nobody's and never true."""
        return await asyncio.wrap_future(self._pool.submit(self._check, encoded, password))

    async def hash(self, secret: str) -> str:
        """The encoded argon2id hash of a password or PIN that was checked by the rules."""
        return await asyncio.wrap_future(self._pool.submit(self._hasher.hash, prepared(secret)))

    def close(self) -> None:
        """Ends after the check that runs; the thread ends with it."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _check(self, encoded: str, password: str) -> bool:
        """In the worker's thread; a hash that cannot be read is a wrong password, not a defect of the desk."""
        known = bool(encoded)
        try:
            self._hasher.verify(encoded or self._nobody.result(), prepared(password[:MAX_PASSWORD]))
        except (Argon2Error, InvalidHashError, UnicodeError):
            return False
        return known and len(password) <= MAX_PASSWORD

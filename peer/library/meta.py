"""Small facts about this library on this device, one row each."""

from __future__ import annotations

from peer.errors import IntegrityError
from store.database import Database


class Meta:
    """Typed access to the ``meta`` table; every setter belongs inside a write transaction of the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> bytes | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def need(self, key: str) -> bytes:
        """The value, or ``IntegrityError`` when a library that is whole would have it."""
        value = self.get(key)
        if value is None:
            raise IntegrityError(
                f"The library's database lacks its {key}; it was not completely created.",
                hint="If this device was just joining, move the folder away and join again. Nothing was lost.",
            )
        return value

    def put(self, key: str, value: bytes) -> None:
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def delete(self, key: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def get_int(self, key: str, default: int = 0) -> int:
        value = self.get(key)
        return default if value is None else int.from_bytes(value, "big", signed=True)

    def put_int(self, key: str, value: int) -> None:
        self.put(key, value.to_bytes(8, "big", signed=True))

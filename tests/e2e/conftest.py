"""What the stories share: one PostgreSQL server for all of them."""

from tests.support.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]

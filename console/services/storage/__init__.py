"""SQLite: schema, migrations, the one writer, readers, workers."""

"""What runs, without Qt: telemetry, alarms, history, topology, service desk, journal, sync, identity, storage."""

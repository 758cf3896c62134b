"""The demo plant on this machine: broker, simulated plant, centre, consoles."""

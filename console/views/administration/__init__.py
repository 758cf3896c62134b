"""People, their rights and stations: who may act here, and what waits for a person."""

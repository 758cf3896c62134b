"""Item models: order, filter and what survives live updates."""

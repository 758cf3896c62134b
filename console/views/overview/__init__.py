"""The landing screen: is the plant healthy, and if not, where."""

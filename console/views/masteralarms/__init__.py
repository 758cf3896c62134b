"""Alarm rationalization: the master record of every alarm, its review, and what in force differs from it."""

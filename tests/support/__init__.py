"""Fakes that behave, and real parts to start."""

"""Leitstand: the desktop operator console for plant control rooms."""

__version__ = "0.1.0"

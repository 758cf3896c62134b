"""Reusable parts of the window, ignorant of what runs."""

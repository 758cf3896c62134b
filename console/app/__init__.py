"""Composition root: builds, starts and stops the program; command line; the demo."""

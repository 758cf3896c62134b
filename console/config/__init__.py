"""Typed station and site settings and their upgrades."""

"""Diagnostics: sessions, links and troubled input, each with its sender."""

"""Incident records from facts."""

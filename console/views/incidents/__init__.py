"""Incidents: the list, one in detail, and everything its state and the person's role permit."""

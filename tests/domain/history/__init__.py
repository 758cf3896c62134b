"""Tests of the history rules."""

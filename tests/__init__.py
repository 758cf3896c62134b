"""Test package of Leitstand."""

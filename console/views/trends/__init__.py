"""The screen that shows values over time."""

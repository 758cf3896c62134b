"""The screen that shows the plant's things, their links and how they are."""

"""One look for all: theme tokens, icons, actions, formats, dialogs, translation, preferences."""

"""One folder per screen; composes widgets and models, issues commands; views do not know each other."""

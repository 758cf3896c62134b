"""What each word of the command line does, one module per group; loaded only when it is called."""

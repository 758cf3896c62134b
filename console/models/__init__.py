"""Qt item models: the state of services as rows and roles."""

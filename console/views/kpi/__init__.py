"""How the alarm system treats its operators: figures, plots and the alarms that make the load."""

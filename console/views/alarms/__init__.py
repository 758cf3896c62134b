"""The alarm list, most urgent first, and what a person does with it."""

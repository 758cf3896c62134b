"""The first-start assistant: from an empty PC to a station with an administrator and a shift lead."""

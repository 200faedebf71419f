"""The text of an agreement as data: its model, its text format, and what is in force at a moment as known then."""

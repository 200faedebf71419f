"""Sites, movements, flights, repair windows and pauses that their owners make known: pure checks and arithmetic."""

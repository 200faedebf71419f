"""A witness and a mirror: programs of their own, that hold a log to its word."""

"""The record: a signed, append-only, witnessed log in the formats of other people, so that their tools verify it."""

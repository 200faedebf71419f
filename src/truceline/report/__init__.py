"""Telling: what a case shows to a reader, as pages that stand alone."""

"""Judging: what a breach is (`spec`), the same over tables (`bulk`), and where it was (`place`)."""

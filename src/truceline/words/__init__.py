"""Translations, as gettext catalogues. The `.po` files are the source; they are compiled in memory, never on disk."""

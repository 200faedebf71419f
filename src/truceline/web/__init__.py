"""The web: for now the pages of a case, served as files."""

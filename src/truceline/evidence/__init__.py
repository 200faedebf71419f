"""Everything seen, heard or declared: one columnar schema, and a reader per source."""

"""Who must never stand in the record, and be forgotten when they ask: victims, witnesses, reporters, staff."""

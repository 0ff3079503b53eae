-- Notes of this counter that are not replicated: which case is open, which step is shown, a
-- signature whose form is being made.
CREATE TABLE note (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

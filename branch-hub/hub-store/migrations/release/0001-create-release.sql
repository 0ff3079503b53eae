-- Requests to see where the people of a protected case live. Local to this hub, never replicated;
-- who asked, approved and looked is in the audit log.
CREATE TABLE release (
    id               INTEGER NOT NULL PRIMARY KEY,
    case_id          BLOB NOT NULL,
    asked_by         TEXT NOT NULL,
    reason           TEXT NOT NULL,
    asked_unix_ms    INTEGER NOT NULL,
    approved_by      TEXT,
    approved_unix_ms INTEGER
) STRICT;
CREATE INDEX release_by_case ON release (case_id, asked_by);

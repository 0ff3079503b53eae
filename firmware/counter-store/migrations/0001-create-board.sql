-- The board: one row per case, computed from its records whenever they change.
CREATE TABLE case_row (
    case_id        BLOB NOT NULL PRIMARY KEY,
    receipt_number TEXT NOT NULL,
    branch         TEXT NOT NULL,
    state          TEXT NOT NULL,       -- counter_domain::case::CaseState as in JSON
    event_type     TEXT,
    event_flow     TEXT,
    persons        TEXT NOT NULL,       -- JSON list of names
    since_unix_ms  INTEGER NOT NULL,    -- of the newest step
    changed        INTEGER NOT NULL,    -- clock reading of the newest record
    to_check       INTEGER NOT NULL,    -- 1: two offices or counters disagree
    remarks        INTEGER NOT NULL
) STRICT;
CREATE INDEX case_row_changed ON case_row (changed DESC);
CREATE INDEX case_row_receipt ON case_row (receipt_number);

-- Own transactions that head office has not acknowledged yet.
CREATE TABLE unsent (
    version INTEGER NOT NULL,           -- own version
    case_id BLOB NOT NULL,
    unix_ms INTEGER NOT NULL,
    PRIMARY KEY (version, case_id)
) STRICT, WITHOUT ROWID;

-- One row: up to when everything written here is at head office.
CREATE TABLE safe (
    only_row INTEGER NOT NULL PRIMARY KEY,
    unix_ms  INTEGER NOT NULL
) STRICT;

-- Receipt numbers given out per day.
CREATE TABLE receipt_sequence (
    day  TEXT NOT NULL PRIMARY KEY,     -- ISO 8601
    last INTEGER NOT NULL
) STRICT;

-- What a field held before each change, to undo it. Bounded per case.
CREATE TABLE undo (
    case_id BLOB NOT NULL,
    step    INTEGER NOT NULL,
    path    TEXT NOT NULL,
    doc     BLOB,                       -- JSON of DraftField; NULL when it was empty
    PRIMARY KEY (case_id, step, path)
) STRICT, WITHOUT ROWID;

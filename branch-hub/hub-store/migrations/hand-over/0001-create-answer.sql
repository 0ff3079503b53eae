-- What the resident record system answered to the hand-over files. Local to this hub; that a case was
-- taken or refused is a step of its history, which every counter reads.
CREATE TABLE core_answer (
    case_id         BLOB NOT NULL,
    version         INTEGER NOT NULL,   -- how many times the case was submitted
    taken           INTEGER NOT NULL,   -- 1 taken, 0 refused
    reason          TEXT NOT NULL,      -- the other system's words; empty when taken
    answered_on     TEXT NOT NULL,      -- ISO 8601, as the file says; may be empty
    file            TEXT NOT NULL,      -- BLAKE3 of the file, hex
    received_unix_ms INTEGER NOT NULL,
    PRIMARY KEY (case_id, version)
) STRICT;

-- Where an answer does not fit what was handed over; somebody looks at each.
CREATE TABLE core_mismatch (
    id              INTEGER NOT NULL PRIMARY KEY,
    case_id         BLOB,               -- NULL when no case here has the key
    version         INTEGER NOT NULL,
    kind            TEXT NOT NULL,      -- hub_store::MismatchKind as in JSON
    item            TEXT NOT NULL,      -- column, or the key as the file has it
    ours            TEXT NOT NULL,
    theirs          TEXT NOT NULL,
    file            TEXT NOT NULL,      -- BLAKE3 of the file, hex
    line            INTEGER NOT NULL,   -- of the file, from 1
    found_unix_ms   INTEGER NOT NULL,
    settled_by      TEXT,
    settled_unix_ms INTEGER,
    UNIQUE (file, line, kind, item)
) STRICT;

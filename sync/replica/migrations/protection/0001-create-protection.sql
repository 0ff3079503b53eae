-- Protection measures: the list in force, taken from the dataset `protection` when it is installed.
CREATE TABLE protected_digest (
    digest BLOB NOT NULL PRIMARY KEY    -- 16 bytes, counter_domain::protection::Digest
) STRICT, WITHOUT ROWID;

-- Which version of the dataset the list is.
CREATE TABLE protection_state (
    only_row INTEGER NOT NULL PRIMARY KEY,
    version  INTEGER NOT NULL,
    as_of    TEXT NOT NULL              -- ISO 8601
) STRICT;

-- What the people of each case are recognised by, computed from its records.
CREATE TABLE case_digest (
    case_id BLOB NOT NULL,
    digest  BLOB NOT NULL,
    PRIMARY KEY (case_id, digest)
) STRICT, WITHOUT ROWID;

-- Cases in which somebody carries the flag, whatever the list says.
CREATE TABLE case_flag (
    case_id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Everybody as the resident record system last told, with every place: at head office only, in a
-- file of its own. It can be made again from a whole file.
CREATE TABLE about (
    only_row INTEGER NOT NULL PRIMARY KEY,
    layout   INTEGER NOT NULL,
    copy     TEXT NOT NULL,             -- BLAKE3 hash of the published copy the changes are since
    as_of    TEXT NOT NULL,             -- ISO 8601, of the newest file
    city     TEXT NOT NULL
) STRICT;

CREATE TABLE person (
    id           INTEGER NOT NULL PRIMARY KEY,
    person_no    TEXT NOT NULL,
    household_no TEXT NOT NULL,
    here         INTEGER NOT NULL,      -- 1: lives here
    protected    INTEGER NOT NULL,      -- 1: under protection
    until        TEXT NOT NULL,         -- last day of the measure, may be empty
    touched      INTEGER NOT NULL,      -- 1: may differ from the published copy
    doc          TEXT NOT NULL          -- JSON of Resident with its place
) STRICT;

-- Who was in the published copy and is no longer in the record.
CREATE TABLE gone (
    person_no TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

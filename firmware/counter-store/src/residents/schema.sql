-- The resident copy as the counter searches it: a file of its own beside the database, made anew
-- from each version of the datasets. Nothing in it is a record; it can be thrown away.
CREATE TABLE about (
    only_row INTEGER NOT NULL PRIMARY KEY,
    layout   INTEGER NOT NULL,
    version  INTEGER NOT NULL,          -- of the dataset `resident-copy`
    changes  INTEGER NOT NULL,          -- of the dataset `resident-copy-changes`; 0 without one
    as_of    TEXT NOT NULL,             -- ISO 8601
    city     TEXT NOT NULL,
    persons  INTEGER NOT NULL,
    here     INTEGER NOT NULL           -- people who live here; theirs are the ranks below this
) STRICT;

-- Who somebody is. The keys are the numbers as they are searched for.
CREATE TABLE person (
    id            INTEGER NOT NULL PRIMARY KEY,
    person_key    TEXT NOT NULL,
    household_key TEXT NOT NULL,
    code_key      TEXT NOT NULL,
    doc           TEXT NOT NULL         -- JSON of Resident without its place
) STRICT;

-- Where somebody is, apart from who: read only after the protection list was asked.
CREATE TABLE place (
    id  INTEGER NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL                   -- JSON of Place
) STRICT;

-- Everybody in the order of a list: who lives here first, then by reading and birth date.
CREATE TABLE ranked (
    rank INTEGER NOT NULL PRIMARY KEY,
    id   INTEGER NOT NULL
) STRICT;

-- Each word with the people who have it.
CREATE TABLE word (
    kind  INTEGER NOT NULL,             -- counter_domain::resident::WordKind
    key   TEXT NOT NULL,
    ranks BLOB NOT NULL,                -- ascending, each as its distance from the one before, LEB128
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

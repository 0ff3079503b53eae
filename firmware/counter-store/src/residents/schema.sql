-- The resident copy as the counter searches it: a file of its own beside the database, made anew
-- from each version of the dataset. Nothing in it is a record; it can be thrown away.
CREATE TABLE about (
    only_row INTEGER NOT NULL PRIMARY KEY,
    layout   INTEGER NOT NULL,
    version  INTEGER NOT NULL,          -- of the dataset
    as_of    TEXT NOT NULL,             -- ISO 8601
    city     TEXT NOT NULL,
    persons  INTEGER NOT NULL
) STRICT;

-- Who somebody is. Keys are counter_domain::resident::ResidentKeys.
CREATE TABLE person (
    id             INTEGER NOT NULL PRIMARY KEY,
    person_no      TEXT NOT NULL,
    household_no   TEXT NOT NULL,
    resident_code  TEXT NOT NULL,
    state          INTEGER NOT NULL,    -- place in ResidentState::ALL
    name_key       TEXT NOT NULL,
    given_key      TEXT NOT NULL,
    kana_key       TEXT NOT NULL,
    given_kana_key TEXT NOT NULL,
    other_key      TEXT NOT NULL,
    other_kana_key TEXT NOT NULL,
    birth_from     INTEGER NOT NULL,    -- year * 10000 + month * 100 + day
    birth_to       INTEGER NOT NULL,
    doc            TEXT NOT NULL        -- JSON of Resident without its place
) STRICT;

-- Where somebody is, apart from who: read only after the protection list was asked.
CREATE TABLE place (
    id           INTEGER NOT NULL PRIMARY KEY,
    address_key  TEXT NOT NULL,
    building_key TEXT NOT NULL,
    doc          TEXT NOT NULL          -- JSON of Place
) STRICT;

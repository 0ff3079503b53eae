-- What is kept of every filing for searching: computed from its records, can be made anew.
CREATE TABLE filing (
    id             INTEGER NOT NULL PRIMARY KEY, -- grows as filings arrive; newest last
    case_id        BLOB NOT NULL UNIQUE,
    receipt_number TEXT NOT NULL,
    branch         TEXT NOT NULL,
    kind           TEXT NOT NULL,      -- value of the field event.type
    staff          TEXT NOT NULL,      -- who handed it in
    filed_on       TEXT NOT NULL,      -- ISO 8601, confirmed by a person
    state          TEXT NOT NULL,      -- counter_domain::case::CaseState as in JSON
    persons        TEXT NOT NULL,      -- JSON list of names as written
    keys           TEXT NOT NULL,      -- JSON of case_archive::keys::Keys
    snapshot       BLOB NOT NULL       -- 32 bytes, the snapshot in force
) STRICT;
CREATE INDEX filing_by_day ON filing (filed_on);

-- Tokens of case_archive::tokens; one row a filing, nothing but the tokens' places is kept.
CREATE VIRTUAL TABLE filing_token USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

CREATE TABLE archive_state (
    only_row INTEGER NOT NULL PRIMARY KEY,
    layout   INTEGER NOT NULL          -- of keys and tokens; another one means: make anew
) STRICT;

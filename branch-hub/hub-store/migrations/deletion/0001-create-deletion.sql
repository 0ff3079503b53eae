-- Deleting filings whose time is over. Local to this hub, never replicated; no personal data.

-- Years that filings of a kind are kept after they were closed; kind '' is every other kind.
CREATE TABLE retention (
    kind        TEXT NOT NULL PRIMARY KEY,  -- value of the field event.type
    years       INTEGER NOT NULL,
    set_by      TEXT NOT NULL,
    set_unix_ms INTEGER NOT NULL
) STRICT;

-- One list of filings, from when somebody made it to its last certificate.
CREATE TABLE deletion_run (
    id               INTEGER NOT NULL PRIMARY KEY,
    stage            INTEGER NOT NULL,      -- hub_store::DeletionStage
    prepared_by      TEXT NOT NULL,
    prepared_unix_ms INTEGER NOT NULL,
    as_of            TEXT NOT NULL,         -- the day it was made for, ISO 8601
    retention        TEXT NOT NULL,         -- JSON of hub_store::Retention as it was then
    list_hash        BLOB NOT NULL          -- 32 bytes, BLAKE3 of the list
) STRICT;

CREATE TABLE deletion_item (
    run             INTEGER NOT NULL,
    case_id         BLOB NOT NULL,
    receipt_number  TEXT NOT NULL,
    branch          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    filed_on        TEXT NOT NULL,
    state           TEXT NOT NULL,          -- counter_domain::case::CaseState as in JSON
    deleted_unix_ms INTEGER,                -- when it was overwritten here
    kept_because    TEXT,                   -- why it was not deleted after all
    kept_by         TEXT,
    PRIMARY KEY (run, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deletion_item_by_day ON deletion_item (run, filed_on, receipt_number);

CREATE TABLE deletion_approval (
    run     INTEGER NOT NULL,
    staff   TEXT NOT NULL,
    unix_ms INTEGER NOT NULL,
    PRIMARY KEY (run, staff)
) STRICT, WITHOUT ROWID;

-- What proves it: one certificate when head office is done, one when every counter is.
CREATE TABLE deletion_certificate (
    run       INTEGER NOT NULL,
    closing   INTEGER NOT NULL,             -- 1: every counter's copy is overwritten too
    text      BLOB NOT NULL,                -- JSON, exactly as signed
    signature BLOB NOT NULL,
    PRIMARY KEY (run, closing)
) STRICT, WITHOUT ROWID;

-- The desk: one row per case, computed from its records whenever they change.
CREATE TABLE desk_row (
    case_id         BLOB NOT NULL PRIMARY KEY,
    receipt_number  TEXT NOT NULL,
    branch          TEXT NOT NULL,
    state           TEXT NOT NULL,      -- counter_domain::case::CaseState as in JSON
    event_type      TEXT,
    event_flow      TEXT,
    persons         TEXT NOT NULL,      -- JSON list of names
    waiting_unix_ms INTEGER NOT NULL,   -- since when the resident waits; 0 when never submitted
    changed         INTEGER NOT NULL,   -- clock reading of the newest step
    claimed_by      TEXT,
    claim_unix_ms   INTEGER NOT NULL,
    to_check        INTEGER NOT NULL,   -- 1: two offices or counters disagree
    resubmitted     INTEGER NOT NULL,   -- 1: handed in again after a return
    waits           INTEGER NOT NULL    -- 1: head office has to act
) STRICT;
CREATE INDEX desk_row_waiting ON desk_row (waits, waiting_unix_ms);
CREATE INDEX desk_row_changed ON desk_row (changed DESC);

-- One-time codes for enrolling a device. The code itself is shown once and never stored.
CREATE TABLE enrolment_code (
    code_hash       BLOB NOT NULL PRIMARY KEY, -- BLAKE3, 80 random bits went in
    branch          TEXT NOT NULL,
    name            TEXT NOT NULL,      -- of the place, for example a counter's number
    expires_unix_ms INTEGER NOT NULL,
    used_by         BLOB                -- 16 bytes, DeviceId
) STRICT;

CREATE TABLE device (
    device           BLOB NOT NULL PRIMARY KEY, -- 16 bytes, DeviceId and SiteId
    branch           TEXT NOT NULL,
    name             TEXT NOT NULL,
    fingerprint      BLOB NOT NULL,     -- 32 bytes, SHA-256 of the certificate
    enrolled_unix_ms INTEGER NOT NULL,
    revoked          INTEGER NOT NULL
) STRICT;

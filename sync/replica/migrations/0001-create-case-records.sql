-- Replicated records of a case. Narrow on purpose: key columns and one document column, because
-- cr-sqlite's cost is per column and a row must not tear between two writers.
-- Every key begins with case_id, so that a change alone tells whose it is.
-- Rules of cr-sqlite: STRICT, explicit NOT NULL keys, a DEFAULT for every other NOT NULL column,
-- no UNIQUE, CHECK, REFERENCES or AUTOINCREMENT.

-- One counter's value of one field.
CREATE TABLE draft (
    case_id BLOB NOT NULL,              -- 16 bytes, CaseId
    path    TEXT NOT NULL,              -- dotted, 1 to 120 bytes of UTF-8
    counter BLOB NOT NULL,              -- 16 bytes, DeviceId; only that device writes the row
    doc     BLOB NOT NULL DEFAULT x'',  -- JSON of counter_domain::draft::DraftField
    PRIMARY KEY (case_id, path, counter)
) STRICT;

-- One step of a case's history. Never changed, never deleted.
CREATE TABLE case_event (
    case_id  BLOB NOT NULL,             -- 16 bytes, CaseId
    event_id BLOB NOT NULL,             -- 16 bytes, EventId
    doc      BLOB NOT NULL DEFAULT x'', -- JSON of counter_domain::case::CaseEvent
    PRIMARY KEY (case_id, event_id)
) STRICT;

-- What was shown and signed. Never changed, never deleted.
CREATE TABLE snapshot (
    case_id BLOB NOT NULL,              -- 16 bytes, CaseId
    hash    BLOB NOT NULL,              -- 32 bytes, BLAKE3 of doc
    doc     BLOB NOT NULL DEFAULT x'',  -- canonical bytes of counter_domain::snapshot::Snapshot
    PRIMARY KEY (case_id, hash)
) STRICT;

-- Names a blob and says what it is; the bytes follow after the records.
CREATE TABLE blob_ref (
    case_id BLOB NOT NULL,              -- 16 bytes, CaseId
    hash    BLOB NOT NULL,              -- 32 bytes, BLAKE3 of the blob
    doc     BLOB NOT NULL DEFAULT x'',  -- JSON of replica::BlobRef
    PRIMARY KEY (case_id, hash)
) STRICT;

SELECT crsql_as_crr('draft');
SELECT crsql_as_crr('case_event');
SELECT crsql_as_crr('snapshot');
SELECT crsql_as_crr('blob_ref');

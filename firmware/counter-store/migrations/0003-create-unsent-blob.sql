-- Own blobs that head office has not said it has on disk: a case is safe there only when its
-- signature and its form are. Blobs of an older file are asked about once more.
CREATE TABLE unsent_blob (
    hash    BLOB NOT NULL,              -- 32 bytes, BLAKE3
    case_id BLOB NOT NULL,
    unix_ms INTEGER NOT NULL,           -- 0 when it was made before this table
    PRIMARY KEY (hash, case_id)
) STRICT, WITHOUT ROWID;
INSERT INTO unsent_blob (hash, case_id, unix_ms)
    SELECT r.hash, r.case_id, 0 FROM blob_ref r JOIN blob b ON b.hash = r.hash WHERE b.held = 1;

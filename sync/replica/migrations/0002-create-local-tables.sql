-- Tables of this machine only; they never become changes.

-- Small values that outlive a restart.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,    -- 'hlc', 'publishing_key', 'restored'
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Steps of the rooms built on this one (counter-store, hub-store).
CREATE TABLE room (
    name    TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Highest version held of each other site, without a gap.
CREATE TABLE peer_vector (
    site    BLOB NOT NULL PRIMARY KEY,  -- 16 bytes
    through INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each peer said it has on disk.
CREATE TABLE acked (
    peer    BLOB NOT NULL,              -- 16 bytes
    site    BLOB NOT NULL,              -- 16 bytes
    through INTEGER NOT NULL,
    PRIMARY KEY (peer, site)
) STRICT, WITHOUT ROWID;

-- The branch a case belongs to.
CREATE TABLE case_scope (
    case_id BLOB NOT NULL PRIMARY KEY,
    branch  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest batch of a site that could not be applied. The vector stays before it, so its sender
-- keeps it too and offers it again.
CREATE TABLE quarantine (
    peer             BLOB NOT NULL,     -- who delivered it
    site             BLOB NOT NULL,     -- whose it is
    after            INTEGER NOT NULL,
    through          INTEGER NOT NULL,
    reason           TEXT NOT NULL,     -- English, without personal data
    received_unix_ms INTEGER NOT NULL,
    batch            BLOB NOT NULL,     -- postcard of sync_protocol::ChangeBatch
    PRIMARY KEY (site)
) STRICT;

-- Changes of tables or columns of a newer schema: kept, forwarded, applied after the update.
CREATE TABLE parked_change (
    site           BLOB NOT NULL,
    version        INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    table_name     TEXT NOT NULL,
    column_name    TEXT NOT NULL,
    change         BLOB NOT NULL,       -- postcard of sync_protocol::Change
    PRIMARY KEY (site, version, sequence)
) STRICT;

-- Append-only streams, one per device, hash-chained.
CREATE TABLE stream_entry (
    device   BLOB NOT NULL,
    sequence INTEGER NOT NULL,          -- from 1 without gaps
    previous BLOB NOT NULL,             -- 32 bytes
    body     BLOB NOT NULL,             -- JSON
    link     BLOB NOT NULL,             -- 32 bytes, what the next entry calls previous
    PRIMARY KEY (device, sequence)
) STRICT;

-- Datasets the hub publishes. A version is complete when its row here names it.
CREATE TABLE dataset (
    name      TEXT NOT NULL PRIMARY KEY,
    version   INTEGER NOT NULL,
    length    INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- Which version is being received.
CREATE TABLE dataset_staging (
    name    TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    hash    BLOB NOT NULL
) STRICT;

CREATE TABLE dataset_piece (
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (name, version, start)
) STRICT;

-- Blobs that records name.
CREATE TABLE blob (
    hash    BLOB NOT NULL PRIMARY KEY,
    length  INTEGER NOT NULL,
    urgency INTEGER NOT NULL,           -- 0 first
    have    INTEGER NOT NULL,           -- bytes here, from the start
    held    INTEGER NOT NULL            -- 1 when complete and its hash was checked
) STRICT;
CREATE INDEX blob_wanted ON blob (held, urgency);

CREATE TABLE blob_piece (
    hash  BLOB NOT NULL,
    start INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (hash, start)
) STRICT;

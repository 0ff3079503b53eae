-- When each device was last heard and what it said of itself; for the people who look after them.
CREATE TABLE contact (
    device   BLOB NOT NULL PRIMARY KEY, -- 16 bytes, DeviceId
    unix_ms  INTEGER NOT NULL,          -- at most a minute old while the device is connected
    program  TEXT,                      -- version of its program; NULL before it was told
    protocol INTEGER NOT NULL,          -- newest version of the messages it speaks; 0 before a hello
    schema   INTEGER NOT NULL,          -- version of its replicated schema; 0 before a hello
    head     INTEGER NOT NULL           -- its own transactions, as it said
) STRICT;

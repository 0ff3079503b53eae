-- Counters that were restored from an older copy, cloned or replaced, and who goes on for them.

-- Codes that are not for a new place but for going on at the place of a device.
CREATE TABLE succession_code (
    code_hash BLOB NOT NULL PRIMARY KEY, -- as in enrolment_code
    replaces  BLOB NOT NULL              -- 16 bytes, DeviceId
) STRICT;

-- Which device goes on for which.
CREATE TABLE succession (
    device   BLOB NOT NULL PRIMARY KEY,  -- 16 bytes, DeviceId
    replaces BLOB NOT NULL               -- 16 bytes, DeviceId
) STRICT;

-- Devices whose database is an older copy or a clone, until somebody goes on for them.
CREATE TABLE rolled_back (
    device        BLOB NOT NULL PRIMARY KEY,
    first_unix_ms INTEGER NOT NULL,
    last_unix_ms  INTEGER NOT NULL,      -- at most a minute behind
    differs       INTEGER NOT NULL       -- 1: it wrote something else under the same numbers
) STRICT;

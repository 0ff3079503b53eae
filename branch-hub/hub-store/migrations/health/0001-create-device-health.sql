-- How devices are, for the people who look after them. Of this machine only; no personal data.

-- What each device told of itself last.
CREATE TABLE device_report (
    device           BLOB NOT NULL PRIMARY KEY, -- 16 bytes, DeviceId
    received_unix_ms INTEGER NOT NULL,
    report           BLOB NOT NULL              -- JSON of device_health::DeviceReport
) STRICT;

-- A ring of 14 days: one row for each device and quarter of an hour.
CREATE TABLE device_sample (
    device         BLOB NOT NULL,       -- 16 bytes, DeviceId
    slot           INTEGER NOT NULL,    -- Unix time / 15 min
    looked         INTEGER NOT NULL,    -- how often head office looked, about once a minute
    heard          INTEGER NOT NULL,    -- how often the device was connected then
    to_come        INTEGER NOT NULL,    -- most transactions of the device that were not here
    to_come_least  INTEGER NOT NULL,    -- fewest
    to_come_bytes  INTEGER NOT NULL,    -- most bytes the device said it had to send
    to_go          INTEGER NOT NULL,    -- transactions here that it does not have
    to_go_bytes    INTEGER NOT NULL,
    to_go_more     INTEGER NOT NULL,    -- 1: counting ended early
    clock_ahead_ms INTEGER,             -- its clock minus ours; NULL when not heard
    disk_free_mib  INTEGER,             -- least room; NULL when not told
    kept_aside     INTEGER NOT NULL,    -- most batches kept aside, here and there
    PRIMARY KEY (device, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_sample_slot ON device_sample (slot);

-- The branch each counter's site has worked for since its first change; empty once it was another's.
-- A site whose beginning came before this table has no row.
CREATE TABLE site_branch (
    site   BLOB NOT NULL PRIMARY KEY,   -- 16 bytes
    branch TEXT NOT NULL
) STRICT, WITHOUT ROWID;

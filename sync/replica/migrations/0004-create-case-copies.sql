-- Cases that go from branch to branch. Local tables; none of them holds personal data but the words
-- of a reason.

-- Every branch that has or had a case here: it may write to it and is told who has it.
CREATE TABLE case_branch (
    case_id BLOB NOT NULL,
    branch  TEXT NOT NULL,
    PRIMARY KEY (case_id, branch)
) STRICT, WITHOUT ROWID;

-- Cases that were moved: who has them, and since which turn.
CREATE TABLE case_turn (
    case_id BLOB NOT NULL PRIMARY KEY,
    branch  TEXT NOT NULL,
    turn    INTEGER NOT NULL            -- clock reading of when it was noticed here
) STRICT, WITHOUT ROWID;
CREATE INDEX case_turn_branch ON case_turn (branch, turn);

-- Head office: which device said that it has a moved case whole.
CREATE TABLE case_held (
    device  BLOB NOT NULL,              -- 16 bytes
    case_id BLOB NOT NULL,
    turn    INTEGER NOT NULL,
    PRIMARY KEY (device, case_id)
) STRICT, WITHOUT ROWID;

-- Counter: cases that came whole, are coming, or were overwritten.
CREATE TABLE case_copy (
    case_id BLOB NOT NULL PRIMARY KEY,
    turn    INTEGER NOT NULL,
    state   INTEGER NOT NULL,           -- 0 coming, 1 whole, 2 overwritten
    next    BLOB NOT NULL               -- where the next part begins, while it is coming
) STRICT, WITHOUT ROWID;

-- Orders to overwrite a branch's copy: at head office all of them, at a counter those of its branch.
CREATE TABLE purge_order (
    case_id        BLOB NOT NULL,
    turn           INTEGER NOT NULL,
    branch         TEXT NOT NULL,
    signature      BLOB NOT NULL,
    issued_by      TEXT NOT NULL,       -- StaffId; empty at a counter
    reason         TEXT NOT NULL,       -- empty at a counter
    issued_unix_ms INTEGER NOT NULL,
    state          INTEGER NOT NULL,    -- 0 open, 1 every counter followed it, 2 void: it came back
    PRIMARY KEY (case_id, turn)
) STRICT, WITHOUT ROWID;
CREATE INDEX purge_order_branch ON purge_order (branch, state);

-- Head office: which counter followed which order.
CREATE TABLE purge_done (
    case_id      BLOB NOT NULL,
    turn         INTEGER NOT NULL,
    device       BLOB NOT NULL,         -- 16 bytes
    through      INTEGER NOT NULL,      -- its own version then
    done_unix_ms INTEGER NOT NULL,
    forgotten    INTEGER NOT NULL,      -- 1: it needs the order no more
    PRIMARY KEY (case_id, turn, device)
) STRICT, WITHOUT ROWID;

INSERT INTO case_branch (case_id, branch) SELECT case_id, branch FROM case_scope;

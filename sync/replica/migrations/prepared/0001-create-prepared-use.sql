-- Which cases use which reservation or certificate data, computed from their records.
CREATE TABLE prepared_use (
    case_id        BLOB NOT NULL,
    kind           TEXT NOT NULL,       -- counter_domain::prepared::PreparedKind
    number         TEXT NOT NULL,
    receipt_number TEXT NOT NULL,
    PRIMARY KEY (case_id, kind, number)
) STRICT, WITHOUT ROWID;

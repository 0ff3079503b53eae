-- Characters chosen in the cases that were handed in, computed from their records. Rows stay when a
-- case is deleted after its time: they say nothing about a person.
CREATE TABLE character_choice (
    case_id    BLOB NOT NULL,
    system     TEXT NOT NULL,           -- counter_domain::character_choice::ChoiceSubject
    written    TEXT NOT NULL,
    chosen     TEXT NOT NULL,
    chosen_by  TEXT NOT NULL,
    at_unix_ms INTEGER NOT NULL,
    PRIMARY KEY (case_id, system, written)
) STRICT, WITHOUT ROWID;

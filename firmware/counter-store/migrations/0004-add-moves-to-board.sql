-- Which branch has the case and how it came there.
ALTER TABLE case_row ADD COLUMN moved TEXT;         -- JSON of counter_domain::case::CaseMove
ALTER TABLE case_row ADD COLUMN contested INTEGER NOT NULL DEFAULT 0; -- 1: two offices moved it at once

-- 0003: who may have a blob is asked by its hash, for every piece that is sent and every blob that is
-- confirmed; without this each question reads every blob of every case. Old rows are only indexed.
CREATE INDEX blob_ref_by_hash ON blob_ref (hash);

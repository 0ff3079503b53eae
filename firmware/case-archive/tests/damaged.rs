//! A byte of a large archive goes bad on the disk: what lies there cannot be read, everything else can.
#![expect(
    clippy::panic_in_result_fn,
    reason = "a test stops at what it did not expect"
)]

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use case_archive::{check, open};
use counter_domain::case::CaseStep;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::snapshot::Snapshot;
use replica::{BlobKind, DatabaseKey, Replica, StoreError, Surroundings};
use sync_protocol::SiteId;

type Failure = Box<dyn Error>;

/// The pages of smaller files are all checked when they are opened.
const FILLING: i64 = 70 << 20;
const PAGE: u64 = 4096;

fn opened(path: &Path, seed: u8) -> Result<Replica, Failure> {
    let mut state = u64::from(seed);
    let around = Surroundings::new(
        || 1_795_219_200_000,
        move |bytes| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        },
    );
    let key = DatabaseKey::from_bytes([9; 32]);
    let mut replica = Replica::open(path, &key, SiteId([7; 16]), around)?;
    replica.open_protection()?;
    open(&mut replica)?;
    Ok(replica)
}

/// Files a case whose page is `page`.
fn filed(replica: &mut Replica, page: &[u8]) -> Result<CaseId, Failure> {
    let staff = StaffId::from("u0312");
    let (case, snapshot) = replica.write(|write| {
        let case = write.new_case();
        let started = CaseStep::Started {
            branch: BranchCode::from("12"),
            receipt_number: "12-260401-001-3".to_owned(),
        };
        write.add_event(case, &staff, started)?;
        let snapshot = Snapshot {
            version: 1,
            case_id: case,
            receipt_number: "12-260401-001-3".to_owned(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-04-01".to_owned(),
            language: String::new(),
            fields: std::collections::BTreeMap::new(),
            procedures: Vec::new(),
        };
        let snapshot = write.put_snapshot(case, &snapshot)?;
        let strokes = write.put_blob(case, BlobKind::Signature, "application/json", b"[]")?;
        let form = write.put_blob(case, BlobKind::Form, "application/pdf", page)?;
        let signed = CaseStep::Signed {
            snapshot,
            strokes,
            form,
        };
        write.add_event(case, &staff, signed)?;
        Ok::<_, StoreError>((case, snapshot))
    })?;
    replica.write(|write| write.add_event(case, &staff, CaseStep::Submitted { snapshot }))?;
    Ok(case)
}

#[test]
fn page_on_a_bad_place_of_the_disk_is_told_and_the_others_are_read() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("archive.db");
    let mut replica = opened(&path, 1)?;
    replica.write(|write| {
        let fill = "INSERT INTO meta (name, value) VALUES ('filling', zeroblob(?1))";
        write.connection().execute(fill, [FILLING])?;
        Ok::<_, StoreError>(())
    })?;
    let before = filed(&mut replica, &vec![1; 100_000])?;
    let spoiled = filed(&mut replica, &vec![2; 100_000])?;
    assert_eq!(check(replica.reader(), spoiled)?, []);
    drop(replica);
    let file = File::options().read(true).write(true).open(&path)?;
    // The newest of the pages lies at the end of the file.
    let at = (file.metadata()?.len() / PAGE - 15) * PAGE + 2_000;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    let replica = opened(&path, 2)?;
    let told = check(replica.reader(), spoiled);
    assert!(matches!(told, Err(StoreError::Damaged)), "{told:?}");
    // A connection that met the place reads nothing any more: the next one does.
    let replica = opened(&path, 3)?;
    assert_eq!(check(replica.reader(), before)?, []);
    Ok(())
}

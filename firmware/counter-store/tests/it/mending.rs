//! Pages that a failing disk spoiled: found by the check, fetched anew from whoever has them whole; and
//! a disk that fills up while a filing is kept.
#![expect(
    clippy::disallowed_methods,
    reason = "the database is damaged behind the store's back on purpose"
)]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;

use case_archive::{ArchiveQuery, Flaw};
use counter_domain::case::CaseState;
use counter_domain::ids::{BlobHash, CaseId};
use counter_domain::snapshot::Snapshot;
use counter_store::{CounterStore, SignedForm};
use rusqlite::Connection;
use sync_engine::Store;

use crate::setting::{Clock, NOON, Office, PDF, clerk, counter, set, sign, start};

const SPOILED: &str = "UPDATE blob_piece SET bytes = zeroblob(length(bytes)) WHERE start > 0";
const GONE: &str = "DELETE FROM blob_piece";
const UNKNOWN: &str = "DELETE FROM blob_piece; DELETE FROM blob";

fn page() -> BlobHash {
    BlobHash(*blake3::hash(&PDF).as_bytes())
}

/// Runs SQL on a database nobody has open.
fn alter(path: &Path, key: u8, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let key = format!("x'{}'", format!("{key:02x}").repeat(32));
    connection.pragma_update(None, "key", key).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

/// A case signed and handed in at the first counter, known to both sides.
fn filed(office: &mut Office) -> CaseId {
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    sign(office.counter(0), case);
    office.counter(0).submit(case, &clerk()).unwrap();
    office.sync(0);
    case
}

#[test]
fn damaged_page_at_the_counter_is_found_and_comes_back_from_head_office() {
    for (damage, flaws) in [
        (SPOILED, vec![Flaw::PageAltered(page())]),
        (GONE, vec![]),
        (UNKNOWN, vec![]),
    ] {
        let mut office = Office::open();
        let case = filed(&mut office);
        let (store, branch) = office.counters.remove(0);
        assert_eq!(store.filing_flaws(case).unwrap(), []);
        store.close().unwrap();
        alter(&office.folder.path().join("counter-1.db"), 1, damage);
        let store = counter(office.folder.path(), 1, &office.clock);
        office.counters.insert(0, (store, branch));
        let found = office.counter(0).filing_flaws(case).unwrap();
        if flaws.is_empty() {
            assert_eq!(found.len(), 2, "page and signature: {found:?}");
        } else {
            assert_eq!(found, flaws);
        }
        let asked = office.counter(0).mend_filing(case).unwrap();
        assert_eq!(asked, found.len(), "{damage}");
        assert_eq!(
            office.counter(0).mend_filing(case).unwrap(),
            found.len(),
            "still asked for"
        );
        office.sync(0);
        assert_eq!(
            office.counter(0).filing_flaws(case).unwrap(),
            [],
            "{damage}"
        );
        assert_eq!(office.counter(0).blob(page()).unwrap().unwrap(), PDF);
        assert_eq!(office.counter(0).mend_filing(case).unwrap(), 0);
        assert!(office.counter(0).blobs_wanted(9).unwrap().is_empty());
    }
}

#[test]
fn page_that_nobody_has_whole_stays_missing_and_is_taken_from_nobody() {
    let mut office = Office::open();
    let case = filed(&mut office);
    let path = office.folder.path().join("hub.db");
    alter(&path, 200, SPOILED);
    assert_eq!(
        office.hub.filing_flaws(case).unwrap(),
        [Flaw::PageAltered(page())]
    );
    let (store, branch) = office.counters.remove(0);
    store.close().unwrap();
    alter(&office.folder.path().join("counter-1.db"), 1, SPOILED);
    let store = counter(office.folder.path(), 1, &office.clock);
    office.counters.insert(0, (store, branch));
    assert_eq!(office.counter(0).mend_filing(case).unwrap(), 1);
    office.sync(0);
    let found = office.counter(0).filing_flaws(case).unwrap();
    assert_eq!(found, [Flaw::PageMissing(page())], "nobody has it whole");
}

#[test]
fn page_that_only_head_office_lost_is_fetched_from_the_branch() {
    let mut office = Office::open();
    let case = filed(&mut office);
    alter(&office.folder.path().join("hub.db"), 200, GONE);
    assert_eq!(office.hub.mend_filing(case).unwrap(), 2);
    office.sync(0);
    assert_eq!(office.hub.filing_flaws(case).unwrap(), []);
}

fn sign_on(store: &mut CounterStore, case: CaseId) -> Result<(), counter_store::EditError> {
    let snapshot = Snapshot {
        version: 1,
        case_id: case,
        receipt_number: "01-270331-0001".to_owned(),
        form: "resident-move/1".to_owned(),
        forms: Vec::new(),
        filed_on: "2027-03-31".to_owned(),
        language: String::new(),
        fields: std::collections::BTreeMap::new(),
        procedures: Vec::new(),
    };
    let form = SignedForm {
        snapshot: &snapshot,
        strokes: b"[[1,2]]",
        form_pdf: &PDF,
    };
    store.sign(case, &clerk(), &form).map(|_| ())
}

#[test]
fn disk_that_fills_up_while_a_filing_is_kept_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = counter(folder.path(), 1, &Clock::at(NOON));
    let case = start(&mut store, "07").case;
    set(&mut store, case, "member.1.name", "架空　太郎");
    let before = store.limit_pages(Some(0)).unwrap();
    let everything = |store: &CounterStore| {
        let record = store.case(case).unwrap().unwrap();
        (
            record.events,
            record.summary,
            store.sending().unwrap().waiting,
        )
    };
    let untouched = everything(&store);
    let mut refused = 0;
    // Each room for a few pages more lets the writing come a little further before it fails.
    for room in (0..).step_by(9) {
        store.limit_pages(Some(before + room)).unwrap();
        match sign_on(&mut store, case) {
            Ok(()) => break,
            Err(error) => assert!(error.is_disk_full(), "{error}"),
        }
        refused += 1;
        assert_eq!(everything(&store), untouched, "with room for {room} pages");
        assert_eq!(store.blob(page()).unwrap(), None);
    }
    assert!(refused > 5, "{refused}");
    store.limit_pages(Some(before + 2_000)).unwrap();
    store.submit(case, &clerk()).unwrap();
    assert_eq!(
        store.case(case).unwrap().unwrap().summary.state,
        CaseState::Submitted
    );
    assert_eq!(store.filing_flaws(case).unwrap(), []);
    let query = ArchiveQuery::new("01-270331-0001", 9).unwrap();
    assert_eq!(store.find_filings(&query).unwrap().filings.len(), 1);
}

//! Made-up changes against a real database: nothing ends the process, nothing bad goes in, and the
//! good transaction still goes in afterwards. Each case changes one or more parts of a good change.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::cell::RefCell;

use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
use counter_domain::ids::{CaseId, StaffId};
use proptest::prelude::*;
use replica::{DatabaseKey, Replica, StoreError, Surroundings};
use sync_engine::{Applied, Peer, PeerRole};
use sync_protocol::{CellValue, Change, ChangeBatch, SiteId};
use tempfile::TempDir;

const NOON_MS: u64 = 1_806_000_000_000;

fn open(folder: &TempDir, number: u8) -> Replica {
    let path = folder.path().join(format!("{number}.db"));
    let around = Surroundings::new(|| NOON_MS, |bytes| bytes.fill(7));
    let key = DatabaseKey::from_bytes([number; 32]);
    Replica::open(&path, &key, SiteId([number; 16]), around).unwrap()
}

/// A sender's next good transaction, and a receiver that holds everything before it.
struct Line {
    _folder: TempDir,
    sender: Replica,
    receiver: Replica,
    written: u32,
}

impl Line {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            sender: open(&folder, 2),
            receiver: open(&folder, 1),
            _folder: folder,
            written: 0,
        }
    }

    fn next(&mut self) -> ChangeBatch {
        self.written += 1;
        let path = FieldPath(format!("note.{}", self.written));
        let written: Result<(), StoreError> = self.sender.write(|write| {
            let field = DraftField {
                value: FieldValue::Text("架空".to_owned()),
                source: Source::Staff,
                confidence: None,
                by: StaffId::from("u0312"),
                at: write.at(),
                settles: None,
            };
            write.set_field(CaseId([9; 16]), &path, &field)
        });
        written.unwrap();
        let hub = peer(1, PeerRole::Hub);
        let site = self.sender.site();
        let held = self.receiver.vector().unwrap().get(&site).copied();
        let batch = self.sender.changes(&hub, site, held.unwrap_or(0), 1 << 20);
        batch.unwrap().unwrap()
    }
}

fn peer(number: u8, role: PeerRole) -> Peer {
    Peer {
        site: SiteId([number; 16]),
        branch: "07".to_owned(),
        role,
    }
}

#[derive(Debug, Clone)]
enum Spoil {
    Key(Vec<u8>),
    KeyByte(prop::sample::Index, u8),
    Table(String),
    Column(String),
    Value(u8, Vec<u8>),
    ColumnVersion(u64),
    Version(u64),
    CausalLength(u64),
    Sequence(u64),
    At(String),
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0_u64..4,
        Just(1 << 20),
        Just(i64::MAX as u64),
        Just(u64::MAX),
        any::<u64>()
    ]
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        3 => bytes().prop_map(Spoil::Key),
        5 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, with)| Spoil::KeyByte(at, with)),
        2 => "[a-z_'\";-]{0,20}|snapshot|blob_ref|case_event|draft__crsql_clock".prop_map(Spoil::Table),
        1 => "[a-z'\"-]{0,20}|-1|case_id".prop_map(Spoil::Column),
        4 => (0_u8..4, bytes()).prop_map(|(kind, bytes)| Spoil::Value(kind, bytes)),
        2 => number().prop_map(Spoil::ColumnVersion),
        2 => number().prop_map(Spoil::Version),
        2 => number().prop_map(Spoil::CausalLength),
        2 => number().prop_map(Spoil::Sequence),
        2 => "[0-9-]{0,25}".prop_map(Spoil::At),
    ]
}

fn apply(spoil: &Spoil, change: &mut Change) {
    match spoil {
        Spoil::Key(key) => change.key.clone_from(key),
        Spoil::KeyByte(at, with) => {
            let at = at.index(change.key.len().max(1));
            if let Some(byte) = change.key.get_mut(at) {
                *byte = *with;
            }
        }
        Spoil::Table(table) => change.table.clone_from(table),
        Spoil::Column(column) => change.column.clone_from(column),
        Spoil::Value(kind, bytes) => {
            change.value = match kind {
                0 => CellValue::Null,
                1 => CellValue::Integer(-5),
                2 => CellValue::Text(String::from_utf8_lossy(bytes).into_owned()),
                _ => CellValue::Blob(bytes.clone()),
            }
        }
        Spoil::ColumnVersion(number) => change.column_version = *number,
        Spoil::Version(number) => change.version = *number,
        Spoil::CausalLength(number) => change.causal_length = *number,
        Spoil::Sequence(number) => change.sequence = *number,
        Spoil::At(at) => change.at.clone_from(at),
    }
}

thread_local! {
    // Opening two databases costs more than a hundred cases.
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_change_is_kept_aside_and_the_good_one_still_goes_in(
        spoils in prop::collection::vec(spoil(), 1..3),
    ) {
        LINE.with_borrow_mut(|line| {
            let line = line.get_or_insert_with(Line::new);
            let good = line.next();
            let mut spoilt = good.clone();
            for change in &mut spoilt.changes {
                for spoil in &spoils {
                    apply(spoil, change);
                }
            }
            let from = peer(2, PeerRole::Counter);
            match line.receiver.apply(&from, &spoilt, |_, _| Ok(())).unwrap() {
                Applied::Quarantined { .. } => {
                    let aside = line.receiver.quarantine().unwrap();
                    prop_assert_eq!(aside.len(), 1);
                    let applied = line.receiver.apply(&from, &good, |_, _| Ok(())).unwrap();
                    prop_assert_eq!(applied, Applied::Done { changed: good.changes.len() });
                    prop_assert!(line.receiver.quarantine().unwrap().is_empty());
                }
                // Harmless, of a newer schema, or of a version that is held.
                Applied::Done { .. } | Applied::Known => {}
                Applied::Gap { .. } => prop_assert!(false, "the batch follows what is held"),
            }
            let own = line.receiver.own_version().unwrap();
            prop_assert_eq!(own, 0, "nothing foreign counts as written here");
            Ok(())
        })?;
    }
}

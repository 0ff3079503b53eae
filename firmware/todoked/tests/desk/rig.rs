//! A desk with played devices.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use case_archive::{ArchiveQuery, Found};
use counter_api::{
    ContentId, Digits, Notice, Password, ReceptionView, ResidentAction, ResidentScreen,
    StaffAction, StaffScreen, Stroke, StrokePoint,
};
use counter_domain::character_choice::ChoiceMade;
use counter_domain::draft::FieldPath;
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, SnapshotHash, StaffId};
use counter_domain::prepared::UsedAt;
use counter_domain::protection::Digest;
use counter_domain::resident::ResidentQuery;
use counter_domain::snapshot::Snapshot;
use counter_store::{
    CaseRecord, CaseRow, CounterStore, FieldEntry, FoundResident, FoundResidents, ResidentCopy,
    Scan, Sending, SignedForm,
};
use jiff::civil::Date;
use replica::staff::{Role, StaffMember, hash_secret};
use replica::{DatabaseKey, Surroundings};
use sync_engine::{Applied, DatasetManifest, DatasetPart, Peer, PeerRole, Store};
use sync_protocol::SiteId;
use sync_transport::Authority;
use todoked::characters::NameCharacters;
use todoked::clock::{Clock, SteppedClock};
use todoked::desk::{Desk, GlyphGate, NoGate, Place};
use todoked::devices::{CardFacts, CardLies, Effect, Happened};
use todoked::places::Places;
use todoked::records::{Deed, Entry, NotLetIn, Records, RecordsError, SignedIn, UndoStep};
use todoked::store_records::StoreRecords;

/// The places every counter of these tests offers; empty until a test loads them.
pub(crate) static PLACES: LazyLock<Arc<Places>> = LazyLock::new(Arc::default);

/// The characters that counters with a gate of their own choose from.
pub(crate) static CHARACTERS: LazyLock<Arc<NameCharacters>> = LazyLock::new(Arc::default);

/// 2026-11-21 10:42 in Japan.
pub(crate) const MORNING: u64 = 1_795_225_320_000;
pub(crate) const STAFF: &str = "u0312";
pub(crate) const SECRET: &str = "Hi mitsu-3!";
pub(crate) const COLLEAGUE: &str = "u0313";
pub(crate) const SUPERVISOR: &str = "u0001";
pub(crate) const SUPERVISOR_SECRET: &str = "ひみつ#2026";

/// A disk that can be filled.
#[derive(Debug)]
pub(crate) struct Disk {
    inner: StoreRecords,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> Result<(), RecordsError> {
        if self.full.load(Ordering::Relaxed) {
            Err(RecordsError::DiskFull)
        } else {
            Ok(())
        }
    }
}

impl Records for Disk {
    fn sign_in(&mut self, a: &str, b: &str, c: &BranchCode) -> Result<SignedIn, NotLetIn> {
        self.inner.sign_in(a, b, c)
    }

    fn has_staff(&self) -> bool {
        self.inner.has_staff()
    }

    fn works_here(&self, staff: &StaffId, branch: &BranchCode) -> bool {
        self.inner.works_here(staff, branch)
    }

    fn start_case(
        &mut self,
        by: &StaffId,
        branch: &BranchCode,
        day: Date,
        number: &dyn Fn(u32) -> String,
    ) -> Result<CaseId, RecordsError> {
        self.room()?;
        self.inner.start_case(by, branch, day, number)
    }

    fn set_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[Entry],
        step: UndoStep,
    ) -> Result<(), RecordsError> {
        self.room()?;
        self.inner.set_fields(case, by, entries, step)
    }

    fn keep_scans(
        &mut self,
        case: CaseId,
        by: &StaffId,
        scans: &[Scan<'_>],
        entries: &[FieldEntry],
    ) -> Result<(), RecordsError> {
        self.room()?;
        self.inner.keep_scans(case, by, scans, entries)
    }

    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        self.inner.blob(hash)
    }

    fn choose_value(
        &mut self,
        case: CaseId,
        by: &StaffId,
        path: &FieldPath,
        counter: DeviceId,
    ) -> Result<(), RecordsError> {
        self.inner.choose_value(case, by, path, counter)
    }

    fn undo(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        self.inner.undo(case, by)
    }

    fn can_undo(&self, case: CaseId) -> bool {
        self.inner.can_undo(case)
    }

    fn sign(
        &mut self,
        case: CaseId,
        by: &StaffId,
        form: &SignedForm<'_>,
    ) -> Result<SnapshotHash, RecordsError> {
        self.room()?;
        self.inner.sign(case, by, form)
    }

    fn submit(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        self.inner.submit(case, by)
    }

    fn case(&self, case: CaseId) -> Result<CaseRecord, RecordsError> {
        self.inner.case(case)
    }

    fn snapshot(&self, case: CaseId, hash: SnapshotHash) -> Option<Snapshot> {
        self.inner.snapshot(case, hash)
    }

    fn find_filings(&self, query: &ArchiveQuery) -> Result<Found, RecordsError> {
        self.inner.find_filings(query)
    }

    fn character_choices(&self) -> Vec<ChoiceMade> {
        self.inner.character_choices()
    }

    fn board(&self, limit: usize) -> Vec<CaseRow> {
        self.inner.board(limit)
    }

    fn sending(&self) -> Sending {
        self.inner.sending()
    }

    fn dataset(&self, name: &str) -> Option<(u64, Vec<u8>)> {
        self.inner.dataset(name)
    }

    fn dataset_version(&self, name: &str) -> Option<u64> {
        self.inner.dataset_version(name)
    }

    fn prepared_uses(&self) -> Vec<UsedAt> {
        self.inner.prepared_uses()
    }

    fn is_any_protected(&self, digests: &[Digest]) -> bool {
        self.inner.is_any_protected(digests)
    }

    fn link_cases(&mut self, one: CaseId, other: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        self.inner.link_cases(one, other, by)
    }

    fn unlink_cases(
        &mut self,
        one: CaseId,
        other: CaseId,
        by: &StaffId,
    ) -> Result<(), RecordsError> {
        self.inner.unlink_cases(one, other, by)
    }

    fn resident_copy(&self) -> Option<ResidentCopy> {
        self.inner.resident_copy()
    }

    fn find_residents(&self, query: &ResidentQuery) -> Result<FoundResidents, RecordsError> {
        self.inner.find_residents(query)
    }

    fn resident_household(&self, household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        self.inner.resident_household(household)
    }

    fn left_household(&self, household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        self.inner.left_household(household)
    }

    fn audit(&mut self, by: &StaffId, deed: Deed, case: Option<CaseId>) {
        self.inner.audit(by, deed, case);
    }

    fn note(&self, key: &str) -> Option<Vec<u8>> {
        self.inner.note(key)
    }

    fn set_note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), RecordsError> {
        self.room()?;
        self.inner.set_note(key, value)
    }
}

/// One counter with its folder.
pub(crate) struct Rig {
    path: PathBuf,
    device: DeviceId,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) full: Arc<AtomicBool>,
    pub(crate) store: Arc<Mutex<CounterStore>>,
    pub(crate) desk: Desk<Disk>,
    pub(crate) effects: Vec<Effect>,
    folder: tempfile::TempDir,
    /// How often it was started again.
    life: u8,
}

/// Opens the database of a counter. Its random bytes are a count that no other counter and no other
/// life of this one comes to.
fn open(path: &Path, device: DeviceId, life: u8, clock: &Arc<SteppedClock>) -> CounterStore {
    let clock = Arc::clone(clock);
    let mut count = u64::from(device.0[0]) << 32 | u64::from(life) << 24;
    let around = Surroundings::new(
        move || clock.unix_ms(),
        move |bytes| {
            count += 1;
            bytes
                .iter_mut()
                .rev()
                .zip(count.to_le_bytes())
                .for_each(|(to, from)| *to = from);
        },
    );
    CounterStore::open(path, &DatabaseKey::from_bytes([7; 32]), device, around).unwrap()
}

fn desk(
    store: &Arc<Mutex<CounterStore>>,
    clock: &Arc<SteppedClock>,
    full: &Arc<AtomicBool>,
    counter: char,
) -> Desk<Disk> {
    desk_with(store, clock, full, counter, Arc::new(NoGate))
}

fn desk_with(
    store: &Arc<Mutex<CounterStore>>,
    clock: &Arc<SteppedClock>,
    full: &Arc<AtomicBool>,
    counter: char,
    gate: Arc<dyn GlyphGate>,
) -> Desk<Disk> {
    let place = Place {
        branch: BranchCode::from("07"),
        counter,
        name: format!("六会市民センター {counter}番窓口"),
        city: "六会市".to_owned(),
    };
    let records = Disk {
        inner: StoreRecords::new(Arc::clone(store)),
        full: Arc::clone(full),
    };
    let clock: Arc<dyn Clock> = Arc::<SteppedClock>::clone(clock);
    Desk::new(place, records, clock, gate).offering(Arc::clone(&PLACES))
}

impl Rig {
    /// A counter with its staff dataset; nobody is signed in.
    pub(crate) fn new() -> Self {
        Self::numbered(1)
    }

    /// A counter whose fonts lack what `gate` says, and that has the character tables.
    pub(crate) fn with_gate(gate: impl GlyphGate + 'static) -> Self {
        let mut rig = Self::new();
        let gate: Arc<dyn GlyphGate> = Arc::new(gate);
        rig.desk = desk_with(&rig.store, &rig.clock, &rig.full, '1', gate)
            .choosing_from(Arc::clone(&CHARACTERS));
        rig
    }

    pub(crate) fn numbered(number: u8) -> Self {
        Self::before_first_contact(number).with_staff()
    }

    /// Head office's list of staff arrives.
    pub(crate) fn with_staff(mut self) -> Self {
        let staff = serde_json::to_vec(&members()).unwrap();
        self.arrives("staff", 1, staff);
        self
    }

    /// A counter that has heard nothing from head office yet.
    pub(crate) fn before_first_contact(number: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counter.db");
        let device = DeviceId([number; 16]);
        let clock = Arc::new(SteppedClock::at(MORNING));
        let store = open(&path, device, 0, &clock);
        let store = Arc::new(Mutex::new(store));
        let full = Arc::new(AtomicBool::new(false));
        let counter = char::from_digit(u32::from(number), 10).unwrap();
        let desk = desk(&store, &clock, &full, counter);
        Self {
            path,
            device,
            clock,
            full,
            store,
            desk,
            effects: Vec::new(),
            folder,
            life: 0,
        }
    }

    /// The plug is pulled and put back: only what is on disk comes back.
    pub(crate) fn killed_and_started(self) -> Self {
        let Self {
            path,
            device,
            clock,
            full,
            store,
            desk: old,
            folder,
            life,
            ..
        } = self;
        let life = life + 1;
        drop(old);
        drop(store);
        let store = Arc::new(Mutex::new(open(&path, device, life, &clock)));
        let desk = desk(&store, &clock, &full, '1');
        Self {
            path,
            device,
            clock,
            full,
            store,
            desk,
            effects: Vec::new(),
            folder,
            life,
        }
    }

    /// A dataset arrives from head office.
    pub(crate) fn arrives(&mut self, name: &str, version: u64, bytes: Vec<u8>) {
        install(&mut self.store.lock().unwrap(), name, version, bytes);
        self.happened(Happened::Arrived(todoked::devices::Arrival::default()));
    }

    #[track_caller]
    pub(crate) fn staff(&mut self, action: StaffAction) {
        let done = self.desk.staff(action);
        assert!(done.is_ok(), "refused: {done:?}");
        self.effects.extend(self.desk.take_effects());
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, action: StaffAction) -> Notice {
        self.desk.staff(action).expect_err("refused")
    }

    #[track_caller]
    pub(crate) fn resident(&mut self, action: ResidentAction) {
        let done = self.desk.resident(action);
        assert!(done.is_ok(), "refused: {done:?}");
        self.effects.extend(self.desk.take_effects());
    }

    /// What lies before the resident to be read or signed.
    #[track_caller]
    pub(crate) fn content(&self) -> ContentId {
        let (ResidentScreen::Check { content, .. } | ResidentScreen::Sign { content, .. }) =
            self.page()
        else {
            panic!("nothing to read");
        };
        content
    }

    /// The resident read what lies there, and it is right.
    #[track_caller]
    pub(crate) fn content_right(&mut self) {
        let content = self.content();
        self.resident(ResidentAction::ContentRight { content });
    }

    /// The resident signs what lies there.
    #[track_caller]
    pub(crate) fn signs(&mut self) {
        let content = self.content();
        self.resident(signature(content));
    }

    pub(crate) fn happened(&mut self, what: Happened) {
        self.desk.happened(what);
        self.effects.extend(self.desk.take_effects());
    }

    pub(crate) fn sign_in(&mut self) {
        self.staff(StaffAction::SignIn {
            staff: STAFF.to_owned(),
            secret: Password::new(SECRET),
        });
    }

    #[track_caller]
    pub(crate) fn set(&mut self, path: &str, value: &str) {
        self.staff(StaffAction::SetField {
            path: path.to_owned(),
            value: value.to_owned(),
        });
    }

    #[track_caller]
    pub(crate) fn reception(&self) -> ReceptionView {
        match self.desk.staff_view().screen {
            StaffScreen::Reception(view) => *view,
            StaffScreen::SignIn(view) => panic!("no reception: {view:?}"),
            StaffScreen::Board { .. } => panic!("no reception but the board"),
        }
    }

    pub(crate) fn page(&self) -> ResidentScreen {
        self.desk.resident_view().screen
    }

    #[track_caller]
    pub(crate) fn value(&self, path: &str) -> String {
        let view = self.reception();
        let mut fields = view
            .move_fields
            .iter()
            .chain(view.members.iter().flat_map(|member| &member.fields));
        fields
            .find(|field| field.path == path)
            .expect("field")
            .value
            .clone()
    }

    pub(crate) fn lay_card(&mut self, tries: u8) {
        self.happened(Happened::CardLies(CardLies::MyNumber {
            pin_tries_left: tries,
            number_b_tries_left: 10,
        }));
    }

    /// A reception with the card read and everything the form needs.
    pub(crate) fn filled_reception(&mut self) {
        self.sign_in();
        self.staff(StaffAction::StartReception);
        self.lay_card(3);
        self.staff(StaffAction::AskPin);
        self.resident(ResidentAction::Pin {
            digits: Digits::new("1234"),
        });
        self.happened(Happened::CardRead(Ok(taro())));
        self.set("event.date", "R8.11.14");
        self.set("address.new", "六会市架空町一丁目９番６号");
        self.set("head.new", "架空　太郎");
        self.set("member.1.relation", "世帯主");
        self.staff(StaffAction::AddMember);
        self.set("member.2.name", "架空　花子");
        self.set("member.2.birth_date", "1992-11-03");
        self.set("member.2.sex", "female");
        self.set("member.2.relation", "妻");
        self.staff(StaffAction::RecordIdentity {
            kind: "mncard".to_owned(),
        });
    }

    /// Shows the form, signs it, makes the form.
    pub(crate) fn signed(&mut self) {
        self.staff(StaffAction::ShowToResident);
        self.content_right();
        self.signs();
        self.make_form();
    }

    /// What was signed last in the open case.
    #[track_caller]
    pub(crate) fn last_snapshot(&self) -> Snapshot {
        let case = self.reception().case;
        let records = self.desk.records();
        let signed = records.case(case).unwrap().summary.signed.expect("signed");
        records.snapshot(case, signed).expect("a snapshot")
    }

    #[track_caller]
    pub(crate) fn make_form(&mut self) {
        let at = self
            .effects
            .iter()
            .position(|effect| matches!(effect, Effect::MakeForm(_)));
        let Effect::MakeForm(job) = self.effects.remove(at.expect("a form to make")) else {
            unreachable!()
        };
        self.happened(Happened::FormMade {
            case: job.case,
            form: Ok(b"%PDF-1.7".to_vec()),
        });
    }

    pub(crate) fn peer(&self, role: PeerRole) -> Peer {
        let branch = match role {
            PeerRole::Hub => "00",
            PeerRole::Counter => "07",
        };
        Peer {
            site: SiteId(self.device.0),
            branch: branch.to_owned(),
            role,
        }
    }
}

pub(crate) fn taro() -> CardFacts {
    CardFacts {
        card: None,
        to_check: false,
        name: "架空　太郎".to_owned(),
        address: "東京都千代田区架空町一丁目２番３－４０５号".to_owned(),
        birth_date: "1985-07-14".to_owned(),
        sex: "male".to_owned(),
        domicile: String::new(),
        face: None,
        certificate: None,
    }
}

pub(crate) fn signature(content: ContentId) -> ResidentAction {
    let point = |x, t| StrokePoint { x, y: 100, t };
    let strokes = vec![Stroke {
        points: vec![point(0, 0), point(5_000, 10), point(9_000, 20)],
    }];
    ResidentAction::Sign {
        content,
        pad_width: 100_000,
        pad_height: 40_000,
        strokes,
    }
}

/// Who works at the counters of these tests.
pub(crate) fn members() -> [StaffMember; 3] {
    let member = |id: &str, name: &str, secret: &str, role| StaffMember {
        id: StaffId::from(id),
        name: name.to_owned(),
        roles: vec![role],
        branches: vec![BranchCode::from("07")],
        secret_hash: hash_secret(secret, [3; 16]).unwrap(),
    };
    [
        member(STAFF, "架空　職員", SECRET, Role::Intake),
        member(COLLEAGUE, "架空　同僚", SECRET, Role::Intake),
        member(
            SUPERVISOR,
            "架空　責任者",
            SUPERVISOR_SECRET,
            Role::Approver,
        ),
    ]
}

/// Installs a dataset as head office would publish it.
fn install(store: &mut CounterStore, name: &str, version: u64, bytes: Vec<u8>) {
    let authority = Authority::create(MORNING).unwrap();
    store
        .set_publishing_key(authority.publishing_point())
        .unwrap();
    let mut manifest = DatasetManifest {
        name: name.to_owned(),
        version,
        length: bytes.len() as u64,
        hash: *blake3::hash(&bytes).as_bytes(),
        signature: Vec::new(),
    };
    let signed = replica::signed_bytes(&manifest).unwrap();
    manifest.signature = authority.sign_published(&signed).unwrap();
    assert_eq!(store.dataset_wanted(&manifest).unwrap(), Some(0));
    let part = DatasetPart {
        name: name.to_owned(),
        version,
        offset: 0,
        bytes,
    };
    assert_eq!(store.stage_dataset(&manifest, &part).unwrap(), None);
}

/// Everything `from` wrote itself reaches `to`; tells the desk of `to`.
pub(crate) fn carry(from: &Rig, role: PeerRole, to: &mut Rig, to_role: PeerRole) {
    let site = SiteId(from.device.0);
    let (giver, taker) = (from.peer(role), to.peer(to_role));
    loop {
        let after = to
            .store
            .lock()
            .unwrap()
            .vector()
            .unwrap()
            .get(&site)
            .copied()
            .unwrap_or(0);
        let batch = from
            .store
            .lock()
            .unwrap()
            .changes(&taker, site, after, 1 << 20)
            .unwrap();
        let Some(batch) = batch else { break };
        let applied = to.store.lock().unwrap().apply(&giver, &batch).unwrap();
        assert!(
            matches!(applied, Applied::Done { .. } | Applied::Known),
            "{applied:?}"
        );
    }
    to.happened(Happened::Arrived(todoked::devices::Arrival::default()));
}

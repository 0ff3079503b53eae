//! A counter and a hub on real databases in a scratch folder, and a browser made of requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField};
use counter_store::{CounterStore, FieldEntry, NewCase, SignedForm};
use http_body_util::BodyExt;
use hub_store::HubStore;
use replica::staff::{Role, StaffMember, hash_secret};
use replica::{DatabaseKey, Surroundings};
use sync_engine::{CaseCopies, Peer, PeerRole, PurgeDone, PurgeStage, Store};
use sync_transport::Wake;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::catalogue::Workbench;
use crate::clock::Clock;
use crate::desk::{DeskData, DeskSetup, Scheme, router};

/// 2026-11-21 10:00 in Japan.
const MORNING_MS: u64 = 1_795_222_800_000;

pub(super) const PASSWORD: &str = "himitsu2026";

pub(super) struct Stage {
    pub(super) counter: CounterStore,
    pub(super) hub: Arc<Mutex<HubStore>>,
    pub(super) now: Arc<AtomicU64>,
    pub(super) desk: Router,
    pub(super) folder: tempfile::TempDir,
}

fn around(now: &Arc<AtomicU64>, seed: u8) -> Surroundings {
    let (now, next) = (Arc::clone(now), AtomicU64::new(0));
    let random = move |bytes: &mut [u8]| {
        let drawn = next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[seed]).update(&drawn);
        hasher.finalize_xof().fill(bytes);
    };
    Surroundings::new(move || now.load(Ordering::Relaxed), random)
}

fn member(id: &str, name: &str, roles: &[Role]) -> StaffMember {
    StaffMember {
        id: StaffId::from(id),
        name: name.to_owned(),
        roles: roles.to_vec(),
        branches: Vec::new(),
        secret_hash: hash_secret(PASSWORD, [7; 16]).unwrap(),
    }
}

impl Stage {
    pub(super) fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(MORNING_MS));
        let key = DatabaseKey::from_bytes([9; 32]);
        let at = |name: &str| folder.path().join(name);
        let counter =
            CounterStore::open(&at("counter"), &key, DeviceId([1; 16]), around(&now, 3)).unwrap();
        let mut hub =
            HubStore::open(&at("hub"), &key, DeviceId([2; 16]), around(&now, 91)).unwrap();
        let staff = [
            member("u0101", "審査　みほん", &[Role::Reviewer, Role::Approver]),
            member("u0102", "審査　ふたり", &[Role::Reviewer]),
            member("u0900", "監査　みほん", &[Role::Auditor]),
            member("u0901", "運用　みほん", &[Role::Administrator]),
            member("u0312", "窓口　みほん", &[Role::Intake]),
        ];
        let settings = r#"{"city":"六会市","branches":[{"code":"07","name":"北部市民センター"}]}"#;
        hub.publish("staff", &serde_json::to_vec(&staff).unwrap(), |_| vec![1])
            .unwrap();
        hub.publish("settings", settings.as_bytes(), |_| vec![1])
            .unwrap();
        let (sender, changed) = watch::channel(0_u64);
        hub.on_change(move |_| sender.send_modify(|count| *count += 1));
        let hub = Arc::new(Mutex::new(hub));
        let told = Arc::clone(&now);
        let clock = Clock::new(move || told.load(Ordering::Relaxed));
        let desk = router(DeskSetup {
            data: DeskData::new(Arc::clone(&hub), clock.clone(), Wake::new()),
            clock,
            scheme: Scheme::PlainLoopback,
            hand_over_folder: folder.path().join("handover"),
            backup_folder: folder.path().join("backups"),
            changed,
            workbench: Workbench::at(folder.path(), Box::new(|_| Ok(vec![1]))),
        });
        Self {
            counter,
            hub,
            now,
            desk,
            folder,
        }
    }

    /// Publishes the list of staff again, with u0101 as `change` makes it.
    pub(super) fn list_staff(&self, change: impl FnOnce(&mut StaffMember)) {
        let mut hub = self.hub.lock().unwrap();
        let mut staff = hub.staff().unwrap();
        change(
            staff
                .iter_mut()
                .find(|one| one.id.as_str() == "u0101")
                .unwrap(),
        );
        let bytes = serde_json::to_vec(&staff).unwrap();
        hub.publish("staff", &bytes, |_| vec![1]).unwrap();
    }

    pub(super) fn minutes_pass(&self, minutes: u64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    /// A case taken in, signed and submitted by `by`, here and at head office.
    pub(super) fn submitted_by(&mut self, by: &str) -> CaseId {
        let case = self.started_by(by);
        self.sign_and_submit(case, by, "カクウ　タロウ");
        case
    }

    /// The same of somebody else, while its pages are still on their way.
    pub(super) fn submitted_without_pages(&mut self, by: &str) {
        let case = self.started_by(by);
        self.sign_and_submit_here(case, by, "カクウ　ジロ");
        self.send_records();
    }

    fn started_by(&mut self, by: &str) -> CaseId {
        let new = NewCase {
            by: StaffId::from(by),
            branch: BranchCode::from("07"),
            day: "2026-11-21".to_owned(),
        };
        let started = self
            .counter
            .start_case(&new, &|n| format!("07-2-261121-{n:04}"));
        started.unwrap().case
    }

    /// Signs the case anew with this reading of the name, submits and sends it.
    pub(super) fn sign_and_submit(&mut self, case: CaseId, by: &str, kana: &str) {
        self.sign_and_submit_here(case, by, kana);
        self.send();
    }

    fn sign_and_submit_here(&mut self, case: CaseId, by: &str, kana: &str) {
        self.minutes_pass(1);
        let by = StaffId::from(by);
        let fields = fields(kana);
        let entries: Vec<FieldEntry> = fields
            .iter()
            .map(|(path, field)| FieldEntry {
                path: path.clone(),
                value: field.value.clone(),
                source: field.source,
                confidence: None,
            })
            .collect();
        self.counter.set_fields(case, &by, &entries).unwrap();
        let summary = self.counter.case(case).unwrap().unwrap().summary;
        let snapshot = Snapshot {
            version: 1,
            case_id: case,
            receipt_number: summary.receipt_number.unwrap(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-20".to_owned(),
            language: String::new(),
            fields,
            procedures: Vec::new(),
        };
        let strokes = format!(
            r#"{{"version":1,"pad_width":48000,"pad_height":12000,"strokes":[{{"points":[{{"x":100,"y":200,"t":0}},{{"x":900,"y":{},"t":9}}]}}]}}"#,
            kana.len()
        );
        let form_pdf = format!("%PDF-1.7 {kana}");
        let signed = SignedForm {
            snapshot: &snapshot,
            strokes: strokes.as_bytes(),
            form_pdf: form_pdf.as_bytes(),
        };
        self.counter.sign(case, &by, &signed).unwrap();
        self.counter.submit(case, &by).unwrap();
    }

    /// Both databases hear everything of each other, blobs last.
    pub(super) fn send(&mut self) {
        self.send_records();
        let mut hub = self.hub.lock().unwrap();
        for wanted in hub.blobs_wanted(100).unwrap() {
            let part = self
                .counter
                .blob_part(&hub_peer(), wanted.hash, 0, 1 << 20)
                .unwrap();
            hub.store_blob(&counter_peer(), &part.unwrap()).unwrap();
        }
    }

    fn send_records(&mut self) {
        let mut hub = self.hub.lock().unwrap();
        carry(&mut self.counter, &counter_peer(), &mut *hub, &hub_peer());
        carry(&mut *hub, &hub_peer(), &mut self.counter, &counter_peer());
    }

    /// The counter says that it followed every order it is given.
    pub(super) fn follow_orders(&self) {
        let mut hub = self.hub.lock().unwrap();
        let orders = hub.purge_orders(&counter_peer()).unwrap().into_iter();
        let done = orders.map(|order| PurgeDone {
            case: order.case,
            turn: order.turn,
            through: 0,
            stage: PurgeStage::Overwritten,
        });
        let done: Vec<PurgeDone> = done.collect();
        hub.purged(&counter_peer(), &done).unwrap();
    }

    /// An enrolled counter of branch 08 changes a case of branch 07.
    pub(super) fn keeps_a_foreign_change_aside(&self) -> CaseId {
        let key = DatabaseKey::from_bytes([9; 32]);
        let path = self.folder.path().join("foreign");
        let device = DeviceId([8; 16]);
        let mut foreign = CounterStore::open(&path, &key, device, around(&self.now, 17)).unwrap();
        let new = NewCase {
            by: StaffId::from("u0312"),
            branch: BranchCode::from("07"),
            day: "2026-11-21".to_owned(),
        };
        let case = foreign.start_case(&new, &|n| format!("07-9-261121-{n:04}"));
        let batch = foreign.changes(&hub_peer(), foreign.site(), 0, 1 << 20);
        let peer = Peer {
            site: foreign.site(),
            branch: "08".to_owned(),
            role: PeerRole::Counter,
        };
        let mut hub = self.hub.lock().unwrap();
        let branch = BranchCode::from("08");
        let code = hub.issue_enrolment_code(&branch, "1番窓口", 1000).unwrap();
        hub.redeem_enrolment_code(&code, device, [5; 32]).unwrap();
        hub.apply(&peer, &batch.unwrap().unwrap()).unwrap();
        case.unwrap().case
    }

    pub(super) async fn signed_in(&self, staff: &str) -> Browser {
        let mut browser = Browser {
            desk: self.desk.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        };
        browser.get("/sign-in").await;
        let answer = browser
            .post("/sign-in", &[("staff", staff), ("password", PASSWORD)])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "sign-in of {staff}");
        browser.get(&answer.location()).await;
        browser
    }

    pub(super) fn stranger(&self) -> Browser {
        Browser {
            desk: self.desk.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }
}

fn counter_peer() -> Peer {
    Peer {
        site: sync_protocol::SiteId([1; 16]),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    }
}

fn hub_peer() -> Peer {
    Peer {
        site: sync_protocol::SiteId([2; 16]),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    }
}

/// Everything of `from`'s own that `to` lacks.
fn carry(from: &mut impl Store, from_peer: &Peer, to: &mut impl Store, to_peer: &Peer) {
    let site = from.site();
    loop {
        let have = to.vector().unwrap().get(&site).copied().unwrap_or(0);
        match from.changes(to_peer, site, have, 1 << 20).unwrap() {
            Some(batch) if batch.through > have => {
                to.apply(from_peer, &batch).unwrap();
                let now = to.vector().unwrap().get(&site).copied().unwrap_or(0);
                assert!(now > have, "the batch was not applied");
            }
            Some(_) | None => return,
        }
    }
}

fn fields(kana: &str) -> BTreeMap<FieldPath, SnapshotField> {
    let all = [
        ("event.type", "move_in", Source::Staff),
        ("event.flow", "card", Source::Staff),
        ("event.date", "2026-11-15", Source::Staff),
        ("address.new", "六会市北町三丁目９番６号", Source::Staff),
        ("notifier.member", "1", Source::Staff),
        ("member.1.name", "架空　太郎", Source::Chip),
        ("member.1.kana", kana, Source::Staff),
        ("member.2.name", "架空　花子", Source::Staff),
    ];
    all.into_iter()
        .map(|(path, text, source)| {
            let value = FieldValue::Text(text.to_owned());
            (FieldPath::from(path), SnapshotField { value, source })
        })
        .collect()
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn location(&self) -> String {
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }
}

/// A browser: keeps cookies and the token of the last page.
pub(super) struct Browser {
    pub(super) desk: Router,
    cookies: BTreeMap<String, String>,
    pub(super) csrf: String,
}

impl Browser {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let answer = self
            .send(self.request("GET", path).body(Body::empty()).unwrap())
            .await;
        if let Some((_, rest)) =
            String::from_utf8_lossy(&answer.body).split_once(r#"name="csrf" value=""#)
        {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }

    /// Sends a form with the token of the last page.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_raw(path, &all, &[]).await
    }

    pub(super) async fn post_raw(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let mut request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.join("&"))).unwrap())
            .await
    }

    pub(super) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "desk.example")
            .header(header::COOKIE, cookies.join("; "))
    }

    async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = self.desk.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |done, byte| format!("{done}%{byte:02X}"))
}

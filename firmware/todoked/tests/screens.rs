//! The socket of the screens: who may say what, and who is sent what.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use counter_api::{
    Display, Language, ResidentAction, ResidentScreen, SignInView, StaffAction, StaffScreen,
    ToDaemon, ToScreen, VERSION,
};
use counter_domain::ids::{BranchCode, DeviceId};
use counter_store::CounterStore;
use replica::{DatabaseKey, Surroundings};
use todoked::clock::SteppedClock;
use todoked::counter::{Counter, Input};
use todoked::desk::{Desk, NoGate, Place};
use todoked::screens;
use todoked::store_records::StoreRecords;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

fn counter(folder: &Path) -> (Counter, std::thread::JoinHandle<()>) {
    let around = Surroundings::new(|| 1_795_225_320_000, |bytes| bytes.fill(5));
    let key = DatabaseKey::from_bytes([7; 32]);
    let store =
        CounterStore::open(&folder.join("counter.db"), &key, DeviceId([1; 16]), around).unwrap();
    let place = Place {
        branch: BranchCode::from("07"),
        counter: '2',
        name: "六会市民センター 2番窓口".to_owned(),
        city: "六会市".to_owned(),
    };
    let records = StoreRecords::new(Arc::new(Mutex::new(store)));
    let clock = Arc::new(SteppedClock::at(1_795_225_320_000));
    let desk = Desk::new(place, records, clock, Arc::new(NoGate));
    Counter::start(desk, Counter::channel(), drop).unwrap()
}

struct Screen {
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Screen {
    async fn open(socket: &Path, version: u16, display: Display) -> Self {
        let (read, write) = UnixStream::connect(socket).await.unwrap().into_split();
        let mut screen = Self {
            lines: BufReader::new(read).lines(),
            write,
        };
        screen.say(&ToDaemon::Hello { version, display }).await;
        screen
    }

    async fn say(&mut self, message: &ToDaemon) {
        let line = serde_json::to_string(message).unwrap() + "\n";
        self.raw(&line).await;
    }

    async fn raw(&mut self, line: &str) {
        self.write.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next line; `None` when the daemon hung up.
    async fn hear(&mut self) -> Option<ToScreen> {
        let line = self.lines.next_line().await.ok().flatten()?;
        Some(serde_json::from_str(&line).unwrap())
    }
}

/// Runs a test against a daemon's socket.
fn check(test: impl AsyncFnOnce(&Path, &Counter)) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("screens.sock");
    let (counter, thread) = counter(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = screens::listen(&socket).unwrap();
        tokio::spawn(screens::serve(listener, counter.clone()));
        test(&socket, &counter).await;
    });
    counter.send(Input::Stop);
    thread.join().unwrap();
}

#[test]
fn each_display_is_sent_its_own_view_at_once() {
    check(async |socket, _| {
        let mut staff = Screen::open(socket, VERSION, Display::Staff).await;
        let Some(ToScreen::StaffView(view)) = staff.hear().await else {
            panic!("no view")
        };
        let before_first_contact = SignInView {
            awaits_staff: true,
            ..SignInView::default()
        };
        assert_eq!(view.screen, StaffScreen::SignIn(before_first_contact));
        assert_eq!(view.header.place, "六会市民センター 2番窓口");
        let mut resident = Screen::open(socket, VERSION, Display::Resident).await;
        let Some(ToScreen::ResidentView(view)) = resident.hear().await else {
            panic!("no view")
        };
        assert_eq!(
            (view.screen, view.city.as_str()),
            (ResidentScreen::Idle, "六会市")
        );
    });
}

#[test]
fn deeds_are_answered_by_number_and_seen_by_everybody() {
    check(async |socket, _| {
        let mut resident = Screen::open(socket, VERSION, Display::Resident).await;
        resident.hear().await.unwrap();
        let action = ResidentAction::SetLanguage {
            language: Language::English,
        };
        resident.say(&ToDaemon::Resident { id: 41, action }).await;
        let (mut done, mut english) = (false, false);
        while !(done && english) {
            match resident.hear().await.expect("connected") {
                ToScreen::Done { id } => done = id == 41,
                ToScreen::ResidentView(view) => english = view.language == Language::English,
                ToScreen::StaffView(_) | ToScreen::Refused { .. } => panic!("not asked for"),
            }
        }
    });
}

#[test]
fn refusals_carry_a_notice() {
    check(async |socket, _| {
        let mut staff = Screen::open(socket, VERSION, Display::Staff).await;
        staff.hear().await.unwrap();
        staff
            .say(&ToDaemon::Staff {
                id: 7,
                action: StaffAction::StartReception,
            })
            .await;
        let Some(ToScreen::Refused { id: 7, notice }) = staff.hear().await else {
            panic!()
        };
        assert_eq!(notice.code, "SIGN-IN-FIRST");
    });
}

#[test]
fn resident_screen_cannot_act_as_staff() {
    check(async |socket, _| {
        let mut resident = Screen::open(socket, VERSION, Display::Resident).await;
        resident.hear().await.unwrap();
        resident
            .say(&ToDaemon::Staff {
                id: 1,
                action: StaffAction::StartReception,
            })
            .await;
        assert!(resident.hear().await.is_none(), "still connected");
    });
}

#[test]
fn second_screen_of_a_kind_replaces_the_first() {
    check(async |socket, _| {
        let mut first = Screen::open(socket, VERSION, Display::Staff).await;
        first.hear().await.unwrap();
        let mut second = Screen::open(socket, VERSION, Display::Staff).await;
        assert!(matches!(second.hear().await, Some(ToScreen::StaffView(_))));
        let mut told = None;
        while let Some(message) = first.hear().await {
            if let ToScreen::Refused { notice, .. } = message {
                told = Some(notice.code);
            }
        }
        assert_eq!(told.as_deref(), Some("SCREEN-REPLACED"));
    });
}

#[test]
fn strangers_are_shown_out_and_the_socket_lives_on() {
    check(async |socket, _| {
        let mut old = Screen::open(socket, VERSION + 1, Display::Staff).await;
        let Some(ToScreen::Refused { notice, .. }) = old.hear().await else {
            panic!()
        };
        assert_eq!(notice.code, "SCREEN-VERSION");
        let mut rude = Screen::open(socket, VERSION, Display::Resident).await;
        rude.hear().await.unwrap();
        rude.raw("{\"resident\":\n").await;
        assert!(rude.hear().await.is_none());
        let mut after = Screen::open(socket, VERSION, Display::Staff).await;
        assert!(matches!(after.hear().await, Some(ToScreen::StaffView(_))));
    });
}

#[test]
fn only_the_owner_may_open_the_socket() {
    use std::os::unix::fs::PermissionsExt as _;
    check(async |socket, _| {
        let mode = std::fs::metadata(socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    });
}

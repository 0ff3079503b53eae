//! Where a card is put down: straight into the process, or on a reader of the real pcscd.
//!
//! The PC/SC library takes its socket from the environment of the process, so a test behind pcscd
//! runs in a child process of this test binary that has it set.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use card_reader::{Card, CardWatch, Lying, PcscService};
use device_sim::card::{CardPerson, InProcessCard, InsertedCard, VirtualCard, insert};
use device_sim::pcscd::{PcscdProcess, Readers, SOCKET_VARIABLE};

/// A chip that test and reader share.
pub(crate) type Chip = Arc<Mutex<VirtualCard>>;

pub(crate) fn chip(person: &CardPerson) -> Chip {
    Arc::new(Mutex::new(VirtualCard::of(person)))
}

/// A reader that cards are put on.
pub(crate) trait Bench {
    /// Puts the card down if it does not lie there, powers it, lets the test use it, and powers it
    /// down.
    fn with_card<T>(&mut self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T;
}

/// Without pcscd.
pub(crate) struct InProcess;

impl Bench for InProcess {
    fn with_card<T>(&mut self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T {
        use_card(&mut InProcessCard::connect(chip))
    }
}

/// On the first slot of vpcd. A card that stays is not lifted between two uses.
pub(crate) struct BehindPcscd {
    pub(crate) pcscd: PcscdProcess,
    pub(crate) watch: CardWatch,
    lying: Option<(Chip, InsertedCard)>,
}

impl BehindPcscd {
    pub(crate) fn new(pcscd: PcscdProcess) -> Self {
        let mut watch = CardWatch::new();
        await_lying(&mut watch, |lying| matches!(lying, Lying::Empty { .. }));
        Self {
            pcscd,
            watch,
            lying: None,
        }
    }

    /// Lifts the card, and waits until pcscd knows.
    pub(crate) fn lift(&mut self) {
        if let Some((_, inserted)) = self.lying.take() {
            drop(inserted);
            await_lying(&mut self.watch, |lying| {
                matches!(lying, Lying::Empty { .. })
            });
        }
    }

    fn lay(&mut self, chip: &Chip) {
        if let Some((lies, _)) = &self.lying
            && Arc::ptr_eq(lies, chip)
        {
            return;
        }
        self.lift();
        let inserted = insert(Arc::clone(chip), self.pcscd.port()).unwrap();
        await_lying(&mut self.watch, |lying| matches!(lying, Lying::Card { .. }));
        self.lying = Some((Arc::clone(chip), inserted));
    }
}

impl Bench for BehindPcscd {
    fn with_card<T>(&mut self, chip: &Chip, use_card: impl FnOnce(&mut dyn Card) -> T) -> T {
        self.lay(chip);
        let mut card = PcscService::establish().unwrap().connect_any().unwrap();
        let result = use_card(&mut card);
        drop(card);
        // pcscd takes the power away a moment after it said so.
        while chip.lock().unwrap().is_opened() {
            let Some((_, inserted)) = &self.lying else {
                break;
            };
            inserted.next_event();
        }
        result
    }
}

/// Waits until pcscd has noticed, by its own events.
pub(crate) fn await_lying(watch: &mut CardWatch, wanted: impl Fn(&Lying) -> bool) -> Lying {
    loop {
        let lying = watch.next().expect("nobody cancels");
        if wanted(&lying) {
            return lying;
        }
    }
}

/// Whether the tests with a real pcscd are asked for.
pub(crate) fn is_pcscd_wanted() -> bool {
    std::env::var_os("TODOKE_PCSC").is_some_and(|set| set == "1")
}

/// The folder of this child process's own pcscd; `None` in the parent.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let socket = std::env::var_os(SOCKET_VARIABLE)?;
    Some(Path::new(&socket).parent()?.to_owned())
}

/// A test of this binary in a child process that talks to a pcscd of its own.
pub(crate) struct ChildTest {
    child: Child,
    folder: tempfile::TempDir,
}

impl ChildTest {
    pub(crate) fn start(test: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(SOCKET_VARIABLE, folder.path().join("pcscd.comm"))
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    #[track_caller]
    pub(crate) fn finish(mut self) {
        let status = self.child.wait().unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("pcscd.log"));
        assert!(status.success(), "pcscd says:\n{}", log.unwrap_or_default());
    }
}

/// Runs one test of this binary again, in a child that talks to a pcscd of its own. Nothing happens
/// without `TODOKE_PCSC=1`.
pub(crate) fn behind_pcscd(test: &str, readers: Readers, body: impl FnOnce(PcscdProcess, &Path)) {
    if !is_pcscd_wanted() {
        return;
    }
    match own_folder() {
        Some(folder) => body(PcscdProcess::start(&folder, readers).unwrap(), &folder),
        None => ChildTest::start(test).finish(),
    }
}

//! The real `scanimage` with SANE's own `test` and `pnm` backends: pages, feeder and faults.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says what it misses and ends at a surprise"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use page_scanner::{
    Blanks, Order, PaperWay, Progress, SHEETS_MAX, ScanError, Scanner, Shades, Sheet, Stop,
};

/// `scanimage` with a configuration of its own, so that no scanner of this machine is touched.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn set(backends: &str) -> Option<Self> {
        let installed = Command::new("scanimage").arg("--version").output();
        if !installed.is_ok_and(|said| said.status.success()) {
            eprintln!("skipped: scanimage is not installed, run `make packages`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("dll.conf"), backends).unwrap();
        fs::write(folder.path().join("test.conf"), "number_of_devices 1\n").unwrap();
        Some(Self { folder })
    }

    fn scanner(&self, device: &str, extra: &[&str]) -> Scanner {
        let program = self.folder.path().join("scanimage-here");
        let configuration = self.folder.path().display();
        let script =
            format!("#!/bin/sh\nSANE_CONFIG_DIR='{configuration}' exec scanimage \"$@\"\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let extra = extra.iter().map(|one| (*one).to_owned()).collect();
        Scanner::new(Some(device.to_owned()), extra).with_program(&program)
    }
}

fn order(way: PaperWay) -> Order {
    Order {
        way,
        dots: 75,
        shades: Shades::Gray,
        blanks: Blanks::Keep,
        ..Order::default()
    }
}

fn scan(scanner: &Scanner, order: Order) -> Result<Vec<Sheet>, ScanError> {
    scanner.scan(&order, &Stop::default(), &mut |_| {})
}

#[track_caller]
fn fault(extra: &[&str], expected: ScanError) {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let scanner = bench.scanner("test:0", extra);
    assert_eq!(scan(&scanner, order(PaperWay::Glass)), Err(expected));
}

#[test]
fn a_feeder_is_read_until_it_is_empty_with_progress() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let scanner = bench.scanner("test:0", &["--test-picture=Grid"]);
    let mut told: Vec<Progress> = Vec::new();
    let sheets = scanner
        .scan(&order(PaperWay::Feeder), &Stop::default(), &mut |one| {
            told.push(one);
        })
        .unwrap();
    // The backend's feeder holds ten sheets.
    assert_eq!(sheets.len(), 10);
    assert!(u16::try_from(sheets.len()).unwrap() < SHEETS_MAX);
    let first = sheets.first().unwrap();
    assert_eq!(first.pixels.len(), first.width * first.height);
    assert!(first.width > 500 && !first.is_blank(), "{first:?}");
    assert!(sheets.iter().all(|sheet| sheet == first));
    let begun: Vec<u16> = told
        .iter()
        .filter(|one| one.percent == 0)
        .map(|one| one.sheet)
        .collect();
    assert!((1..=10).all(|number| begun.contains(&number)), "{told:?}");
    assert!(told.iter().any(|one| one.percent > 50));
}

#[test]
fn colour_comes_as_three_bytes_a_pixel() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let colour = Order {
        shades: Shades::Colour,
        ..order(PaperWay::Glass)
    };
    let scanner = bench.scanner("test:0", &["--test-picture=Color pattern"]);
    let sheets = scan(&scanner, colour).unwrap();
    assert_eq!((sheets.len(), sheets.first().unwrap().channels), (1, 3));
}

#[test]
fn a_given_picture_comes_through_pixel_by_pixel() {
    let Some(bench) = Bench::set("pnm\n") else {
        return;
    };
    let pixels: Vec<u8> = (0..=255).cycle().take(320 * 200).collect();
    let file = bench.folder.path().join("page.pgm");
    let mut bytes = b"P5\n320 200\n255\n".to_vec();
    bytes.extend(&pixels);
    fs::write(&file, bytes).unwrap();
    let name = format!("--filename={}", file.display());
    let sheets = scan(
        &bench.scanner("pnm:0", &[&name]),
        order(PaperWay::Whichever),
    )
    .unwrap();
    let sheet = sheets.first().unwrap();
    assert_eq!((sheets.len(), sheet.width, sheet.height), (1, 320, 200));
    assert!(sheet.pixels == pixels, "another picture came");
}

#[test]
fn blank_sides_are_left_out_and_nothing_but_blanks_is_an_empty_scanner() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let order = Order {
        blanks: Blanks::Drop,
        ..order(PaperWay::Feeder)
    };
    let white = bench.scanner("test:0", &["--test-picture=Solid white"]);
    assert_eq!(scan(&white, order), Err(ScanError::Empty));
    let grid = bench.scanner("test:0", &["--test-picture=Grid"]);
    assert_eq!(scan(&grid, order).map(|sheets| sheets.len()), Ok(10));
}

#[test]
fn faults_of_the_scanner_are_told_apart() {
    fault(
        &["--read-return-value=SANE_STATUS_JAMMED"],
        ScanError::Jammed,
    );
    fault(
        &["--read-return-value=SANE_STATUS_NO_DOCS"],
        ScanError::Empty,
    );
    fault(
        &["--read-return-value=SANE_STATUS_COVER_OPEN"],
        ScanError::CoverOpen,
    );
    fault(
        &["--read-return-value=SANE_STATUS_DEVICE_BUSY"],
        ScanError::Busy,
    );
    fault(
        &["--read-return-value=SANE_STATUS_ACCESS_DENIED"],
        ScanError::Denied,
    );
    fault(
        &["--read-return-value=SANE_STATUS_IO_ERROR"],
        ScanError::Broken,
    );
    fault(
        &["--read-return-value=SANE_STATUS_CANCELLED"],
        ScanError::Stopped,
    );
    fault(&["--no-such-option=1"], ScanError::Refused);
}

/// SANE's own `test` backend hangs like this once in some hundred faults.
#[test]
fn a_driver_that_never_ends_after_a_fault_is_ended() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let program = bench.folder.path().join("scanimage-hanging");
    let script = format!(
        "#!/bin/sh\nfor one in \"$@\"; do case \"$one\" in --batch=*) \
         : > \"$(dirname \"${{one#--batch=}}\")/1.part\"; \
         echo 'scanimage: sane_start: Document feeder jammed' >&2; exec sleep 1000;; esac; done\n\
         SANE_CONFIG_DIR='{}' exec scanimage \"$@\"\n",
        bench.folder.path().display(),
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let scanner = Scanner::new(Some("test:0".to_owned()), Vec::new()).with_program(&program);
    assert_eq!(
        scan(&scanner, order(PaperWay::Glass)),
        Err(ScanError::Jammed)
    );
}

#[test]
fn no_scanner_and_no_program_are_said() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let gone = bench.scanner("nosuch:0", &[]);
    assert_eq!(
        scan(&gone, order(PaperWay::Glass)),
        Err(ScanError::NoScanner)
    );
    let none = Scanner::new(None, Vec::new()).with_program(Path::new("/nowhere/scanimage"));
    assert_eq!(
        scan(&none, order(PaperWay::Glass)),
        Err(ScanError::NotInstalled)
    );
}

#[test]
fn a_scanner_says_that_it_is_there_and_what_it_is() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let stop = Stop::default();
    let scanner = bench.scanner("test:0", &[]);
    assert_eq!(scanner.answers(&stop), Ok(()));
    assert_eq!(
        scanner.model(&stop).as_deref(),
        Some("Noname frontend-tester")
    );
    let gone = bench.scanner("nosuch:0", &[]);
    assert_eq!(gone.answers(&stop), Err(ScanError::NoScanner));
    assert_eq!(gone.model(&stop), None);
}

#[test]
fn a_person_stops_it_in_the_middle() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    let slow = [
        "--read-delay=yes",
        "--read-delay-duration=200000",
        "--read-limit=yes",
        "--read-limit-size=100",
    ];
    let scanner = bench.scanner("test:0", &slow);
    let stop = Stop::default();
    let wish = stop.clone();
    let scanned = scanner.scan(&order(PaperWay::Glass), &stop, &mut |_| wish.stop());
    assert_eq!(scanned, Err(ScanError::Stopped));
}

#[test]
fn no_byte_of_a_sheet_lies_on_a_disk() {
    let Some(bench) = Bench::set("test\n") else {
        return;
    };
    // The program lists its pipes' folder when the sheets are through, before it is removed.
    let listing = bench.folder.path().join("listing");
    let program = bench.folder.path().join("scanimage-watched");
    let script = format!(
        "#!/bin/sh\nSANE_CONFIG_DIR='{}' scanimage \"$@\"\nstatus=$?\n\
         for one in \"$@\"; do case \"$one\" in --batch=*) ls -lR \"$(dirname \"${{one#--batch=}}\")\" > '{}';; esac; done\nexit $status\n",
        bench.folder.path().display(),
        listing.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let scanner = Scanner::new(
        Some("test:0".to_owned()),
        vec!["--test-picture=Grid".to_owned()],
    )
    .with_program(&program);
    assert_eq!(scan(&scanner, order(PaperWay::Feeder)).unwrap().len(), 10);
    let listed = fs::read_to_string(&listing).unwrap();
    let kinds: Vec<char> = listed
        .lines()
        .filter(|line| line.contains("rw"))
        .filter_map(|line| line.chars().next())
        .collect();
    assert!(
        kinds.len() >= 10 && kinds.iter().all(|kind| *kind == 'p'),
        "{listed}"
    );
}

//! Pages at a real printer program, CUPS' own `ippeveprinter`: states, paper end, one page, taking back.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says what it misses and ends at a surprise"
)]

use std::time::Duration;

use device_sim::page_printer::{PagePrinterProcess, StartPagePrinterError};
use paper_devices::{
    JobState, PageCondition, PageJob, PagePrinter, PrintPagesError, Sides, test_page,
};

/// More questions than any job takes to come out; each is a call to the printer.
const QUESTIONS_MAX: u32 = 100_000;

/// `server-error-busy`.
const BUSY: PrintPagesError = PrintPagesError::Refused { status: 0x0507 };

struct Bench {
    process: PagePrinterProcess,
    ours: PagePrinter,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn set() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let process = match PagePrinterProcess::start(folder.path()) {
            Ok(process) => process,
            Err(StartPagePrinterError::NotInstalled(what)) => {
                eprintln!("skipped: {what} is not installed, run `make packages`");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let ours = PagePrinter::new(&process.address(), Duration::from_secs(20)).unwrap();
        Some(Self {
            process,
            ours,
            _folder: folder,
        })
    }

    fn submit(&self, how: &PageJob) -> u32 {
        let page = test_page(&["ippeveprinter"]);
        let mut tries =
            (0..QUESTIONS_MAX).map(|_| self.ours.submit(&page, "07-2-261121-0184-6", how));
        // It is busy for a moment after a job, and says so.
        let taken = tries.find(|taken| *taken != Err(BUSY)).unwrap();
        taken.unwrap().number.unwrap()
    }

    #[track_caller]
    fn until(&self, job: u32, wanted: JobState) {
        let reached = (0..QUESTIONS_MAX).any(|_| self.ours.job(job) == Ok(wanted));
        assert!(reached, "{wanted:?}");
    }
}

#[test]
fn pages_come_out_as_they_were_given_on_both_sides() {
    let Some(bench) = Bench::set() else { return };
    let identity = bench.ours.status().unwrap().identity;
    assert_eq!(identity.model.as_deref(), Some("Kakuu Laser 300"));
    let how = PageJob {
        sides: Sides::Both,
        copies: 2,
        ..PageJob::default()
    };
    let job = bench.submit(&how);
    bench.until(job, JobState::Done);
    let paper = bench.process.paper();
    let first = paper.first().unwrap();
    let printed = std::fs::read(first).unwrap();
    assert!(printed == test_page(&["ippeveprinter"]), "other bytes");
    let asked = bench.process.asked(first).unwrap();
    assert!(asked.contains("sides=two-sided-long-edge"), "{asked}");
    assert!(asked.contains("copies=2"), "{asked}");
}

#[test]
fn paper_end_and_jam_are_told_and_the_job_goes_on_afterwards() {
    let Some(mut bench) = Bench::set() else {
        return;
    };
    for (reason, condition) in [
        ("media-empty-error", PageCondition::PaperEnd),
        ("media-jam-error", PageCondition::Jam),
    ] {
        bench.process.stop(reason).unwrap();
        let job = bench.submit(&PageJob::default());
        let told =
            (0..QUESTIONS_MAX).any(|_| bench.ours.status().unwrap().conditions == [condition]);
        assert!(told, "{condition:?}");
        assert_eq!(bench.ours.job(job), Ok(JobState::Printing));
        bench.process.put_right().unwrap();
        bench.until(job, JobState::Done);
        assert_eq!(bench.ours.status().unwrap().conditions, []);
    }
    assert_eq!(bench.process.paper().len(), 2);
}

#[test]
fn a_printer_at_work_takes_no_second_job_and_knows_the_first_to_its_end() {
    let Some(mut bench) = Bench::set() else {
        return;
    };
    bench.process.stop("media-empty-error").unwrap();
    let first = bench.submit(&PageJob::default());
    bench.until(first, JobState::Printing);
    // Stopped, it takes no second job: the queue of the counter holds that one back.
    let page = test_page(&["second"]);
    let second = bench.ours.submit(&page, "second", &PageJob::default());
    assert_eq!(second, Err(BUSY));
    bench.process.put_right().unwrap();
    bench.until(first, JobState::Done);
    assert_eq!(bench.ours.cancel(first), Ok(()), "over is as good");
    assert_eq!(bench.ours.job(9_999), Ok(JobState::Forgotten));
    assert_eq!(bench.process.paper().len(), 1);
}

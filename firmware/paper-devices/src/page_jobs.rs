//! Jobs at a page printer: which one the pages became, where it stands, and taking it back
//! (RFC 8011, sections 4.2.1, 4.3.3 and 4.3.4).

use crate::attributes::{number, walk};
use crate::page_printer::{PagePrinter, PrintPagesError, asked_for, attribute, numbers};

/// What a printer is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Print pages.
    PrintJob,
    /// Take a job back.
    CancelJob,
    /// Say where a job stands.
    GetJobAttributes,
    /// Say how it is.
    GetPrinterAttributes,
}

impl Operation {
    /// RFC 8011, section 5.4.15.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::PrintJob => 0x02,
            Self::CancelJob => 0x08,
            Self::GetJobAttributes => 0x09,
            Self::GetPrinterAttributes => 0x0b,
        }
    }
}

/// `client-error-not-possible`: the job is over.
const NOT_POSSIBLE: u16 = 0x0404;
/// `client-error-not-found`, and `client-error-gone`.
const UNKNOWN: [u16; 2] = [0x0406, 0x0407];

/// A job that a printer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenJob {
    /// Its number there; `None` where the printer gives none, as simple ones do.
    pub number: Option<u32>,
    /// It comes out of the tray and on the sides that were asked for, as far as the printer says.
    pub as_asked: bool,
}

/// Where a job stands (RFC 8011, section 5.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Behind others.
    Waiting,
    /// Held until somebody releases it.
    Held,
    /// Being printed.
    Printing,
    /// Stopped in the middle: the printer says why.
    Stopped,
    /// Taken back.
    Cancelled,
    /// Given up by the printer.
    Failed,
    /// On paper.
    Done,
    /// The printer does not know it any more.
    Forgotten,
}

impl JobState {
    const fn of(state: u32) -> Option<Self> {
        Some(match state {
            3 => Self::Waiting,
            4 => Self::Held,
            5 => Self::Printing,
            6 => Self::Stopped,
            7 => Self::Cancelled,
            8 => Self::Failed,
            9 => Self::Done,
            _ => return None,
        })
    }
}

impl PagePrinter {
    /// Asks where a job stands.
    ///
    /// # Errors
    /// See [`PrintPagesError`].
    pub fn job(&self, number: u32) -> Result<JobState, PrintPagesError> {
        let mut request = self.about_job(Operation::GetJobAttributes, number);
        asked_for(&mut request, &["job-state"]);
        request.push(0x03);
        state(&self.post(&request, &[])?)
    }

    /// Takes a job back; one that is over already stays as it is.
    ///
    /// # Errors
    /// See [`PrintPagesError`].
    pub fn cancel(&self, number: u32) -> Result<(), PrintPagesError> {
        let mut request = self.about_job(Operation::CancelJob, number);
        request.push(0x03);
        match status(&self.post(&request, &[])?, &mut |_, _| {}) {
            Err(PrintPagesError::Refused { status })
                if status == NOT_POSSIBLE || UNKNOWN.contains(&status) =>
            {
                Ok(())
            }
            answered => answered.map(drop),
        }
    }

    fn about_job(&self, what: Operation, number: u32) -> Vec<u8> {
        let mut request = self.operation(what);
        numbers(&mut request, 0x21, "job-id", &[number]);
        attribute(&mut request, 0x42, "requesting-user-name", "todoke");
        request
    }
}

/// The status of an answer that is no refusal; 0x0001 when something asked for was left out.
fn status(answer: &[u8], take: &mut dyn FnMut(&str, &[u8])) -> Result<u16, PrintPagesError> {
    match walk(answer, take) {
        // Simple printers end an answer without its last byte.
        None if answer.len() < 8 => Err(PrintPagesError::NotIpp),
        None => match answer.get(2..4).and_then(|two| two.try_into().ok()) {
            Some(two) => checked(u16::from_be_bytes(two)),
            None => Err(PrintPagesError::NotIpp),
        },
        Some(status) => checked(status),
    }
}

const fn checked(status: u16) -> Result<u16, PrintPagesError> {
    if status < 0x0100 {
        Ok(status)
    } else {
        Err(PrintPagesError::Refused { status })
    }
}

/// What became of a `Print-Job`.
pub(crate) fn taken(answer: &[u8]) -> Result<TakenJob, PrintPagesError> {
    let mut job = None;
    let status = status(answer, &mut |name, value| {
        if name == "job-id" {
            job = number(value);
        }
    })?;
    Ok(TakenJob {
        number: job,
        as_asked: status != 0x0001,
    })
}

fn state(answer: &[u8]) -> Result<JobState, PrintPagesError> {
    let mut found = None;
    let said = status(answer, &mut |name, value| {
        if name == "job-state" {
            found = number(value).and_then(JobState::of);
        }
    });
    match said {
        Ok(_) => found.ok_or(PrintPagesError::NotIpp),
        Err(PrintPagesError::Refused { status }) if UNKNOWN.contains(&status) => {
            Ok(JobState::Forgotten)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer with one number in it.
    fn answer(status: u16, name: &str, value: u32) -> Vec<u8> {
        let mut bytes = vec![2, 0];
        bytes.extend(status.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0x02]);
        numbers(&mut bytes, 0x21, name, &[value]);
        bytes.push(0x03);
        bytes
    }

    #[test]
    fn job_is_known_by_its_number_and_what_was_left_out_is_told() {
        let job = |status| taken(&answer(status, "job-id", 42));
        let known = |as_asked| TakenJob {
            number: Some(42),
            as_asked,
        };
        assert_eq!(job(0x0000), Ok(known(true)));
        assert_eq!(job(0x0001), Ok(known(false)));
        let refused = PrintPagesError::Refused { status: 0x0507 };
        assert_eq!(job(0x0507), Err(refused));
    }

    #[test]
    fn every_state_of_the_standard_is_told() {
        let told = |value| state(&answer(0, "job-state", value));
        let states = [
            JobState::Waiting,
            JobState::Held,
            JobState::Printing,
            JobState::Stopped,
            JobState::Cancelled,
            JobState::Failed,
            JobState::Done,
        ];
        for (value, state) in (3..).zip(states) {
            assert_eq!(told(value), Ok(state));
        }
        assert_eq!(told(10), Err(PrintPagesError::NotIpp));
        let forgotten = state(&answer(0x0406, "job-state", 3));
        assert_eq!(forgotten, Ok(JobState::Forgotten));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_state_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let wrapped = [&[2, 0, 0, 0, 0, 0, 0, 1][..], &bytes].concat();
            for answer in [&bytes, &wrapped] {
                drop(state(answer));
                if let Ok(job) = taken(answer) {
                    prop_assert!(answer.len() >= 8, "{job:?}");
                }
            }
        }
    }
}

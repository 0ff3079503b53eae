//! What can go wrong with a card, as words of a script.

use std::time::Duration;

use thiserror::Error;

use super::SecretName;

/// What goes wrong from now on. Pulls, the failing first command and the empty answer happen once;
/// the ways of answering last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `pull-after N`: the card is lifted instead of answering the command after so many more.
    PullAfter(u32),
    /// `pull-at-byte N`: the card is lifted instead of handing out byte N of the data still to come.
    PullAtByte(u32),
    /// `lose-answer N`: after so many more commands one is done, but the card is lifted before it can
    /// answer: a try may be spent without anybody being told.
    LoseAnswer(u32),
    /// `first-fails`: the first command after the next power-up is answered `6F00`.
    FirstCommandFails,
    /// `empty-after N`: after so many more commands one is answered with nothing at all.
    EmptyAfter(u32),
    /// `short N`: answers carry at most so many bytes, with `9000`.
    ShortAnswers(usize),
    /// `pieces N`: answers come in pieces, fetched by GET RESPONSE (`61xx`).
    Pieces(usize),
    /// `wrong-length`: a read that asks for more than is left is answered `6Cxx`.
    WrongLength,
    /// `end-of-file`: a read that reaches the end of the file says `6282`.
    EndOfFile,
    /// `refuse-256`: a read of 256 bytes is answered `6700`.
    Refuse256,
    /// `slow MS`: each answer takes so long.
    Slow(Duration),
    /// `tries SECRET N`: so many tries are left; 0 is blocked.
    Tries(SecretName, u8),
}

/// A line that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown fault in line {line}")]
pub struct FaultParseError {
    /// Line of the script, from 1.
    pub line: usize,
}

impl Fault {
    /// Reads one line.
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(match words.as_slice() {
            ["pull-after", n] => Self::PullAfter(n.parse().ok()?),
            ["pull-at-byte", n] => Self::PullAtByte(n.parse().ok()?),
            ["lose-answer", n] => Self::LoseAnswer(n.parse().ok()?),
            ["first-fails"] => Self::FirstCommandFails,
            ["empty-after", n] => Self::EmptyAfter(n.parse().ok()?),
            ["short", n] => Self::ShortAnswers(n.parse().ok()?),
            ["pieces", n] => Self::Pieces(n.parse().ok()?),
            ["wrong-length"] => Self::WrongLength,
            ["end-of-file"] => Self::EndOfFile,
            ["refuse-256"] => Self::Refuse256,
            ["slow", ms] => Self::Slow(Duration::from_millis(ms.parse::<u16>().ok()?.into())),
            // Scripts older than the other secrets name only a number.
            ["tries", n] => Self::Tries(SecretName::Pin, n.parse().ok()?),
            ["tries", secret, n] => Self::Tries(SecretName::parse(secret)?, n.parse().ok()?),
            _ => return None,
        })
    }
}

/// Reads a script of faults: one a line, `#` begins a remark.
///
/// # Errors
/// Names the first line that is no fault.
pub fn fault_script(text: &str) -> Result<Vec<Fault>, FaultParseError> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            faults.push(Fault::parse(line).ok_or(FaultParseError { line: number + 1 })?);
        }
    }
    Ok(faults)
}

/// Faults that are arranged on a card.
#[derive(Debug, Clone, Default)]
pub(super) struct Arranged {
    pub(super) pull_after: Option<u32>,
    pub(super) pull_at_byte: Option<u32>,
    pub(super) lose_answer: Option<u32>,
    pub(super) first_fails: bool,
    pub(super) empty_after: Option<u32>,
    pub(super) short: Option<usize>,
    pub(super) pieces: Option<usize>,
    /// [`Fault::WrongLength`], [`Fault::EndOfFile`] and [`Fault::Refuse256`], as arranged.
    pub(super) reads: Vec<Fault>,
    pub(super) slow: Duration,
}

impl Arranged {
    /// Counts one command down; whether its turn has come.
    pub(super) fn is_due(counter: &mut Option<u32>) -> bool {
        match counter {
            Some(0) => {
                *counter = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    /// Counts bytes that leave the chip; whether it is lifted among them.
    pub(super) fn is_pulled_within(&mut self, length: usize) -> bool {
        let Some(left) = self.pull_at_byte else {
            return false;
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.pull_at_byte = left.checked_sub(length);
        if length > left {
            self.pull_at_byte = None;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_line_by_line() {
        let script =
            "# a bad day\npull-after 3\ntries pin1 1 # nearly blocked\n\nslow 40\nshort 7\n";
        assert_eq!(
            fault_script(script),
            Ok(vec![
                Fault::PullAfter(3),
                Fault::Tries(SecretName::Pin1, 1),
                Fault::Slow(Duration::from_millis(40)),
                Fault::ShortAnswers(7)
            ])
        );
        assert_eq!(
            fault_script("wrong-length\nmelt 3\n"),
            Err(FaultParseError { line: 2 })
        );
    }
}

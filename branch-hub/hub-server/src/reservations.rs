//! Reservations of the national portal and move-out certificate data: from files to two datasets.
//!
//! One line is one person; the lines of one number are one filing and are taken together or not at
//! all, so that nobody of a family is forgotten. What is published already is the pool an import
//! adds to: a higher revision replaces, a withdrawal leaves its number behind without anybody in it,
//! so that an older file read once more brings nothing back. The dataset is published in one
//! transaction when everything is read, so an aborted import changes nothing.
//!
//! Where people live is left out when somebody of the filing is on the protection list, or the file
//! says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use counter_characters::GaijiTable;
use counter_domain::prepared::{POOL_FORMAT, PoolHeader, Prepared, PreparedKind};
use counter_domain::protection::Digest;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::line_file::{EncodingChoice, LineFile, PROBLEMS_MAX, Problem};

mod filing;
mod move_out;
mod reservation;
#[cfg(test)]
mod tests;

use filing::{Filing, Form, Gathered, Standing};
pub(crate) use move_out::MoveOutColumn;
pub(crate) use reservation::ReservationColumn;

/// Strength of zstd.
const PACKING: i32 = 9;
/// Days a reservation stays after its visit and its move (`domain.md` D.14).
const RESERVATION_DAYS: i32 = 14;
/// Days certificate data stays after the planned move out: a move by card is possible until then
/// (住基令24条の3).
const MOVE_OUT_DAYS: i32 = 30;

/// What an import takes beside the file.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportOptions {
    /// Check the file and publish nothing
    #[arg(long)]
    pub(crate) check: bool,
    /// How the file is written
    #[arg(long, value_enum, default_value_t = EncodingChoice::Auto)]
    pub(crate) encoding: EncodingChoice,
    /// The system whose private characters the file has, as in `todoke-hub characters table`; without one `reservations` or `move-outs`, where such a table is published
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) characters: Option<String>,
}

/// What an import is made against.
pub(crate) struct Around<'a> {
    /// The city, as its addresses begin.
    pub(crate) city: &'a str,
    pub(crate) today: Date,
    /// What recognises people under protection.
    pub(crate) protected: &'a BTreeSet<Digest>,
    /// The private characters of the system that sends the file.
    pub(crate) gaiji: Option<Arc<GaijiTable>>,
}

/// What became of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Filings by what happened to them.
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) withdrawn: u64,
    /// Older than what is here.
    pub(crate) outdated: u64,
    /// Too old to be used; dropped.
    pub(crate) expired: u64,
    /// Whose addresses were left out.
    pub(crate) withheld: u64,
    /// Lines to correct.
    pub(crate) bad_lines: usize,
    /// Filings to be used now.
    pub(crate) valid: u64,
}

/// Everything prepared of one kind, by number.
#[derive(Debug, Default)]
pub(crate) struct Pool(BTreeMap<String, Prepared>);

impl Pool {
    /// Reads a published pool; an empty one before the first.
    ///
    /// # Errors
    /// When it is of a newer program or damaged.
    pub(crate) fn read(bytes: Option<&[u8]>) -> Result<Self> {
        let Some(bytes) = bytes else {
            return Ok(Self::default());
        };
        let text = String::from_utf8(zstd::decode_all(bytes)?)?;
        let mut lines = text.lines();
        let header: PoolHeader =
            serde_json::from_str(lines.next().unwrap_or_default()).context("no header")?;
        if header.format > POOL_FORMAT {
            bail!("the published data are of a newer program");
        }
        let entries = lines.map(serde_json::from_str::<Prepared>);
        let entries: Vec<Prepared> = entries.collect::<Result<_, _>>()?;
        Ok(Self(
            entries
                .into_iter()
                .map(|one| (one.number.clone(), one))
                .collect(),
        ))
    }

    /// The dataset. The same pool gives the same bytes.
    pub(crate) fn pack(&self, as_of: &str) -> Result<Vec<u8>> {
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), PACKING)?;
        let header = PoolHeader {
            format: POOL_FORMAT,
            as_of: as_of.to_owned(),
            entries: self.0.len() as u64,
        };
        serde_json::to_writer(&mut packer, &header)?;
        packer.write_all(b"\n")?;
        for entry in self.0.values() {
            serde_json::to_writer(&mut packer, entry)?;
            packer.write_all(b"\n")?;
        }
        Ok(packer.finish()?)
    }

    /// Filings that can be used.
    fn valid(&self) -> u64 {
        self.0.values().filter(|one| one.is_valid()).count() as u64
    }

    fn take(&mut self, filing: Filing, outcome: &mut Outcome) {
        let Filing {
            prepared,
            standing,
            replaces,
        } = filing;
        let number = prepared.number.clone();
        let here = self
            .0
            .get(&number)
            .map(|here| (here.revision, here.is_valid()));
        match here {
            // Withdrawn already.
            Some((revision, false))
                if revision == prepared.revision && standing == Standing::Withdrawn =>
            {
                return;
            }
            // What was withdrawn stays so when the same file is read once more.
            Some((revision, is_valid))
                if revision > prepared.revision || (revision == prepared.revision && !is_valid) =>
            {
                outcome.outdated += 1;
                return;
            }
            Some(_) | None => {}
        }
        if !replaces.is_empty() {
            let day = prepared.day.clone();
            let gone = Prepared::empty(prepared.kind, replaces.clone(), u32::MAX, day);
            let before = self.0.insert(replaces, gone);
            outcome.withdrawn += u64::from(before.is_some_and(|one| one.is_valid()));
        }
        match standing {
            Standing::Withdrawn => {
                self.0.insert(number, prepared);
                outcome.withdrawn += 1;
            }
            Standing::Valid => match self.0.insert(number, prepared.clone()) {
                None => outcome.new += 1,
                Some(before) if before != prepared => outcome.changed += 1,
                Some(_) => {}
            },
        }
    }

    /// Drops what is too old to be used.
    fn expire(&mut self, today: Date) -> u64 {
        let before = self.valid();
        self.0.retain(|_, one| !is_expired(one, today));
        before - self.valid()
    }

    /// Leaves out where protected people live, also of what was imported before the list said so.
    fn withhold(&mut self, protected: &BTreeSet<Digest>) -> u64 {
        let mut withheld = 0;
        for one in self.0.values_mut() {
            let is_protected = one
                .digests()
                .iter()
                .any(|digest| protected.contains(digest));
            if is_protected || one.place.is_none() {
                one.withhold();
                withheld += u64::from(one.is_valid());
            }
        }
        withheld
    }
}

fn is_expired(one: &Prepared, today: Date) -> bool {
    let day = |text: &str| text.parse::<Date>().ok();
    let (last, days) = match one.kind {
        PreparedKind::Reservation => (day(&one.day).max(day(&one.moving_on)), RESERVATION_DAYS),
        PreparedKind::MoveOut => (day(&one.day), MOVE_OUT_DAYS),
    };
    last.and_then(|last| last.checked_add(days.days()).ok())
        .is_some_and(|last| last < today)
}

/// Reads `file` into `pool`. Words for the operator go to `say`.
///
/// # Errors
/// When the file cannot be read or is of another layout; the pool is not to be published then.
pub(crate) fn import<C: Form>(
    file: &Path,
    options: &ImportOptions,
    pool: &mut Pool,
    around: &Around<'_>,
    say: &mut dyn Write,
) -> Result<Outcome> {
    let source = LineFile::<C>::open(file, options.encoding)?.with_gaiji(around.gaiji.as_ref());
    let mut gathered = Gathered::default();
    source.lines(say, &mut |line| {
        gathered.take(&source, line, around);
        if gathered.problems() >= PROBLEMS_MAX {
            bail!(
                "直す行が{PROBLEMS_MAX}行を超えました。文字コードか列が違うようです。何も変えていません"
            );
        }
        Ok(())
    })?;
    let (filings, problems, cautions) = gathered.finish();
    let mut outcome = Outcome {
        bad_lines: problems.len(),
        ..Outcome::default()
    };
    for filing in filings {
        pool.take(filing, &mut outcome);
    }
    outcome.expired = pool.expire(around.today);
    outcome.withheld = pool.withhold(around.protected);
    outcome.valid = pool.valid();
    tell(&outcome, &cautions, say)?;
    if !problems.is_empty() {
        source.report(&problems, say)?;
    }
    Ok(outcome)
}

fn tell(outcome: &Outcome, cautions: &[Problem], say: &mut dyn Write) -> Result<()> {
    let Outcome {
        new,
        changed,
        withdrawn,
        outdated,
        expired,
        withheld,
        bad_lines,
        valid,
    } = outcome;
    for caution in cautions {
        writeln!(say, "注意 {caution}")?;
    }
    writeln!(
        say,
        "新しい {new} 件、変わった {changed} 件、取り下げ・差し替え {withdrawn} 件、もう新しいものがある {outdated} 件、期限切れ {expired} 件、直す行 {bad_lines} 行"
    )?;
    if *withheld > 0 {
        writeln!(say, "支援措置のため住所を載せないもの {withheld} 件")?;
    }
    writeln!(say, "使えるもの {valid} 件")?;
    Ok(())
}

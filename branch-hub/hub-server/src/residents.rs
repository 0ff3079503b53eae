//! The resident copy (住民記録の副本): from files of the resident record system to datasets.
//!
//! A whole file makes the register (`hub_store::ResidentRegister`) anew and publishes everybody; a
//! difference changes the register and publishes what changed since the published copy. Either way
//! the protection list goes first, and the address of anybody who lives with a protected person
//! never leaves head office. Nothing is in force before everything is read: an aborted import
//! leaves register and datasets as they were.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use counter_characters::GaijiTable;
use counter_domain::protection::{PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList};
use counter_domain::resident::{
    CHANGES_FORMAT, COPY_FORMAT, ChangesHeader, CopyHeader, RESIDENT_CHANGES, RESIDENT_COPY,
    Resident,
};
use hub_store::{Difference, NewRegister, RegisterAbout, Registered, ResidentRegister};
use replica::{DatabaseKey, StoreError};

use crate::line_file::{EncodingChoice, Fields, LineFile, Place, Problem, Wrong};

mod bad;
mod columns;
mod layouts;
mod line;
#[cfg(test)]
mod tests;

use bad::BadLines;
use columns::Column;
use line::{Change, Said};

/// Strength of zstd: stronger ones cost minutes and save a tenth.
const PACKING: i32 = 6;
/// A new copy is published when more than one of so many people changed since the last.
const CHANGED_SHARE: u64 = 20;

/// How a file of residents is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct CopyOptions {
    /// resident-copy: check the file and publish nothing
    #[arg(long)]
    dry_run: bool,
    /// resident-copy: publish the good lines although there are bad ones
    #[arg(long)]
    accept_errors: bool,
    /// resident-copy: how the file is written
    #[arg(long, value_enum, default_value_t = EncodingChoice::Auto)]
    encoding: EncodingChoice,
    /// resident-copy: how the file is laid out: todoke-csv, todoke-fixed, standard-list, or a layout file
    #[arg(long, value_name = "LAYOUT", default_value = layouts::CSV)]
    layout: String,
    /// resident-copy: the day the resident record system wrote the file, YYYY-MM-DD; today otherwise
    #[arg(long, value_name = "DAY")]
    as_of: Option<jiff::civil::Date>,
}

/// Where the residents are kept, and of which city they are.
pub(crate) struct Registry<'a> {
    /// The register's file.
    pub(crate) path: &'a Path,
    /// The database's key.
    pub(crate) key: &'a DatabaseKey,
    /// The city, as its addresses begin.
    pub(crate) city: &'a str,
    /// The day, when the operator does not tell another, ISO 8601.
    pub(crate) today: &'a str,
    /// Hash of the published copy.
    pub(crate) published: Option<[u8; 32]>,
    /// The private characters of the resident record system, where the city has a table of them.
    pub(crate) gaiji: Option<Arc<GaijiTable>>,
}

/// Publishes a dataset by name.
pub(crate) type Publish<'a> = &'a mut dyn FnMut(&str, &[u8]) -> Result<()>;

/// Reads a whole file and publishes it. Words for the operator go to `say`.
///
/// # Errors
/// When the file cannot be read, is of another layout, or has bad lines that were not accepted;
/// they are in two files beside it then.
pub(crate) fn import_whole(
    file: &Path,
    options: &CopyOptions,
    registry: &Registry<'_>,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    let source = open(file, options)?.with_gaiji(registry.gaiji.as_ref());
    // A fixed-width layout has it in every file.
    if matches!(source.layout.place(Column::Change), Some(Place::Column(_))) {
        bail!("異動区分の列があります。差分なら --difference を付け、全件なら列を除いてください");
    }
    let register = NewRegister::beside(registry.path, registry.key)?;
    let as_of = as_of(options, registry);
    match read_whole(&source, &register, options, say) {
        Ok(persons) if !options.dry_run => {
            let header = CopyHeader {
                format: COPY_FORMAT,
                city: registry.city.to_owned(),
                as_of: as_of.clone(),
                persons,
            };
            let copy = packed_copy(&header, |each| register.each_published(each))?;
            publish(PROTECTION, &protection(&as_of, register.protected()?)?)?;
            publish(RESIDENT_COPY, &copy)?;
            register.finish(&RegisterAbout {
                copy: *blake3::hash(&copy).as_bytes(),
                as_of,
                city: registry.city.to_owned(),
            })?;
            Ok(())
        }
        Ok(_) => {
            writeln!(say, "確かめただけで、公開していません")?;
            Ok(register.give_up()?)
        }
        Err(error) => {
            register.give_up()?;
            Err(error)
        }
    }
}

fn open(file: &Path, options: &CopyOptions) -> Result<LineFile<Column>> {
    let layout = layouts::layout(&options.layout)?;
    LineFile::open_as(file, options.encoding, &layout)
}

fn as_of(options: &CopyOptions, registry: &Registry<'_>) -> String {
    options
        .as_of
        .map_or_else(|| registry.today.to_owned(), |day| day.to_string())
}

/// Puts everybody into the register; returns how many.
fn read_whole(
    source: &LineFile<Column>,
    register: &NewRegister,
    options: &CopyOptions,
    say: &mut dyn Write,
) -> Result<u64> {
    let mut bad = BadLines::default();
    let mut seen = Seen::default();
    let (mut persons, mut protected) = (0_u64, 0_u64);
    source.lines(say, &mut |line| {
        let read = source.fields(line).and_then(|fields| {
            let person = line::person(&fields)?;
            seen.first(&fields, &person.resident.person_no)?;
            Ok(person)
        });
        match read {
            Ok(person) => {
                persons += 1;
                protected += u64::from(person.protected_until.is_some());
                Ok(register.put(&person)?)
            }
            Err(problem) => bad.add(source, line, problem),
        }
    })?;
    writeln!(
        say,
        "{persons} 人（うち支援措置 {protected} 人）、直す行 {} 行",
        bad.count()
    )?;
    bad.report(source, options.accept_errors, say)?;
    if persons == 0 {
        bail!("読めた人が一人もいません。公開していません");
    }
    register.settle()?;
    Ok(persons)
}

/// Lines by the number of their person.
#[derive(Default)]
struct Seen(HashMap<Box<str>, u64>);

impl Seen {
    /// Refuses a person who stands twice.
    fn first(&mut self, fields: &Fields<'_, Column>, person_no: &str) -> Result<(), Problem> {
        if let Some(first) = self.0.get(person_no) {
            let twice = Wrong::Twice {
                key: "宛名番号",
                one: "一人",
                first: *first,
            };
            return Err(fields.problem(Column::PersonNo, twice));
        }
        self.0.insert(person_no.into(), fields.line);
        Ok(())
    }
}

/// What the lines of a file say that is not of everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// What happened to somebody (異動区分).
    Changes,
    /// How somebody is: lines of a whole file that were left out and are corrected now.
    Corrected,
}

/// Reads a difference and publishes what changed. Words for the operator go to `say`.
///
/// # Errors
/// As [`import_whole`]; or when there is no whole copy the difference could follow.
pub(crate) fn import_difference(
    file: &Path,
    options: &CopyOptions,
    registry: &Registry<'_>,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    import_lines(Lines::Changes, file, options, registry, publish, say)
}

/// Reads the lines of a whole file that were left out and are corrected now, and publishes them.
///
/// # Errors
/// As [`import_difference`].
pub(crate) fn import_corrected(
    file: &Path,
    options: &CopyOptions,
    registry: &Registry<'_>,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    import_lines(Lines::Corrected, file, options, registry, publish, say)
}

fn import_lines(
    lines: Lines,
    file: &Path,
    options: &CopyOptions,
    registry: &Registry<'_>,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    let source = open(file, options)?.with_gaiji(registry.gaiji.as_ref());
    match (lines, source.layout.place(Column::Change)) {
        (Lines::Changes, None) => bail!(
            "異動区分（change）の列がありません。全件なら --difference を外してください。全件から外した行を直したものなら --corrected を付けてください"
        ),
        (Lines::Corrected, Some(Place::Column(_))) => {
            bail!("異動区分の列があります。--corrected でなく --difference を付けてください")
        }
        (Lines::Changes, Some(_)) | (Lines::Corrected, _) => {}
    }
    let mut register = followed(registry)?;
    // Corrected lines are of the day of the file they were left out of.
    let as_of = match (lines, options.as_of) {
        (Lines::Corrected, None) => register.about().as_of.clone(),
        (Lines::Corrected, Some(_)) | (Lines::Changes, _) => as_of(options, registry),
    };
    if as_of < register.about().as_of {
        bail!(
            "この差分は{as_of}のもので、取り込み済みの{}より古いです。新しい差分か全件を取り込んでください",
            register.about().as_of
        );
    }
    let mut difference = register.begin()?;
    read_difference(lines, &source, &mut difference, options, say)?;
    if options.dry_run {
        writeln!(say, "確かめただけで、公開していません")?;
        return Ok(());
    }
    difference.commit(&as_of)?;
    publish_changes(&mut register, publish, say)
}

/// The register, if differences can follow what is published.
fn followed(registry: &Registry<'_>) -> Result<ResidentRegister> {
    let register = ResidentRegister::open(registry.path, registry.key)
        .context("住民記録の控えが読めません。全件を取り込み直してください")?
        .context("全件がまだ取り込まれていません。先に全件を取り込んでください")?;
    if registry.published != Some(register.about().copy) {
        bail!("公開されている副本が、控えと違います。全件を取り込み直してください");
    }
    Ok(register)
}

/// What a difference did.
#[derive(Debug, Default)]
struct Counts {
    added: u64,
    altered: u64,
    removed: u64,
    unknown: u64,
    protection_begun: u64,
    protection_ended: u64,
}

fn read_difference(
    lines: Lines,
    source: &LineFile<Column>,
    difference: &mut Difference<'_>,
    options: &CopyOptions,
    say: &mut dyn Write,
) -> Result<()> {
    let mut bad = BadLines::default();
    let mut seen = Seen::default();
    let mut counts = Counts::default();
    source.lines(say, &mut |line| {
        let said = source.fields(line).and_then(|fields| {
            let said = match lines {
                Lines::Changes => line::change(&fields)?,
                Lines::Corrected => line::corrected(&fields)?,
            };
            seen.first(&fields, said.person_no())?;
            Ok((fields, said))
        });
        let followed = match said {
            Ok((fields, said)) => follow(difference, &fields, said, &mut counts)?,
            Err(problem) => Err(problem),
        };
        match followed {
            Ok(()) => Ok(()),
            Err(problem) => bad.add(source, line, problem),
        }
    })?;
    writeln!(
        say,
        "追加 {} 人、修正 {} 人、削除 {} 人（うち副本にいない人 {} 人）、直す行 {} 行",
        counts.added,
        counts.altered,
        counts.removed,
        counts.unknown,
        bad.count()
    )?;
    writeln!(
        say,
        "支援措置の始まり {} 人、終わり {} 人",
        counts.protection_begun, counts.protection_ended
    )?;
    bad.report(source, options.accept_errors, say)
}

/// Follows one line; a problem when it does not fit what is there.
fn follow(
    difference: &mut Difference<'_>,
    fields: &Fields<'_, Column>,
    said: Said,
    counts: &mut Counts,
) -> Result<Result<(), Problem>> {
    let unfit = |advice| Ok(Err(fields.problem(Column::Change, Wrong::Said(advice))));
    let (change, person) = match said {
        Said::IsGone(person_no) => {
            counts.removed += 1;
            counts.unknown += u64::from(!difference.remove(&person_no)?);
            return Ok(Ok(()));
        }
        Said::Is(change, person) => (change, person),
    };
    let before = difference.person(&person.resident.person_no)?;
    match (change, &before) {
        // The same file a second time changes nothing.
        (Change::Add | Change::Put, Some(before)) if *before == *person => return Ok(Ok(())),
        (Change::Add, Some(_)) => {
            return unfit(
                "追加ですが、同じ宛名番号の人がもう副本にいます。修正（2）にしてください",
            );
        }
        (Change::Alter, None) => {
            return unfit(
                "修正ですが、副本にいない人です。前の差分が抜けていないか確かめ、新しい人なら追加（1）にしてください",
            );
        }
        (Change::Add | Change::Put, None) => counts.added += 1,
        (Change::Alter | Change::Remove | Change::Put, _) => counts.altered += 1,
    }
    count_protection(before.as_ref(), &person, counts);
    difference.put(&person)?;
    Ok(Ok(()))
}

fn count_protection(before: Option<&Registered>, now: &Registered, counts: &mut Counts) {
    let was = before.is_some_and(|before| before.protected_until.is_some());
    match (was, now.protected_until.is_some()) {
        (false, true) => counts.protection_begun += 1,
        (true, false) => counts.protection_ended += 1,
        (true, true) | (false, false) => {}
    }
}

/// Publishes what changed since the published copy; when that is much, everybody.
pub(crate) fn publish_changes(
    register: &mut ResidentRegister,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    let RegisterAbout { as_of, city, copy } = register.about().clone();
    publish(PROTECTION, &protection(&as_of, register.protected()?)?)?;
    let persons = register.persons()?;
    let (put, removed) = register.change_counts()?;
    if put + removed > persons / CHANGED_SHARE {
        writeln!(say, "変更が多いので、全件を配ります")?;
        let header = CopyHeader {
            format: COPY_FORMAT,
            city,
            as_of,
            persons,
        };
        let copy = packed_copy(&header, |each| register.each_published(each))?;
        publish(RESIDENT_COPY, &copy)?;
        return Ok(register.published(*blake3::hash(&copy).as_bytes())?);
    }
    let header = ChangesHeader {
        format: CHANGES_FORMAT,
        copy: blake3::Hash::from_bytes(copy).to_hex().to_string(),
        as_of,
        put,
        removed,
    };
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), PACKING)?;
    write_line(&mut packer, &header)?;
    register.each_change(|change| write_line(&mut packer, change))?;
    publish(RESIDENT_CHANGES, &packer.finish()?)
}

/// Opens the register to publish from it again, after an import that was cut off.
///
/// # Errors
/// When there is none, or it does not follow what is published.
pub(crate) fn publish_again(
    registry: &Registry<'_>,
    publish: Publish<'_>,
    say: &mut dyn Write,
) -> Result<()> {
    publish_changes(&mut followed(registry)?, publish, say)
}

fn protection(as_of: &str, persons: Vec<ProtectedPerson>) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: as_of.to_owned(),
        persons,
    })?)
}

/// Writes a dataset of everybody that `each` gives.
fn packed_copy(
    header: &CopyHeader,
    each: impl FnOnce(&mut dyn FnMut(&Resident) -> Result<(), WriteError>) -> Result<(), WriteError>,
) -> Result<Vec<u8>> {
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), PACKING)?;
    write_line(&mut packer, header)?;
    each(&mut |resident| write_line(&mut packer, resident))?;
    Ok(packer.finish()?)
}

/// Why a dataset was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the dataset cannot be packed")]
    Pack(#[from] std::io::Error),
    #[error("the dataset cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

fn write_line(out: &mut impl Write, value: &impl serde::Serialize) -> Result<(), WriteError> {
    serde_json::to_writer(&mut *out, value)?;
    Ok(out.write_all(b"\n")?)
}

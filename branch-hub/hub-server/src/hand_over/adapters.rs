//! The adapters of this city (`DATA/adapters/NAME.toml`) and the rows they are given.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counter_domain::draft::FieldValue;
use handover_adapters::{Adapter, Columns, Fault, Filled, Names, Record, Rows};

use super::encode::Sheet;
use super::row::{self, HandOverCase, Row};
use super::{certificates, is_procedure_request, is_request, procedures, request_rows, rows};

/// Layout of the answers, when it is not our own; no adapter.
pub(crate) const ANSWERS: &str = "answers";
/// Endings of the files every export has; no adapter may be called so.
const TAKEN: [&str; 7] = [
    ANSWERS,
    "sjis",
    "certificates",
    "procedures",
    "unrepresentable",
    "replaced",
    "unfit",
];
/// Examples for a city to copy: name, text.
pub(crate) const SAMPLES: [(&str, &str); 2] = [
    (
        "resident-system-fixed",
        include_str!("../../../handover-adapters/adapters/resident-system-fixed.toml"),
    ),
    (
        "rpa-procedures",
        include_str!("../../../handover-adapters/adapters/rpa-procedures.toml"),
    ),
];

/// The adapters in use.
#[derive(Debug, Default)]
pub(crate) struct Adapters {
    /// By name.
    pub(crate) usable: BTreeMap<String, Adapter>,
    /// Those somebody damaged, with what to put right.
    pub(crate) broken: BTreeMap<String, Vec<Fault>>,
}

/// Where the adapters are: beside the hand-over files.
pub(crate) fn folder_of(hand_over: &Path) -> PathBuf {
    hand_over.with_file_name("adapters")
}

/// The documented columns an adapter may take from.
pub(crate) fn columns() -> Columns {
    Columns::default()
        .with(Rows::Persons, &row::COLUMNS)
        .with(Rows::Certificates, &certificates::COLUMNS)
        .with(Rows::Procedures, &procedures::COLUMNS)
}

/// Whether a text can be an adapter's name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(plain) && !TAKEN.contains(&name)
}

impl Adapters {
    /// Reads the adapters of a folder; none when there is no folder.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut adapters = Self::default();
        let Ok(entries) = fs::read_dir(folder) else {
            return Ok(adapters);
        };
        for entry in entries {
            let file = entry?.path();
            let name = file.file_stem().and_then(|name| name.to_str());
            let is_toml = file.extension().is_some_and(|ending| ending == "toml");
            let Some(name) = name.filter(|name| is_toml && is_name(name)) else {
                continue;
            };
            let text = fs::read_to_string(&file)
                .with_context(|| format!("the adapter {name} cannot be read"))?;
            match Adapter::read(&text, &columns()) {
                Ok(adapter) => drop(adapters.usable.insert(name.to_owned(), adapter)),
                Err(faults) => drop(adapters.broken.insert(name.to_owned(), faults)),
            }
        }
        Ok(adapters)
    }

    /// Lays the cases out by every adapter that wants one of them: name of the file behind the
    /// export's, and bytes.
    ///
    /// # Errors
    /// When memory ends.
    pub(crate) fn files(
        &self,
        cases: &[HandOverCase],
        names: Names<'_>,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for (name, adapter) in &self.usable {
            let records = records(cases, adapter.rows());
            if !records.iter().any(|record| adapter.wants(record)) {
                continue;
            }
            let Filled {
                bytes,
                unfit,
                replaced,
                ..
            } = adapter.fill(&records, names)?;
            files.extend(unfit.map(|list| (format!("{name}.unfit.csv"), list)));
            files.extend(replaced.map(|list| (format!("{name}.replaced.csv"), list)));
            files.push((format!("{name}.{}", adapter.ending()), bytes));
        }
        Ok(files)
    }
}

/// Puts an adapter into use, after it was checked.
///
/// # Errors
/// When its name is none, it has mistakes (all are told), or nothing can be written.
pub(crate) fn add(folder: &Path, file: &Path) -> Result<String> {
    let name = file.file_stem().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    if !is_name(name) {
        bail!("アダプターの名前（ファイル名）は、英小文字・数字・- で40字までにしてください");
    }
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    check(&text)?;
    fs::create_dir_all(folder).context("cannot make the folder of the adapters")?;
    let beside = folder.join(format!(".{name}.part"));
    fs::write(&beside, text)?;
    fs::rename(&beside, folder.join(format!("{name}.toml")))?;
    Ok(name.to_owned())
}

/// Checks the text of an adapter.
///
/// # Errors
/// Every mistake on a line of its own.
pub(crate) fn check(text: &str) -> Result<Adapter> {
    Adapter::read(text, &columns()).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// The rows of cases of one kind.
fn records(cases: &[HandOverCase], wanted: Rows) -> Vec<Record> {
    let of = |case: &HandOverCase| {
        let (sheet, own) = match wanted {
            Rows::Persons if !is_request(case) && !is_procedure_request(case) => {
                (Sheet::Persons, rows(case))
            }
            Rows::Certificates if is_request(case) => (Sheet::Certificates, request_rows(case)),
            // What was listed beside a change goes to the other sections too.
            Rows::Procedures => (Sheet::Procedures, procedures::procedure_rows(case)),
            Rows::Persons | Rows::Certificates => (Sheet::Persons, Vec::new()),
        };
        let own = own.into_iter();
        own.map(|row| record(case, sheet, row)).collect::<Vec<_>>()
    };
    cases.iter().flat_map(of).collect()
}

fn record(case: &HandOverCase, sheet: Sheet, row: Row) -> Record {
    let cells: BTreeMap<&'static str, String> =
        sheet.columns().iter().copied().zip(row.cells).collect();
    let said = |name: &str| cells.get(name).cloned().unwrap_or_default();
    let fields = case.snapshot.fields.iter().filter_map(|(path, field)| {
        let text = match &field.value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Flag(flag) => flag.to_string(),
            FieldValue::Count(count) => count.to_string(),
            FieldValue::Unknown | FieldValue::Cleared => return None,
        };
        Some((path.as_str().to_owned(), text))
    });
    Record {
        key: row.key,
        receipt_number: row.receipt_number,
        number: row.member,
        member: said("member_number").parse().unwrap_or(1),
        event: row::text(&case.snapshot, "event.type"),
        procedure: said("procedure"),
        fields: fields.collect(),
        cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_can_be_used_as_it_is() {
        for (name, text) in SAMPLES {
            assert!(is_name(name));
            let adapter = check(text);
            assert!(adapter.is_ok(), "{name}: {:?}", adapter.err());
        }
    }

    #[test]
    fn names_of_files_every_export_has_are_not_an_adapter_s() {
        for name in ["sjis", "answers", "", "../x", "Core", "a.b"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("core-2"));
    }

    #[test]
    fn adapter_with_mistakes_is_not_put_into_use() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("core.toml");
        let (_, sample) = SAMPLES[0];
        fs::write(
            &file,
            sample.replace("\"receipt_number\"", "\"receit_number\""),
        )
        .unwrap();
        let folder = scratch.path().join("adapters");
        let told = add(&folder, &file).unwrap_err().to_string();
        assert!(
            told.contains("「receit_number」を知りません") && told.contains("行目"),
            "{told}"
        );
        assert!(!folder.exists());
        fs::write(&file, sample).unwrap();
        assert_eq!(add(&folder, &file).unwrap(), "core");
        let adapters = Adapters::load(&folder).unwrap();
        assert!(adapters.usable.contains_key("core") && adapters.broken.is_empty());
    }
}

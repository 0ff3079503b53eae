//! `todoke-hub handover`: what leaves for other systems, and what comes back.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use counter_domain::ids::StaffId;
use hub_store::{Actor, HubStore};
use serde_json::json;

use super::{Data, day, report};
use crate::clock::{Clock, in_japan};
use crate::desk::labels;
use crate::export;
use crate::folder::{Folder, Passphrase};
use crate::hand_over::adapters::{self, Adapters, SAMPLES};
use crate::hand_over::answers::{self, Outcome, Reading};
use crate::line_file::{EncodingChoice, LayoutFile};

#[derive(Debug, Subcommand)]
pub(super) enum HandoverCommand {
    /// Write every accepted case not yet handed over into DATA/handover, also by every adapter of the city
    Export {
        #[command(flatten)]
        data: Data,
        /// Only cases accepted on this day or later, YYYY-MM-DD
        #[arg(long, value_name = "DAY", value_parser = day)]
        since: Option<String>,
        /// Staff id of a reviewer or approver, noted in the cases; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write the cases of an earlier file again, with the same keys, for example after an adapter was changed
    Again {
        #[command(flatten)]
        data: Data,
        /// Name of the file in DATA/handover that ends in .csv, as the cases name it
        file: String,
        /// Staff id, noted in the log; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
    },
    /// Take the answers of the resident record system: which cases it took, which it refused and why; exit status 1 when a line has to be corrected (nothing is taken then)
    Answers {
        #[command(flatten)]
        data: Data,
        /// The file
        file: PathBuf,
        /// How it is laid out; otherwise DATA/adapters/answers.toml, or our own headings
        #[arg(long, value_name = "FILE")]
        layout: Option<PathBuf>,
        /// How it is written
        #[arg(long, value_enum, default_value_t = EncodingChoice::Auto)]
        encoding: EncodingChoice,
        /// Read it and take nothing
        #[arg(long)]
        check: bool,
        /// Staff id, noted in the cases; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
    },
    /// List what nobody answered, what was refused, and what does not fit what was handed over
    Mismatches {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Adapters: files for other systems, laid out as they want them
    #[command(subcommand)]
    Adapter(AdapterCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum AdapterCommand {
    /// List the adapters in use
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Check an adapter: every mistake with line and column, exit status 1 when there is one
    Check {
        /// The file
        file: PathBuf,
    },
    /// Check an adapter and put it into use; its file name is its name
    Add {
        #[command(flatten)]
        data: Data,
        /// The file, for example resident-system.toml
        file: PathBuf,
    },
    /// Stop using an adapter
    Remove {
        #[command(flatten)]
        data: Data,
        /// Its name
        name: String,
    },
    /// Print an example to copy: resident-system-fixed, rpa-procedures
    Sample {
        /// Its name
        name: String,
    },
}

fn actor(by: Option<String>) -> Actor {
    by.map_or(Actor::System, |id| Actor::Staff(StaffId(id)))
}

fn opened(data: &Data) -> Result<Folder> {
    Folder::open(&data.folder, Passphrase::of_the_environment())
}

impl HandoverCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Export {
                data,
                since,
                by,
                json,
            } => {
                let folder = opened(&data)?;
                report::hand_over(&folder, clock, since.as_deref(), &actor(by), json, out)?;
                told_broken(&Adapters::load(&folder.adapters())?)
            }
            Self::Again { data, file, by } => again(&opened(&data)?, clock, &file, &actor(by), out),
            Self::Answers {
                data,
                file,
                layout,
                encoding,
                check,
                by,
            } => {
                let folder = opened(&data)?;
                let layout = match layout {
                    Some(path) => {
                        let text = std::fs::read_to_string(&path)
                            .with_context(|| format!("cannot read {}", path.display()))?;
                        Some(LayoutFile::parse(&text)?)
                    }
                    None => answers::layout_in(&folder.adapters())?,
                };
                let reading = Reading {
                    layout: layout.as_ref(),
                    encoding,
                    check,
                };
                let mut store = folder.store(clock)?;
                let done = answers::take(&mut store, &actor(by), &file, &reading, out)?;
                told(&done, check, out)
            }
            Self::Mismatches { data, json } => mismatches(&opened(&data)?.store(clock)?, json, out),
            Self::Adapter(command) => command.run(out),
        }
    }
}

/// An adapter that somebody damaged is no reason to hold the other files back, but is said.
fn told_broken(adapters: &Adapters) -> Result<()> {
    if adapters.broken.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = adapters.broken.keys().map(String::as_str).collect();
    bail!(
        "まちがいのあるアダプターは使っていません：{}。todoke-hub handover adapter check に、そのファイルを指定すると、直すところが分かります",
        names.join("、")
    );
}

fn again(
    folder: &Folder,
    clock: &Clock,
    file: &str,
    by: &Actor,
    out: &mut impl Write,
) -> Result<()> {
    let mut store = folder.store(clock)?;
    let cases = store.handed_over_in(file)?;
    let written = export::write_again(&mut store, by, &folder.hand_over(), clock.unix_ms(), cases)?;
    let Some(written) = written else {
        bail!(
            "{file} という引き継ぎファイルに載った届出がありません。{} にある .csv の名前を、そのまま指定してください",
            folder.hand_over().display()
        );
    };
    writeln!(out, "{}", folder.hand_over().join(written).display())?;
    Ok(())
}

fn told(done: &Outcome, check: bool, out: &mut impl Write) -> Result<()> {
    for problem in &done.problems {
        writeln!(out, "{problem}")?;
    }
    if !done.problems.is_empty() {
        bail!(
            "{} 行を直してください。1件も取り込んでいません",
            done.problems.len()
        );
    }
    if check {
        writeln!(
            out,
            "すべての行が読めます。確かめただけで、取り込んでいません"
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "取り込まれた届出 {} 件、受け取られなかった届出 {} 件、前に読んだもの {} 件、合わないところ {} か所",
        done.noted.saturating_sub(done.refused),
        done.refused,
        done.known,
        done.listed
    )?;
    if done.refused + done.listed > 0 {
        writeln!(
            out,
            "todoke-hub handover mismatches か、審査の画面の「引き継ぎの結果」で確かめてください"
        )?;
    }
    Ok(())
}

fn mismatches(store: &HubStore, as_json: bool, out: &mut impl Write) -> Result<()> {
    let unanswered = store.unanswered()?;
    let refused = store.core_refused()?;
    let unfitting = store.mismatches()?;
    let moment = |unix_ms: u64| in_japan(unix_ms, "%Y-%m-%dT%H:%M:%S+09:00");
    if as_json {
        let unanswered: Vec<_> = unanswered
            .iter()
            .map(|(row, written)| json!({"case": row.case, "receipt_number": row.receipt_number, "written": moment(*written)}))
            .collect();
        let refused: Vec<_> = refused
            .iter()
            .map(|(row, reason)| json!({"case": row.case, "receipt_number": row.receipt_number, "reason": reason}))
            .collect();
        let unfitting: Vec<_> = unfitting
            .iter()
            .map(|one| {
                json!({
                    "id": one.id, "case": one.case, "version": one.version, "kind": one.kind,
                    "item": one.item, "line": one.line, "found": moment(one.found_unix_ms),
                })
            })
            .collect();
        let all = json!({"unanswered": unanswered, "refused": refused, "unfitting": unfitting});
        writeln!(out, "{all}")?;
        return Ok(());
    }
    for (row, written) in &unanswered {
        writeln!(
            out,
            "まだ結果がない\t{}\t{} に渡した",
            row.receipt_number,
            in_japan(*written, "%-m月%-d日 %H:%M")
        )?;
    }
    for (row, reason) in &refused {
        writeln!(out, "受け取られなかった\t{}\t{reason}", row.receipt_number)?;
    }
    for one in &unfitting {
        let day = in_japan(one.found_unix_ms, "%-m月%-d日");
        let kind = labels::mismatch(one.kind);
        writeln!(
            out,
            "{kind}\t{}\t{day}のファイルの{}行目",
            one.item, one.line
        )?;
    }
    let count = unanswered.len() + refused.len() + unfitting.len();
    writeln!(out, "{count} 件を確かめてください")?;
    Ok(())
}

impl AdapterCommand {
    fn run(self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::List { data } => {
                let adapters = Adapters::load(&opened(&data)?.adapters())?;
                if adapters.usable.is_empty() {
                    writeln!(out, "使っているアダプターはありません")?;
                }
                for (name, adapter) in &adapters.usable {
                    writeln!(out, "{name}\t{}", adapter.title())?;
                }
                told_broken(&adapters)
            }
            Self::Check { file } => {
                let adapter = adapters::check(&read(&file)?)?;
                writeln!(out, "「{}」は使えます", adapter.title())?;
                Ok(())
            }
            Self::Add { data, file } => {
                let name = adapters::add(&opened(&data)?.adapters(), &file)?;
                writeln!(
                    out,
                    "{name} を使います。次に書き出すときからファイルができます"
                )?;
                Ok(())
            }
            Self::Remove { data, name } => {
                if !adapters::is_name(&name) {
                    bail!(
                        "{name} というアダプターはありません。handover adapter list で名前が分かります"
                    );
                }
                let file = opened(&data)?.adapters().join(format!("{name}.toml"));
                std::fs::remove_file(&file).with_context(|| {
                    format!("{name} というアダプターはありません。handover adapter list で名前が分かります")
                })?;
                writeln!(out, "{name} は次に書き出すときから使いません")?;
                Ok(())
            }
            Self::Sample { name } => {
                let sample = SAMPLES.iter().find(|(known, _)| *known == name);
                let (_, text) = sample.with_context(|| {
                    let names: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
                    format!("例の名前は {} です", names.join("、"))
                })?;
                write!(out, "{text}")?;
                Ok(())
            }
        }
    }
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

//! `todoke-document-pages`: draws made-up certificates, scores how they are read, fits the calibration.
#![expect(clippy::print_stdout, reason = "a command prints its figures")]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use counter_addresses::Addresses;
use counter_characters::Characters;
use document_pages::causes::causes;
use document_pages::fit::{Sample, by_layout, fit};
use document_pages::generator::{Order, draw};
use document_pages::score::{Reading, SURE, letters_wrong, report, score, wrong};
use document_pages::tesseract;
use document_reader::field::DocumentKind;
use document_reader::fields::{Calibration, Finder, Places};

/// Made-up pages to practise on.
#[derive(Debug, Parser)]
#[command(name = "todoke-document-pages")]
struct Arguments {
    /// Address dictionary.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../firmware/counter-addresses/data/towns.bin"))]
    addresses: PathBuf,
    /// Calibration to try instead of the one that ships.
    #[arg(long)]
    calibration: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draws documents with their truth.
    Draw {
        /// Every choice follows from it.
        #[arg(long)]
        seed: u64,
        /// How many documents.
        #[arg(long)]
        count: usize,
        /// Folder for pictures and truth.
        #[arg(long)]
        out: PathBuf,
        /// scan300, fax200, darkfax200, stamp300, scan200, clean300 or camera; one after the other
        /// without it.
        #[arg(long)]
        condition: Option<String>,
        /// Kind of document.
        #[arg(long, default_value = "move-out-certificate")]
        kind: String,
        /// Only layouts for `design` or for the `report`.
        #[arg(long)]
        half: Option<String>,
        /// Only the layout of this name.
        #[arg(long)]
        layout: Option<String>,
    },
    /// Reads the documents of a folder and says how much is right.
    Score {
        /// Folder with pictures and truth.
        folder: PathBuf,
        /// engine, kept, truth or tesseract; several with commas.
        #[arg(long, default_value = "engine", value_delimiter = ',')]
        reading: Vec<String>,
        /// Share of characters misread by chance, with `--reading truth`.
        #[arg(long, default_value_t = 0.0)]
        errors: f32,
        /// How many cores the engine may use.
        #[arg(long, default_value_t = 1)]
        cores: usize,
        /// Only documents of this half.
        #[arg(long)]
        half: Option<String>,
        /// Lists what is wrong.
        #[arg(long)]
        wrong: bool,
        /// Lists fields with characters read otherwise than printed, before any correction.
        #[arg(long)]
        letters: bool,
        /// Counts what is wrong by its cause and lists it with what was read there.
        #[arg(long)]
        causes: bool,
    },
    /// Fits the calibration on documents that the engine has read (`score` keeps them) and prints it.
    Fit {
        /// Folders with pictures, truth and what was read.
        folders: Vec<PathBuf>,
        /// Only documents of this half.
        #[arg(long)]
        half: Option<String>,
        /// Prints instead what a calibration fitted on all layouts but one is worth on that one.
        #[arg(long)]
        by_layout: bool,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let addresses =
        Addresses::open(&arguments.addresses).context("the address dictionary cannot be read")?;
    match arguments.command {
        Command::Draw {
            seed,
            count,
            out,
            condition,
            kind,
            half,
            layout,
        } => {
            let kind = DocumentKind::named(&kind).context("no such kind of document")?;
            let order = Order {
                seed,
                count,
                condition,
                kind,
                half,
                layout,
            };
            let written = draw(&order, &addresses, &out)?;
            println!("{} documents in {}", written.len(), out.display());
        }
        Command::Score {
            folder,
            reading,
            errors,
            cores,
            half,
            wrong: lists_wrong,
            letters: lists_letters,
            causes: counts_causes,
        } => {
            let finder = calibrated(finder(&addresses)?, arguments.calibration.as_deref())?;
            for name in &reading {
                let Some(reading) = reading_named(name, errors, cores)? else {
                    println!("tesseract with jpn is not installed");
                    continue;
                };
                let scored = score(&folder, reading, &finder, half.as_deref())?;
                println!("## {name}\n\n{}", report(&scored));
                if lists_wrong {
                    println!("{}", wrong(&scored));
                }
                if lists_letters {
                    println!("{}", letters_wrong(&scored));
                }
                if counts_causes {
                    println!("{}", causes(&scored));
                }
            }
        }
        Command::Fit {
            folders,
            half,
            by_layout: leaves_out,
        } => {
            let samples = samples(&folders, half.as_deref(), &finder(&addresses)?)?;
            if leaves_out {
                println!("{}", by_layout(&samples));
            } else {
                let about = format!("todoke-document-pages fit, {} fields", samples.len());
                println!("{}", toml_of(&fit(&samples, &about)));
            }
        }
    }
    Ok(())
}

/// Nothing more than this is believed of a number that is nobody's.
const UNDECIDED: f32 = 0.5;

/// What was found on the documents of these folders, as an earlier run read them.
fn samples(folders: &[PathBuf], half: Option<&str>, finder: &Finder) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for folder in folders {
        for one in score(folder, Reading::Kept, finder, half)? {
            // What no evidence decides, such as whose a number is, would only be laid at the door of the rest.
            let judged = one.judged();
            let judged = judged.filter(|(weighed, _)| weighed.most > UNDECIDED);
            samples.extend(judged.map(|(weighed, right)| Sample {
                layout: one.truth.layout.clone(),
                condition: one.truth.condition.clone(),
                evidence: weighed.evidence,
                may_be_sure: weighed.most >= SURE && weighed.field.failed.is_empty(),
                right,
            }));
        }
    }
    Ok(samples)
}

fn finder(addresses: &Addresses) -> Result<Finder> {
    let characters = Characters::open(&counter_characters::tables::file())
        .context("the character tables cannot be read")?;
    Ok(Finder::standard()?
        .with_places(Places::new(addresses))
        .with_characters(characters))
}

/// With the calibration of a file, where one is to be tried.
fn calibrated(finder: Finder, file: Option<&Path>) -> Result<Finder> {
    let Some(file) = file else {
        return Ok(finder);
    };
    let text = std::fs::read_to_string(file)?;
    Ok(finder.with_calibration(Calibration::parse(&text)?))
}

fn reading_named(name: &str, errors: f32, cores: usize) -> Result<Option<Reading>> {
    Ok(match name {
        "engine" => Some(Reading::Engine(cores)),
        "kept" => Some(Reading::Kept),
        "truth" => Some(Reading::Truth(errors)),
        "tesseract" => tesseract::is_installed().then_some(Reading::Tesseract),
        other => anyhow::bail!("nobody called {other} reads pages"),
    })
}

/// The file that `document-reader` ships, one row a line.
fn toml_of(calibration: &Calibration) -> String {
    let numbers = |numbers: &[f32]| {
        let all: Vec<String> = numbers
            .iter()
            .map(|number| format!("{number:.3}"))
            .collect();
        all.join(", ")
    };
    let points: Vec<String> = calibration
        .curve
        .iter()
        .map(|(from, to)| format!("  [{from:.3}, {to:.4}],\n"))
        .collect();
    let weights: Vec<String> = calibration
        .weights
        .iter()
        .map(|weights| {
            let name = format!("{:?}", weights.group).to_lowercase();
            let of = numbers(&weights.of);
            format!("\n[[weights]]\ngroup = \"{name}\"\nof = [{of}]\n")
        })
        .collect();
    format!(
        "about = \"{}\"\ncurve = [\n{}]\n{}",
        calibration.about,
        points.concat(),
        weights.concat()
    )
}

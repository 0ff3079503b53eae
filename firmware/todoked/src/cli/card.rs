//! `todoke card`: the card on the reader.

use anyhow::{Context as _, Result, bail};
use card_reader::CardError;
use clap::{Args, Subcommand};
use counter_api::Digits;
use identity_cards::{CardKind, TriesLeft, session};
use serde_json::{Value, json};

use crate::cards;
use crate::cli::{print_json, print_line};
use crate::devices::{CardKey, CardTrouble};

#[derive(Debug, Subcommand)]
pub(super) enum CardCommand {
    /// Reads name, address, birth date and sex. The secret is sent once.
    Read(Read),
    /// Tells the tries left; costs nothing.
    Tries(Tries),
}

#[derive(Debug, Args)]
pub(super) struct Read {
    /// Four-digit PIN.
    #[arg(
        long,
        conflicts_with = "number_b",
        required_unless_present = "number_b"
    )]
    pin: Option<String>,
    /// Fourteen digits printed on the card.
    #[arg(long)]
    number_b: Option<String>,
    /// Name of the reader, where there are several.
    #[arg(long)]
    reader: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Tries {
    /// Name of the reader, where there are several.
    #[arg(long)]
    reader: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

impl CardCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Read(read) => read.run(),
            Self::Tries(tries) => tries.run(),
        }
    }
}

impl Read {
    fn run(self) -> Result<()> {
        let key = match (&self.pin, &self.number_b) {
            (Some(pin), _) => CardKey::Pin(Digits::new(pin)),
            (None, Some(number)) => CardKey::NumberB(Digits::new(number)),
            (None, None) => bail!("--pin or --number-b is needed"),
        };
        let facts = cards::read(self.reader.as_deref(), &key)
            .map_err(|trouble| anyhow::anyhow!("{}", in_words(trouble)))?;
        let sex = if facts.sex.is_empty() {
            "unknown"
        } else {
            facts.sex.as_str()
        };
        if self.json {
            return print_json(&json!({
                "kind": CardKind::MyNumber.name(),
                "name": facts.name,
                "address": facts.address,
                "birth_date": facts.birth_date,
                "sex": sex,
            }));
        }
        for line in [&facts.name, &facts.address, &facts.birth_date] {
            print_line(line)?;
        }
        print_line(sex)
    }
}

impl Tries {
    fn run(self) -> Result<()> {
        let mut card = cards::connect(self.reader.as_deref()).map_err(reader_in_words)?;
        let (kind, tries) = session::look(&mut card).context("the card cannot be read")?;
        let Some(tries) = tries else {
            bail!(
                "this card counts no tries that can be asked: {}",
                kind.name()
            );
        };
        if self.json {
            return print_json(&json!({
                "kind": kind.name(),
                "pin": count(tries.pin),
                "number_b": count(tries.number_b),
            }));
        }
        print_line(&format!(
            "pin: {}, number B: {}",
            count(tries.pin),
            count(tries.number_b)
        ))
    }
}

fn count(tries: TriesLeft) -> Value {
    tries.count().map_or(Value::Null, Value::from)
}

fn reader_in_words(error: CardError) -> anyhow::Error {
    anyhow::Error::new(error)
}

fn in_words(trouble: CardTrouble) -> String {
    match trouble {
        CardTrouble::WrongPin { left } => format!("wrong PIN, {left} tries left"),
        CardTrouble::PinLocked => "the PIN is locked; nothing was sent".to_owned(),
        CardTrouble::WrongNumberB { left } => format!("wrong number B, {left} tries left"),
        CardTrouble::NumberBLocked => "number B is locked; nothing was sent".to_owned(),
        CardTrouble::Pulled => "the card was pulled in the middle".to_owned(),
        CardTrouble::NoCard => "no card on the reader".to_owned(),
        CardTrouble::NoReader => "no card reader".to_owned(),
        CardTrouble::Unknown => "not a My Number card".to_owned(),
        CardTrouble::Busy => "another program holds the card".to_owned(),
        CardTrouble::Unreadable => "the card cannot be read".to_owned(),
    }
}

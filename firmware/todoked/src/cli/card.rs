//! `todoke card`: the card on the reader.
//!
//! Reading prints one JSON document; what goes wrong is one line on the error output that begins
//! with a stable code and, where a secret is to blame, the tries left: `CARD-PIN-WRONG tries_left=2`.
//! Secrets come from the standard input ([`secrets`]).

mod secrets;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use card_reader::{Card, CardError};
use clap::{Args, Subcommand};
use identity_cards::session::{self, Keys};
use identity_cards::{
    Auth, CardKind, CardText, DocumentReading, Insist, JpkiApplication, Judging, LastingReading,
    ReadCardError, SecretKind, Sex, TriesLeft, TrustStore,
};
use serde_json::{Map, Value, json};

use crate::cards::{self, CardAuthorities};
use crate::cli::{print_json, print_line};
use crate::clock::{Clock as _, SystemClock};
use secrets::Secrets;

#[derive(Debug, Subcommand)]
pub(super) enum CardCommand {
    /// Reads name, address, birth date and sex of whatever card lies there. A secret is sent once.
    ///
    /// Secrets come from the standard input, one a line in the order of the options below:
    /// `todoke card read --pin --json < FILE`. At a terminal they are asked for and not shown.
    Read(Read),
    /// Tells the tries left; costs nothing.
    Tries(Tries),
    /// Tells whether the authentication certificate of a My Number card holds; needs no PIN.
    Certificate(CertificateOf),
}

/// Which card, and how it is told.
#[derive(Debug, Args)]
struct Place {
    /// Name of the reader, where there are several.
    #[arg(long)]
    reader: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Read {
    #[command(flatten)]
    secrets: Secrets,
    /// Reads the individual number too; only where the law asks for it.
    #[arg(long, requires = "pin")]
    with_number: bool,
    /// Sends the secret although one try is left.
    #[arg(long)]
    insist: bool,
    /// Waits this many seconds for a My Number card that was lifted to be put back.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u8,
    /// Folder of the authorities' certificates the city installed (DER).
    #[arg(long)]
    roots: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Tries {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct CertificateOf {
    /// Folder of the authorities' certificates the city installed (DER).
    #[arg(long)]
    roots: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl CardCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Read(read) => read.run(),
            Self::Tries(tries) => tries.run(),
            Self::Certificate(certificate) => certificate.run(),
        }
    }
}

impl Read {
    fn run(self) -> Result<()> {
        let keys = self.secrets.keys()?;
        if self.wait > 0 && !self.with_number {
            return self.run_lasting(&keys);
        }
        let trusted = trusted(self.roots.as_deref())?;
        let judging = Judging {
            trusted: &trusted,
            now: now(),
        };
        let mut card = cards::connect(self.place.reader.as_deref()).map_err(reader_in_words)?;
        let mut number = None;
        let reading = if self.with_number {
            let pin = keys.pin.as_ref().context("--with-number needs --pin")?;
            let read = session::read_individual_number(&mut card, pin, self.insist());
            let (four, read) = read.map_err(in_words)?;
            number = Some(read);
            DocumentReading::from(&four)
        } else {
            let random = cards::session_random().context("no random bytes")?;
            session::read_document(&mut card, &keys, self.insist(), &random, judging)
                .map_err(in_words)?
        };
        let mut document = document(&reading);
        document.insert("tries_left".to_owned(), tries_after(&mut card));
        drop(card);
        if let Some(number) = &number {
            document.insert("individual_number".to_owned(), number.reveal().into());
        }
        self.tell(&reading, document)
    }

    /// A My Number card that is lifted is read on when the same one comes back.
    fn run_lasting(&self, keys: &Keys) -> Result<()> {
        let auth = match (&keys.pin, &keys.number_b) {
            (Some(pin), _) => Auth::Pin(pin.clone()),
            (None, Some(number)) => Auth::NumberB(number.clone()),
            (None, None) => return Err(in_words(ReadCardError::KeyMissing)),
        };
        let reading = LastingReading::new(auth, self.insist());
        let reader = self.place.reader.as_deref();
        let four = cards::read_lasting(reader, reading, self.wait).map_err(in_words)?;
        let reading = DocumentReading::from(&four);
        let mut document = document(&reading);
        let tries = cards::connect(reader).map(|mut card| tries_after(&mut card));
        document.insert("tries_left".to_owned(), tries.unwrap_or_else(|_| json!({})));
        self.tell(&reading, document)
    }

    fn tell(&self, reading: &DocumentReading, document: Map<String, Value>) -> Result<()> {
        if self.place.json {
            return print_json(&Value::Object(document));
        }
        for item in [&reading.name, &reading.address] {
            print_line(item.as_ref().map_or("-", CardText::as_str))?;
        }
        print_line(reading.birth.as_deref().unwrap_or("-"))?;
        print_line(reading.sex.and_then(sex_name).unwrap_or("-"))?;
        for warning in &reading.warnings {
            print_line(&format!("! {}", warning.name()))?;
        }
        Ok(())
    }

    fn insist(&self) -> Insist {
        if self.insist { Insist::Yes } else { Insist::No }
    }
}

/// The four items; what the chip does not hold as text is `null`.
fn document(reading: &DocumentReading) -> Map<String, Value> {
    let text = |text: &Option<CardText>| {
        text.as_ref()
            .map_or(Value::Null, |text| Value::from(text.as_str()))
    };
    let warnings: Vec<&str> = reading.warnings.iter().map(|one| one.name()).collect();
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
    put("card", reading.kind.name().into());
    put("name", text(&reading.name));
    put("address", text(&reading.address));
    put("birth_date", reading.birth.clone().into());
    put("sex", reading.sex.and_then(sex_name).into());
    if reading.domicile.is_some() {
        put("domicile", text(&reading.domicile));
    }
    put("warnings", warnings.into());
    document
}

/// `None` when the card says that it does not know.
fn sex_name(sex: Sex) -> Option<&'static str> {
    match sex {
        Sex::Male => Some("male"),
        Sex::Female => Some("female"),
        Sex::Unknown | Sex::NotApplicable => None,
    }
}

impl Tries {
    fn run(self) -> Result<()> {
        let mut card = cards::connect(self.place.reader.as_deref()).map_err(reader_in_words)?;
        let (kind, tries) = session::all_tries(&mut card).map_err(in_words)?;
        if kind == CardKind::Unsupported || kind == CardKind::Passport {
            bail!("CARD-UNKNOWN: this card counts no tries: {}", kind.name());
        }
        if self.place.json {
            return print_json(&json!({ "card": kind.name(), "tries_left": counts(&tries) }));
        }
        print_line(kind.name())?;
        for (secret, left) in tries {
            print_line(&format!("{}: {}", secret.name(), count(left)))?;
        }
        Ok(())
    }
}

impl CertificateOf {
    fn run(self) -> Result<()> {
        let trusted = trusted(self.roots.as_deref())?;
        let mut card = cards::connect(self.place.reader.as_deref()).map_err(reader_in_words)?;
        let read =
            JpkiApplication::select(&mut card).and_then(|mut jpki| jpki.read_auth_certificate());
        let Some(certificate) = read.map_err(in_words)? else {
            bail!("CARD-NO-CERTIFICATE: the holder has no authentication certificate");
        };
        drop(card);
        let standing = certificate.standing(&trusted, now()).map_err(in_words)?;
        let (first, last) = certificate.validity().map_err(in_words)?;
        let issuer = certificate.issuer().map_err(in_words)?;
        if self.place.json {
            return print_json(&json!({
                "issuer": issuer,
                "valid_from": day(first),
                "valid_to": day(last),
                "standing": standing.name(),
                // The revocation service is out of a branch office's reach.
                "revocation": "unknown",
            }));
        }
        print_line(&issuer)?;
        print_line(&format!("{} - {}", day(first), day(last)))?;
        print_line(&format!("{}, revocation unknown", standing.name()))
    }
}

/// `2026-07-01`, by the certificate's own UTC.
fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.to_string().chars().take(10).collect())
        .unwrap_or_default()
}

/// Every authority in the folder; a file that is none stops, rather than be trusted less silently.
fn trusted(folder: Option<&Path>) -> Result<TrustStore> {
    let read = folder.map(CardAuthorities::read).transpose()?;
    Ok(read.map_or_else(TrustStore::default, |read| read.certificates))
}

fn now() -> i64 {
    i64::try_from(SystemClock.unix_ms() / 1000).unwrap_or(i64::MAX)
}

/// Tries left after a reading; what the card does not tell is left out.
fn tries_after(card: &mut dyn Card) -> Value {
    session::all_tries(card).map_or(json!({}), |(_, tries)| counts(&tries))
}

fn counts(tries: &[(SecretKind, TriesLeft)]) -> Value {
    let counted = tries
        .iter()
        .map(|(kind, left)| (kind.name().to_owned(), count(*left)));
    Value::Object(counted.collect())
}

fn count(tries: TriesLeft) -> Value {
    tries.count().map_or(Value::Null, Value::from)
}

fn reader_in_words(error: CardError) -> anyhow::Error {
    in_words(ReadCardError::Card(error))
}

/// The stable code, the tries left where a secret is to blame, and the fact.
fn in_words(error: ReadCardError) -> anyhow::Error {
    let mut line = error.code().to_owned();
    if let Some(left) = error.tries_left() {
        // Writing to a string does not fail.
        write!(line, " tries_left={left}").ok();
    }
    anyhow!("{line}: {error}")
}

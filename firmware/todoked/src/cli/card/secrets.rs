//! Secrets of a card, one line each from the standard input: what stands among the arguments is seen
//! by everybody who lists the processes of the machine.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use identity_cards::session::Keys;
use identity_cards::{NumberB, PassportKey, Pin, ResidenceNumber};
use zeroize::Zeroizing;

/// No secret of a card is longer.
const LINE_MAX: usize = 64;
/// Ctrl-C.
const INTERRUPT: u8 = 0x03;
/// Ctrl-D.
const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
/// Ctrl-U.
const ERASE_LINE: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Which secrets open the card. They are read in the order of this list.
#[derive(Debug, Args)]
pub(super) struct Secrets {
    /// Asks for four digits: the PIN of a My Number card, PIN 1 of a licence. DIGITS here are seen by
    /// other users of the machine.
    #[arg(long, value_name = "DIGITS", num_args = 0..=1, default_missing_value = "", conflicts_with = "number_b")]
    pin: Option<Told>,
    /// Asks for PIN 2 of a licence.
    #[arg(long, requires = "pin")]
    pin2: bool,
    /// Asks for the fourteen digits printed on a My Number card. DIGITS here are seen by other users
    /// of the machine.
    #[arg(long, value_name = "DIGITS", num_args = 0..=1, default_missing_value = "")]
    number_b: Option<Told>,
    /// Asks for the number printed on a residence card.
    #[arg(long)]
    card_number: bool,
    /// Asks for number, birth date and last day of a passport as printed, both days `YYMMDD`.
    #[arg(long)]
    passport: bool,
}

/// A secret as its option gives it: blank where it is asked for. Debug hides it.
#[derive(Clone)]
struct Told(Zeroizing<String>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told(hidden)")
    }
}

impl FromStr for Told {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl Secrets {
    /// Reads what is asked for and takes what was given.
    pub(super) fn keys(&self) -> Result<Keys> {
        let pin = told(self.pin.as_ref(), "PIN")?;
        let pin2 = asked(self.pin2, "PIN 2")?;
        let number_b = told(self.number_b.as_ref(), "Number B, 14 digits")?;
        let card_number = asked(self.card_number, "Card number")?;
        let four = |digits: Option<Zeroizing<String>>| {
            let parsed = digits.map(|digits| Pin::parse(&digits)).transpose();
            parsed.context("CARD-PIN-FOUR-DIGITS")
        };
        let number_b = number_b.map(|digits| NumberB::parse(&digits));
        let card_number = card_number.map(|number| ResidenceNumber::parse(&number));
        Ok(Keys {
            pin: four(pin)?,
            second_pin: four(pin2)?,
            number_b: number_b.transpose().context("CARD-NUMBER-B-DIGITS")?,
            card_number: card_number.transpose().context("CARD-NUMBER-FORM")?,
            passport: self.passport_key()?,
        })
    }

    fn passport_key(&self) -> Result<Option<PassportKey>> {
        if !self.passport {
            return Ok(None);
        }
        let number = ask("Passport number")?;
        let birth = ask("Birth date, YYMMDD")?;
        let expires = ask("Last day, YYMMDD")?;
        let key = PassportKey::parse(&number, &birth, &expires);
        key.map(Some).context("CARD-PASSPORT-FORM")
    }
}

fn told(told: Option<&Told>, what: &str) -> Result<Option<Zeroizing<String>>> {
    match told {
        Some(Told(text)) if !text.is_empty() => {
            writeln!(
                std::io::stderr(),
                "todoke: warning: {what} was given as an argument, which other users of this machine can \
                 see; leave the digits out and enter them when asked, or pipe them in"
            )?;
            Ok(Some(text.clone()))
        }
        Some(_) => ask(what).map(Some),
        None => Ok(None),
    }
}

fn asked(wanted: bool, what: &str) -> Result<Option<Zeroizing<String>>> {
    wanted.then(|| ask(what)).transpose()
}

/// One line of the standard input. Somebody at a terminal is told what to enter, and it is not shown.
fn ask(what: &str) -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return line().with_context(|| format!("{what} was not on the standard input"));
    }
    // Hidden before anything is asked: whoever types at once is not shown either.
    let hidden = HiddenEntry::begin()?;
    write!(std::io::stderr(), "{what}: ")?;
    let entered = typed();
    drop(hidden);
    writeln!(std::io::stderr())?;
    entered
}

/// One line typed at a terminal that does nothing by itself ([`HiddenEntry`]).
fn typed() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut one = Zeroizing::new([0]);
    let mut input = unbuffered()?;
    while input.read(&mut *one)? == 1 {
        match one[0] {
            b'\n' | b'\r' => break,
            INTERRUPT => bail!("CARD-ENTRY-STOPPED"),
            END_OF_FILE if bytes.is_empty() => break,
            BACKSPACE | DELETE => drop(bytes.pop()),
            ERASE_LINE => bytes.clear(),
            other => {
                ensure!(bytes.len() < LINE_MAX, "the line is too long");
                bytes.push(other);
            }
        }
    }
    entry(&bytes)
}

/// Byte by byte, so that the next secret's line stays in the pipe and no buffer keeps this one.
fn line() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut one = Zeroizing::new([0]);
    let mut input = unbuffered()?;
    while input.read(&mut *one)? == 1 && one[0] != b'\n' {
        ensure!(bytes.len() < LINE_MAX, "the line is too long");
        bytes.push(one[0]);
    }
    entry(&bytes)
}

fn entry(bytes: &[u8]) -> Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).context("the line is not text")?;
    let text = text.trim();
    if text.is_empty() {
        bail!("nothing was entered");
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// The standard input without the buffer that the library keeps before it.
fn unbuffered() -> Result<File> {
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    Ok(File::from(input))
}

/// While it lives, the terminal does not show what is typed, and hands over every key: Ctrl-C must not end the
/// program before the terminal is as it was.
struct HiddenEntry {
    /// As `stty -g` tells it.
    before: String,
}

impl HiddenEntry {
    fn begin() -> Result<Self> {
        let hidden = || -> Result<Self> {
            let before = stty(&["-g"])?.trim().to_owned();
            stty(&["-echo", "-icanon", "-isig", "min", "1", "time", "0"])?;
            Ok(Self { before })
        };
        hidden().context("the terminal cannot hide what is typed; pipe it in instead")
    }
}

impl Drop for HiddenEntry {
    fn drop(&mut self) {
        // Whoever sees nothing of what they type has a shell that puts it right.
        stty(&[&self.before]).ok();
    }
}

/// Runs `stty` (coreutils) on the terminal of the standard input.
fn stty(words: &[&str]) -> Result<String> {
    let mut stty = Command::new("stty");
    let done = stty
        .args(words)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .output()?;
    ensure!(done.status.success(), "stty failed");
    Ok(String::from_utf8(done.stdout)?)
}

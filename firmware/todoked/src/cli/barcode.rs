//! `todoke barcode`: codes in pictures, and codes for those who print notices or run the portal.
//!
//! What goes wrong is one line on the error output that begins with a stable code, as on the staff's
//! screen: `CODE-FORGED`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use counter_api::Language;
use counter_codes::{Code as ReadAs, CodeContent, CodeKey, CodeKeys, SigningKey, codes_in};
use counter_forms::Forms;
use document_reader::Document;
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::clock::{Clock as _, SystemClock, civil_date};
use crate::desk::code_refusal;
use crate::paper::font_paths;
use crate::prints::separators;
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings, write_private};
use crate::texts::notice_with;

#[derive(Debug, Subcommand)]
pub(super) enum BarcodeCommand {
    /// Reads the codes in a picture (PNG, JPEG, TIFF, PDF) and says what each is.
    Read(Read),
    /// Makes a key that signs codes; prints the half that head office publishes.
    Key(Key),
    /// Signs a notice or an application and prints the text of its QR code.
    Issue(Issue),
    /// Writes the separator sheets for stacks on the scanner as a PDF.
    Separators(Separators),
}

#[derive(Debug, Args)]
pub(super) struct Read {
    /// The picture.
    file: PathBuf,
    /// Folder of the counter's data, which has the city's keys.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The city's keys: a JSON list as in the published settings.
    #[arg(long, conflicts_with = "data")]
    keys: Option<PathBuf>,
    /// Shows what was filled in too.
    #[arg(long)]
    with_fields: bool,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Key {
    /// Where the secret half goes (PKCS #8); never overwritten.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Issue {
    /// The secret half.
    #[arg(long)]
    key: PathBuf,
    /// Name under which the other half is published.
    #[arg(long)]
    key_name: String,
    /// What the code says, as JSON.
    content: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Separators {
    /// The PDF; never overwritten.
    #[arg(long)]
    out: PathBuf,
}

impl BarcodeCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Read(read) => read.run(),
            Self::Key(key) => key.run(),
            Self::Issue(issue) => issue.run(),
            Self::Separators(separators) => separators.run(),
        }
    }
}

impl Read {
    fn run(self) -> Result<()> {
        let keys = self.published()?;
        let texts = texts(&self.file)?;
        if texts.is_empty() {
            bail!("CODE-NONE: no code in the picture");
        }
        let today = civil_date(SystemClock.unix_ms());
        let codes: Vec<Value> = texts
            .iter()
            .map(|text| match counter_codes::read(text, &keys, today) {
                Ok(ReadAs::Receipt(number)) => {
                    json!({ "kind": "receipt", "number": number.to_string() })
                }
                Ok(ReadAs::Signed(content)) => self.signed(&content),
                Err(error) => {
                    let told = notice_with(code_refusal(error), Language::Japanese, &[]);
                    json!({ "kind": "refused", "code": told.code, "what": told.what, "advice": told.advice })
                }
            })
            .collect();
        let one_is_good = codes.iter().any(|code| code["kind"] != "refused");
        if !one_is_good && let Some(refused) = codes.first() {
            let part = |name: &str| {
                refused
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            bail!("{}: {}{}", part("code"), part("what"), part("advice"));
        }
        if self.json {
            return print_json(&json!({ "codes": codes }));
        }
        codes
            .iter()
            .try_for_each(|code| print_line(&code.to_string()))
    }

    fn signed(&self, content: &CodeContent) -> Value {
        let paths: Vec<&str> = content
            .fields
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        let mut told = json!({
            "kind": content.kind,
            "number": content.number,
            "city": content.city,
            "until": content.until.to_string(),
            "event": content.event,
            "flow": content.flow,
            "filled": paths,
        });
        if self.with_fields
            && let Some(told) = told.as_object_mut()
        {
            told.insert("fields".to_owned(), json!(content.fields));
        }
        told
    }

    fn published(&self) -> Result<CodeKeys> {
        let list = match (&self.keys, &self.data) {
            (Some(file), _) => {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                serde_json::from_str(&text).context("not a list of keys")?
            }
            (None, Some(data)) => of_counter(data)?,
            (None, None) => Vec::new(),
        };
        let (keys, refused) = CodeKeys::new(list);
        if refused > 0 {
            bail!("{refused} of the keys are none");
        }
        Ok(keys)
    }
}

/// The keys in the settings that reached a counter. The daemon may run.
fn of_counter(data: &Path) -> Result<Vec<CodeKey>> {
    let folder = DataFolder::new(data);
    let store = open_store(&folder, &Settings::read(&folder)?)?;
    let published = store.dataset("settings")?;
    store.close()?;
    let Some(published) = published else {
        return Ok(Vec::new());
    };
    let settings: Value = serde_json::from_slice(&published.bytes).context("published settings")?;
    match settings.get("code_keys") {
        Some(keys) => serde_json::from_value(keys.clone()).context("published keys of codes"),
        None => Ok(Vec::new()),
    }
}

/// The texts of all codes on all pages of a file.
fn texts(file: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let in_words = |error: document_reader::OpenPictureError| anyhow!("{}: {error}", error.code());
    let document = Document::open(bytes).map_err(in_words)?;
    let mut texts = Vec::new();
    for number in 0..document.pages() {
        let page = document.page(number).map_err(in_words)?;
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = (side(page.gray.width()), side(page.gray.height()));
        texts.extend(codes_in(page.gray.data(), width, height));
    }
    Ok(texts)
}

impl Key {
    fn run(self) -> Result<()> {
        let secret = SigningKey::generate()?;
        let key = SigningKey::parse(&secret)?;
        write_private(&self.out, &secret)?;
        print_line(&key.public())
    }
}

impl Separators {
    fn run(self) -> Result<()> {
        let forms = Forms::new(&font_paths(None)).context("forms cannot be made")?;
        let today = civil_date(SystemClock.unix_ms()).to_string();
        let made = separators(&forms, "", &today);
        let pdf = made.map_err(|error| anyhow!(error.staff_text()))?;
        write_private(&self.out, &pdf)
    }
}

impl Issue {
    fn run(self) -> Result<()> {
        let read =
            |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let key = SigningKey::parse(&zeroize::Zeroizing::new(read(&self.key)?))?;
        let content: CodeContent =
            serde_json::from_slice(&read(&self.content)?).context("not the content of a code")?;
        print_line(&content.issue(&self.key_name, &key)?)
    }
}

//! From a seed to files: `NAME-1.jpg` and so on with `NAME.json` beside them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use counter_addresses::Addresses;
use document_reader::field::DocumentKind;
use fastrand::Rng;
use image::DynamicImage;

use crate::browser::Press;
use crate::cards;
use crate::layouts::{LAYOUTS, Layout};
use crate::people::{self, Towns};
use crate::sheet::Sheet;
use crate::spoil::{self, Condition};
use crate::style::Style;
use crate::truth::{Truth, TruthPage};

/// How the pages look.
const CSS: &str = include_str!("page.css");

/// What to draw.
#[derive(Debug, Clone)]
pub struct Order {
    /// Every choice follows from it.
    pub seed: u64,
    /// Documents.
    pub count: usize,
    /// Only this condition; else one after the other.
    pub condition: Option<String>,
    /// Of which kind.
    pub kind: DocumentKind,
    /// Only layouts of this half, `design` or `report`.
    pub half: Option<String>,
    /// Only the layout of this name.
    pub layout: Option<String>,
}

/// Draws documents into a folder and says which files tell the truth of them.
///
/// # Errors
/// When the browser or the folder fails.
pub fn draw(order: &Order, addresses: &Addresses, folder: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let profile = folder.join(".profile");
    let press = Press::start(&profile)?;
    let towns = Towns::new(addresses);
    let mut written = Vec::new();
    let layouts: Vec<&Layout> = LAYOUTS
        .iter()
        .enumerate()
        .filter(|(place, _)| {
            order
                .half
                .as_deref()
                .is_none_or(|half| half == half_of(*place))
        })
        .filter(|(_, layout)| {
            let only = order.layout.as_deref();
            only.is_none_or(|only| only == layout.name)
        })
        .map(|(_, layout)| layout)
        .collect();
    for number in 0..order.count {
        let seed = order.seed.wrapping_add(u64::try_from(number)?);
        let mut random = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let layout = layouts
            .get(number % layouts.len().max(1))
            .context("no layout")?;
        // Layouts and conditions turn at different speeds, so that all pairs come about.
        let condition = condition(order, number + number / layouts.len().max(1))?;
        let document = Document {
            layout,
            condition,
            seed,
            kind: order.kind,
        };
        written.push(one(&press, &document, &towns, &mut random, &folder)?);
    }
    drop(press);
    std::fs::remove_dir_all(&profile).ok();
    Ok(written)
}

/// The layouts that the list was longer by later are all for design.
const REPORT_END: usize = 24;

fn half_of(place: usize) -> &'static str {
    if place.is_multiple_of(2) || place >= REPORT_END {
        "design"
    } else {
        "report"
    }
}

fn condition(order: &Order, number: usize) -> Result<Condition> {
    if let Some(name) = &order.condition {
        return Condition::ALL
            .iter()
            .find(|(_, own)| own == name)
            .map(|(condition, _)| *condition)
            .with_context(|| format!("no condition is called {name}"));
    }
    // A camera sees cards only.
    let all = if order.kind == DocumentKind::MoveOutCertificate {
        5
    } else {
        6
    };
    Ok(Condition::ALL[number % all].0)
}

struct Document<'l> {
    layout: &'l Layout,
    condition: Condition,
    seed: u64,
    kind: DocumentKind,
}

impl Document<'_> {
    fn name(&self) -> String {
        let kind = DocumentKind::NAMES
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map_or("", |(_, name)| name);
        match self.kind {
            DocumentKind::MoveOutCertificate => format!(
                "{:06}-{}-{}",
                self.seed,
                self.layout.name,
                self.condition.name()
            ),
            DocumentKind::ResidenceCard
            | DocumentKind::Licence
            | DocumentKind::MyNumberCard
            | DocumentKind::Passport => {
                format!("{:06}-{kind}-{}", self.seed, self.condition.name())
            }
        }
    }

    /// The bodies of the pages and the size of the paper.
    fn bodies(&self, sheet: &mut Sheet<'_>) -> (Vec<String>, (f32, f32)) {
        match self.kind {
            DocumentKind::MoveOutCertificate => ((self.layout.draw)(sheet), self.layout.paper),
            DocumentKind::ResidenceCard | DocumentKind::Licence | DocumentKind::MyNumberCard => {
                (vec![cards::draw(self.kind, sheet)], (100.0, 68.0))
            }
            DocumentKind::Passport => (vec![cards::draw(self.kind, sheet)], (125.0, 88.0)),
        }
    }

    /// Its truth before a page is drawn.
    fn truth(&self) -> Truth {
        Truth {
            kind: DocumentKind::NAMES
                .iter()
                .find(|(kind, _)| *kind == self.kind)
                .map_or("", |(_, name)| name)
                .to_owned(),
            layout: if self.kind == DocumentKind::MoveOutCertificate {
                self.layout.name
            } else {
                "card"
            }
            .to_owned(),
            half: LAYOUTS
                .iter()
                .position(|one| one.name == self.layout.name)
                .map_or("design", half_of)
                .to_owned(),
            condition: self.condition.name().to_owned(),
            seed: self.seed,
            pages: Vec::new(),
            fields: Vec::new(),
        }
    }
}

fn one(
    press: &Press,
    document: &Document<'_>,
    towns: &Towns<'_>,
    random: &mut Rng,
    folder: &Path,
) -> Result<PathBuf> {
    let members = random.usize(1..=document.layout.members_max);
    let household = people::household(random, towns, members);
    let style = Style::random(random);
    let look = format!("font-family:'{}';font-size:{}pt", style.font, style.size);
    let mut sheet = Sheet {
        household,
        style,
        random,
        has_stamps: document.condition == Condition::Stamped,
    };
    let (bodies, paper) = document.bodies(&mut sheet);
    let is_certificate = document.kind == DocumentKind::MoveOutCertificate;
    let padding = if is_certificate { "" } else { ";padding:7mm" };
    let mut truth = document.truth();
    for (number, body) in bodies.iter().enumerate() {
        let html = format!(
            "<!doctype html><html lang=ja><meta charset=utf-8><style>{CSS}</style><body style=\"{look}{padding};width:{}mm;height:{}mm\">{body}</body></html>",
            paper.0, paper.1
        );
        let page = folder.join(".page.html");
        std::fs::write(&page, html)?;
        let (png, mut drawn) = press.draw(&page, paper)?;
        std::fs::remove_file(&page).ok();
        let picture = image::load_from_memory(&png)?;
        let spoiled = spoil::spoil(
            &picture,
            document.condition,
            random,
            &mut drawn.lines,
            &mut drawn.fields,
            &mut drawn.cells,
        );
        let file = save(&spoiled, document, number, folder)?;
        for mut field in drawn.fields {
            field.page = number;
            // What a continuation sheet says again is to be read once.
            if !truth
                .fields
                .iter()
                .any(|known| (known.member, &known.name) == (field.member, &field.name))
            {
                truth.fields.push(field);
            }
        }
        truth.pages.push(TruthPage {
            file,
            width: spoiled.width(),
            height: spoiled.height(),
            lines: drawn.lines,
            cells: drawn.cells,
        });
    }
    let beside = folder.join(format!("{}.json", document.name()));
    std::fs::write(&beside, serde_json::to_string(&truth)?)?;
    Ok(beside)
}

fn save(
    picture: &DynamicImage,
    document: &Document<'_>,
    number: usize,
    folder: &Path,
) -> Result<String> {
    let mut bytes = Cursor::new(Vec::new());
    let ending = if let Some(quality) = spoil::jpeg_quality(document.condition) {
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
        encoder.encode_image(picture)?;
        "jpg"
    } else {
        picture.write_to(&mut bytes, image::ImageFormat::Png)?;
        "png"
    };
    let name = format!("{}-{}.{ending}", document.name(), number + 1);
    std::fs::write(folder.join(&name), bytes.into_inner())?;
    Ok(name)
}

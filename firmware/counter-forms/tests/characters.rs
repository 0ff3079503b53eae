//! Characters on paper: the city's own font for what its repertoire adds, and pages with many forms of
//! characters beside what the font itself draws.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use counter_characters::{Characters, Glyph};
use counter_forms::{Assets, FontPaths, FormData, Forms, OpenFormsError, Picture, RenderError};
use serde_json::json;

static TABLES: LazyLock<Characters> = LazyLock::new(|| {
    Characters::open(&counter_characters::tables::file()).expect("the tables are there")
});

const META: &str = r#"
number = "T001"
version = 1
title = "氏名"
title_en = "Names"
paper = "a4"
valid_from = "2026-04-01"
section = "試験"
required = ["names"]
optional = ["names.*"]

[fields]
"names" = { label = "氏名", kind = "list" }
"names.*" = { label = "氏名（{}行目）", kind = "exact" }
"#;

/// Names in the part that every form sets a name with, one below the other, twelve points high.
const NAMES: &str = r#"
#import "/lib.typ": *
#let d = json("/data.json")
#set document(title: "氏名")
#set page(width: 480pt, height: d.names.len() * 12pt, margin: 0pt)
#set text(lang: "ja")
#for (row, name) in d.names.enumerate() {
  place(top + left, dy: row * 12pt, fit(name, 480pt, 12pt, field: "names", max: 12pt, exact: true, align-to: left + top))
}
"#;

/// A folder with the program's library and the form of names.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("forms");
    let copy = |name: &str| {
        std::fs::copy(here.join(name), dir.path().join(name)).expect("copied");
    };
    std::fs::create_dir(dir.path().join("parts")).expect("a folder");
    for entry in std::fs::read_dir(here.join("parts")).expect("the parts") {
        let name = entry.expect("readable").file_name();
        copy(&format!("parts/{}", name.to_string_lossy()));
    }
    copy("lib.typ");
    copy("fields.toml");
    let form = dir.path().join("T001-names");
    std::fs::create_dir(&form).expect("a folder");
    std::fs::write(form.join("meta.toml"), META).expect("written");
    std::fs::write(form.join("form.typ"), NAMES).expect("written");
    dir
}

fn forms(fonts: &FontPaths) -> Forms {
    Forms::with_templates(fonts, folder().path()).expect("opened")
}

fn pdf(forms: &Forms, names: &[String]) -> Result<Vec<u8>, RenderError> {
    let data = FormData::new(json!({ "names": names }));
    let made = forms.render("names", &data, &Assets::default(), "2026-11-21");
    made.map(|form| form.pdf)
}

/// What a program of poppler-utils makes of a PDF.
fn poppler(program: &str, arguments: &[&str], pdf: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("written");
    let mut command = Command::new(program);
    command.args(arguments).arg(&file);
    if program == "pdftotext" {
        command.arg("-");
    }
    let out = command.output().expect("poppler-utils is installed");
    assert!(
        out.status.success() && out.stderr.is_empty(),
        "{program} complained"
    );
    out.stdout
}

fn text(pdf: &[u8]) -> String {
    String::from_utf8(poppler("pdftotext", &["-raw", "-enc", "UTF-8"], pdf)).expect("UTF-8")
}

// --- the city's own font -------------------------------------------------------------------------

/// A character of the standard repertoire beyond the MJ table, by an invented code.
const ADDED: char = '\u{10A3C5}';

/// The label font with another table of characters: it draws its glyph of `like` for each of
/// `codes`, ascending.
fn font_with(codes: &[char], like: char) -> Vec<u8> {
    let mut font = std::fs::read(FontPaths::default().label).expect("the font");
    let glyph = ttf_parser::Face::parse(&font, 0)
        .expect("a font")
        .glyph_index(like);
    let glyph = u32::from(glyph.expect("a glyph").0);
    let groups: Vec<u8> = codes
        .iter()
        .flat_map(|code| [u32::from(*code), u32::from(*code), glyph])
        .flat_map(u32::to_be_bytes)
        .collect();
    let count = u32::try_from(codes.len()).expect("few");
    // OpenType 1.9, "cmap": one record for platform 3, encoding 10, then format 12.
    let mut table: Vec<u8> = [0_u16, 1, 3, 10]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    table.extend(12_u32.to_be_bytes());
    table.extend([12_u16, 0].into_iter().flat_map(u16::to_be_bytes));
    table.extend(
        [16 + 12 * count, 0, count]
            .into_iter()
            .flat_map(u32::to_be_bytes),
    );
    table.extend(groups);
    let record = font
        .windows(4)
        .position(|four| four == b"cmap")
        .expect("a directory");
    while !font.len().is_multiple_of(4) {
        font.push(0);
    }
    let (offset, length) = (font.len(), table.len());
    let number = |number: usize| u32::try_from(number).expect("small").to_be_bytes();
    font[record + 8..record + 12].copy_from_slice(&number(offset));
    font[record + 12..record + 16].copy_from_slice(&number(length));
    font.extend(table);
    font
}

fn with_font(bytes: &[u8]) -> (tempfile::TempDir, FontPaths) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("added.ttf");
    std::fs::write(&file, bytes).expect("written");
    let paths = FontPaths {
        added: Some(file),
        ..FontPaths::default()
    };
    (dir, paths)
}

#[test]
fn added_characters_are_printed_with_the_citys_font() {
    let (_dir, paths) = with_font(&font_with(&['高', '\u{E000}', ADDED], '鷗'));
    let forms = forms(&paths);
    assert_eq!(forms.added_characters(), [ADDED], "private planes alone");
    let name = format!("架空{ADDED}　葛\u{E0102}高");
    assert_eq!(forms.missing_glyph(&name), None);
    let made = pdf(&forms, std::slice::from_ref(&name)).expect("made");
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeezed(&text(&made)), squeezed(&name));
    let fonts = poppler("pdffonts", &[], &made);
    let fonts = String::from_utf8_lossy(&fonts).into_owned();
    assert!(
        fonts.contains("IPAmjMincho") && fonts.contains("BIZ"),
        "{fonts}"
    );
    // 鷗 of the label font is what this code looks like in the city's one.
    assert_eq!(forms.outline(&ADDED.to_string()), forms.other_outline("鷗"));
    // Its 高 is never used: a name is not set in two hands.
    assert_ne!(forms.outline("高"), forms.other_outline("高"));
}

#[test]
fn private_codes_without_a_glyph_of_the_city_stop_the_form() {
    let (_dir, paths) = with_font(&font_with(&['\u{E000}', ADDED], '鷗'));
    let own = forms(&FontPaths {
        added: None,
        ..FontPaths::default()
    });
    let citys = forms(&paths);
    for (forms, name, code) in [
        (&own, "架空\u{10A3C5}", "U+10A3C5"),
        (&citys, "架空\u{10A3C6}", "U+10A3C6"),
        (&citys, "架空\u{E000}", "U+E000"),
        (&citys, "架空\u{F860}", "U+F860"),
        (&citys, "架空\u{10A3C5}\u{E0100}", "U+10A3C5 U+E0100"),
    ] {
        let Err(RenderError::GlyphMissing { character, .. }) = pdf(forms, &[name.to_owned()])
        else {
            panic!("{code} was printed");
        };
        assert_eq!(character, code);
        let missing = forms
            .missing_glyph(name)
            .map(|missing| missing.code_points());
        assert_eq!(missing.as_deref(), Some(code));
    }
}

#[test]
fn citys_font_that_cannot_be_used_is_named() {
    let without = font_with(&['高'], '鷗');
    for bytes in [b"no font".as_slice(), &without] {
        let (dir, paths) = with_font(bytes);
        let refused = Forms::new(&paths).expect_err("no added characters in it");
        assert!(matches!(
            refused,
            OpenFormsError::AddedFontUnreadable { .. }
        ));
        let name = dir.path().join("added.ttf").display().to_string();
        assert!(refused.operator_text().contains(&name));
    }
}

// --- pages beside the font -----------------------------------------------------------------------

/// Characters of a line.
const PER_LINE: usize = 40;
/// Parts of the table, each of every so manieth glyph: neighbours in one look nothing alike, as
/// neighbours in the table do.
const PARTS: usize = 53;
/// Pixels of a character's side.
const SIDE: usize = 24;

/// What `glyphs` write and the font draws, in lines.
fn lines<'g>(forms: &Forms, glyphs: impl Iterator<Item = &'g Glyph>) -> Vec<String> {
    let texts = glyphs.filter_map(Glyph::text);
    let drawn: Vec<String> = texts
        .filter(|text| forms.missing_glyph(text).is_none())
        .collect();
    drawn.chunks(PER_LINE).map(<[String]>::concat).collect()
}

/// Every glyph of the table whose place leaves `part` over.
fn part(part: usize) -> impl Iterator<Item = &'static Glyph> {
    TABLES.glyphs().iter().skip(part).step_by(PARTS)
}

/// A page as poppler draws it: a portable pixel map, `P6`, width, height, 255, three bytes a pixel.
fn drawn(pdf: &[u8]) -> Picture {
    let map = poppler("pdftoppm", &["-singlefile", "-r", "144"], pdf);
    let mut fields = map.splitn(4, u8::is_ascii_whitespace);
    let mut text = || std::str::from_utf8(fields.next().expect("a field")).expect("ASCII");
    assert_eq!(text(), "P6");
    let mut number = || text().parse().expect("a number");
    let (width, height) = (number(), number());
    let rest = fields.next().expect("pixels");
    let rgb = rest.strip_prefix(b"255\n").expect("a byte each").to_vec();
    Picture { width, height, rgb }
}

/// Mean distance of greys between two cells of two pages.
fn apart(a: &Picture, b: &Picture, at: (usize, usize), other: (usize, usize)) -> u32 {
    let grey = |page: &Picture, (column, row): (usize, usize), x: usize, y: usize| {
        let pixel = (row * SIDE + y) * page.width as usize + column * SIDE + x;
        page.rgb.get(pixel * 3).copied().unwrap_or(u8::MAX)
    };
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    let sum: u32 = pixels
        .map(|(x, y)| u32::from(grey(a, at, x, y).abs_diff(grey(b, other, x, y))))
        .sum();
    sum / u32::try_from(SIDE * SIDE).expect("small")
}

/// Compares each character of a page with what the font draws; returns how many there were.
fn assert_drawn_as_the_font_does(forms: &Forms, names: &[String]) -> usize {
    let made = pdf(forms, names).expect("made");
    let read = text(&made);
    let lines: Vec<&str> = read
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(lines, names, "the text of the page");
    let data = FormData::new(json!({ "names": names }));
    let font = forms.pictures("names", &data, &Assets::default(), "2026-11-21", 2.0);
    let (font, paper) = (font.expect("drawn").remove(0), drawn(&made));
    assert_eq!((font.width, font.height), (paper.width, paper.height));
    let (mut worst, mut neighbours) = ((0, String::new()), Vec::new());
    for (row, name) in names.iter().enumerate() {
        let written = characters(name);
        for (column, character) in written.iter().enumerate() {
            let at = (column, row);
            worst = worst.max((apart(&paper, &font, at, at), character.clone()));
            if column + 1 < written.len() {
                neighbours.push(apart(&paper, &font, at, (column + 1, row)));
            }
        }
    }
    neighbours.sort_unstable();
    let others = neighbours[neighbours.len() / 20];
    let (worst, character) = worst;
    // Two programs smooth edges differently; another character lies far beyond that.
    assert!(worst < 24, "{character} is {worst} greys apart");
    assert!(
        others > worst + 8,
        "another character is only {others} greys apart, {character} {worst}"
    );
    names.iter().map(|name| characters(name).len()).sum()
}

/// The characters of a name, each with its variation selector.
fn characters(name: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for c in name.chars() {
        match all.last_mut() {
            Some(before) if ('\u{E0100}'..='\u{E01EF}').contains(&c) => before.push(c),
            _ => all.push(c.to_string()),
        }
    }
    all
}

#[test]
fn many_forms_of_characters_are_on_paper_as_the_font_draws_them() {
    let forms = forms(&FontPaths::default());
    let asked = "邉邊辺葛辻斎齋高塚崎徳濱";
    let asked = asked.chars().flat_map(|c| TABLES.forms(c));
    let names = lines(&forms, asked.chain(part(0)));
    assert!(assert_drawn_as_the_font_does(&forms, &names) > 1_100);
}

#[test]
#[ignore = "half a minute; `make glyph-check` runs it"]
fn every_glyph_of_the_table_is_on_paper_as_the_font_draws_it() {
    let forms = forms(&FontPaths::default());
    let parts = (0..PARTS).map(|one| lines(&forms, part(one)));
    let drawn: usize = parts
        .map(|names| assert_drawn_as_the_font_does(&forms, &names))
        .sum();
    assert_eq!(drawn, 58_841);
}

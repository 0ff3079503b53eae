//! What is laid out in a field of names, glyph by glyph.

use serde_json::json;
use typst::layout::{Frame, FrameItem};

use super::*;

/// A form with names only, set with the part that every form sets names with.
const NAMES: &str = r#"
#import "/lib.typ": *
#let d = json("/data.json")
#set document(title: "氏名")
#set page(width: 480pt, height: auto, margin: 0pt)
#for name in d.names { fit(name, 480pt, 12pt, field: "names", max: 11pt, exact: true) }
"#;
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

fn names_form() -> Forms {
    let dir = tempfile::tempdir().unwrap();
    let form = dir.path().join("T001-names");
    std::fs::create_dir(&form).unwrap();
    std::fs::write(form.join("meta.toml"), META).unwrap();
    std::fs::write(form.join("form.typ"), NAMES).unwrap();
    Forms::with_templates(&FontPaths::default(), &form).unwrap()
}

/// Every glyph of a frame with the text it stands for.
fn glyphs(frame: &Frame, found: &mut Vec<(String, u16, String)>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => glyphs(&group.frame, found),
            FrameItem::Text(text) => {
                let family = text.font.font().info().family.clone();
                for glyph in &text.glyphs {
                    let stands_for = text.text.get(glyph.range()).unwrap().to_owned();
                    found.push((stands_for, glyph.id, family.clone()));
                }
            }
            FrameItem::Shape(..)
            | FrameItem::Image(..)
            | FrameItem::Link(..)
            | FrameItem::Tag(..) => {}
        }
    }
}

#[test]
fn every_glyph_of_the_mj_table_is_set_as_the_fonts_own() {
    let tables = counter_characters::Characters::open(&counter_characters::tables::file()).unwrap();
    let forms = names_form();
    let font = forms.fonts.exact.ttf();
    let texts: Vec<String> = tables
        .glyphs()
        .iter()
        .filter_map(counter_characters::Glyph::text)
        .filter(|text| forms.missing_glyph(text).is_none())
        .collect();
    // The two code points of the table that the font lacks stop a form; 19 glyphs have none.
    assert_eq!(texts.len(), 58_841);
    let drawn = |has: fn(&counter_characters::Glyph) -> bool| {
        let known = tables.glyphs().iter().filter(|glyph| has(glyph));
        let texts = known.filter_map(counter_characters::Glyph::text);
        texts
            .filter(|text| forms.missing_glyph(text).is_none())
            .count()
    };
    // Of 55,270 numbers of family registers and 19,563 of the resident network.
    assert_eq!(drawn(|glyph| glyph.family_register.is_some()), 55_254);
    assert_eq!(drawn(|glyph| glyph.resident_network.is_some()), 19_562);
    let mut set = Vec::new();
    for some in texts.chunks(8_000) {
        let names: Vec<String> = some.chunks(40).map(<[String]>::concat).collect();
        let data = FormData::new(json!({ "names": names }));
        let form = forms.newest("names").unwrap();
        let laid = forms.lay_out_known(
            form,
            &data,
            &Assets::default(),
            "2026-11-21",
            |_, document, _| {
                let mut found = Vec::new();
                for page in document.pages() {
                    glyphs(&page.frame, &mut found);
                }
                Ok(found)
            },
        );
        set.extend(laid.unwrap());
    }
    assert_eq!(set.len(), texts.len(), "one glyph for each");
    for ((stands_for, id, family), text) in set.iter().zip(&texts) {
        let mut points = text.chars();
        let base = points.next().unwrap();
        let own = match points.next() {
            None => font.glyph_index(base),
            Some(selector) => font.glyph_variation_index(base, selector),
        };
        assert_eq!(Some(*id), own.map(|own| own.0), "{text}");
        assert_eq!((stands_for, family.as_str()), (text, "IPAmjMincho"));
    }
}

//! What is never printed: a value that does not fit, a character without its glyph, a missing value.

use counter_forms::{FormData, RenderError, SampleKind};

use crate::{FORMS, changed, refused, sample};

#[test]
fn value_that_cannot_fit_stops_the_form() {
    let endless = "架空".repeat(300);
    let error = refused(&changed(SampleKind::Typical, "/new/address", &endless));
    assert!(
        matches!(&error, RenderError::Overflow { path, .. } if path == "new.address"),
        "{error}"
    );
    assert!(error.staff_text().contains("枠"));
}

#[test]
fn thirteen_people_are_refused() {
    let mut json = sample(SampleKind::Longest).as_json().clone();
    let members = json["members"].as_array_mut().expect("members");
    members.push(members[0].clone());
    assert!(matches!(
        refused(&FormData::new(json)),
        RenderError::TooManyMembers
    ));
}

#[track_caller]
fn gate(name: &str) -> Option<String> {
    let data = changed(SampleKind::Typical, "/members/0/name", name);
    match FORMS.check("resident-move", &data) {
        Ok(()) => None,
        Err(RenderError::GlyphMissing {
            path, character, ..
        }) => {
            assert_eq!(path, "members.1.name");
            Some(character)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn gate_refuses_what_the_font_would_draw_as_another_glyph() {
    assert_eq!(gate("葛\u{E0100}城"), Some("U+845B U+E0100".to_owned()));
    assert_eq!(gate("渡邉\u{E0102}"), Some("U+9089 U+E0102".to_owned()));
    assert_eq!(gate("架空\u{E000}"), Some("U+E000".to_owned()));
    assert_eq!(gate("架空😀"), Some("U+1F600".to_owned()));
    assert_eq!(gate("\u{E0102}架空"), Some("U+E0102".to_owned()));
    assert_eq!(gate("葛\u{E0102}\u{E0103}"), Some("U+E0103".to_owned()));
}

#[test]
fn gate_lets_exact_glyphs_pass() {
    for name in [
        "葛\u{E0102}城",
        "渡邉\u{E0110}",
        "𠮷田",
        "髙﨑",
        "架空　太郎",
        "KAKUU, MARIA-A.",
    ] {
        assert_eq!(gate(name), None, "{name}");
    }
}

#[test]
fn gate_stops_the_print_and_prints_no_personal_data() {
    let error = refused(&changed(
        SampleKind::Typical,
        "/members/1/name",
        "架空　葛\u{E0100}",
    ));
    assert_eq!(
        error.to_string(),
        "members.2.name: no glyph for U+845B U+E0100"
    );
    assert!(!format!("{error:?}").contains("架空"));
}

#[test]
fn missing_value_is_named() {
    let error = refused(&changed(SampleKind::Typical, "/notifier/name", ""));
    assert_eq!(error.field(), Some("notifier.name"));
}

#[test]
fn text_in_the_place_of_a_group_of_fields_is_named() {
    let error = refused(&changed(SampleKind::Typical, "/identity", "運転免許証"));
    assert_eq!(error.field(), Some("identity.kind"));
    assert!(error.staff_text().starts_with("「本人確認"), "{error}");
}

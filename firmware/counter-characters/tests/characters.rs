//! Asks the shipped tables about characters whose answers are published.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::LazyLock;

use counter_characters::{Characters, Fit, Identity, LoadError, Query, Target, written};
use proptest::prelude::*;

static TABLES: LazyLock<Characters> = LazyLock::new(|| {
    Characters::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/characters.bin")).unwrap()
});

/// One line per character: code points, what it is, and its fit into each target.
fn report(text: &str) -> String {
    written(text)
        .map(|character| {
            let identity = match TABLES.identify(character) {
                Identity::Glyph(glyph) => glyph.number.to_string(),
                other @ (Identity::Plain
                | Identity::OtherCollection(_)
                | Identity::UnknownSequence
                | Identity::PrivateUse
                | Identity::OutsideTable
                | Identity::NotACharacter) => format!("{other:?}"),
            };
            let fits: Vec<String> = Target::ALL
                .iter()
                .map(|target| fit(&TABLES.fit(character, *target)))
                .collect();
            format!(
                "{} {identity} | {}",
                character.code_points(),
                fits.join(" | ")
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn fit(fit: &Fit) -> String {
    match fit {
        Fit::Exact(code) => code.clone(),
        Fit::Proposed(proposals) => {
            let shown: Vec<_> = proposals
                .iter()
                .map(|proposal| format!("{}:{}", proposal.to, proposal.source.key()))
                .collect();
            format!("→ {}", shown.join(" "))
        }
        Fit::Missing => "-".to_owned(),
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(report(text), expected.join("\n"));
}

fn numbers(query: &Query<'_>) -> Vec<String> {
    TABLES
        .find(query, 8)
        .iter()
        .map(|glyph| format!("{}", glyph.number))
        .collect()
}

#[test]
fn tables_are_complete() {
    assert_eq!(TABLES.len(), 58_862);
    let count = |has: fn(&counter_characters::Glyph) -> bool| {
        TABLES.glyphs().iter().filter(|glyph| has(glyph)).count()
    };
    // The figures of the table's publisher.
    assert_eq!(count(|glyph| glyph.plain.is_some()), 52_607);
    assert_eq!(count(|glyph| glyph.family_register.is_some()), 55_270);
    assert_eq!(count(|glyph| glyph.resident_network.is_some()), 19_563);
    assert_eq!(count(|glyph| glyph.text().is_none()), 19);
}

#[test]
fn a_form_of_a_common_name_is_told_apart() {
    check(
        "高",
        &["U+9AD8 MJ028901 | MJ028901 | J+9AD8 | 513270 | 1-25-66 | 8D82 | 1-25-66"],
    );
}

#[test]
fn a_reduction_is_only_proposed() {
    let Fit::Proposed(proposals) = TABLES.fit(written("髙").next().unwrap(), Target::JisX0208)
    else {
        panic!("髙 is not in JIS X 0208, and 高 is its standard form");
    };
    assert_eq!(proposals.first().unwrap().to, '高');
}

#[test]
fn a_sequence_of_another_collection_is_never_taken_for_the_base() {
    // 葛 with VS17 is Adobe-Japan1's; the MJ table writes the same form with VS19.
    check(
        "葛\u{E0100}",
        &["U+845B U+E0100 OtherCollection(AdobeJapan1) | - | - | - | - | - | -"],
    );
    let own = written("葛\u{E0102}").next().unwrap();
    assert!(matches!(TABLES.identify(own), Identity::Glyph(_)));
    assert_eq!(
        TABLES.fit(own, Target::Cp932).clone(),
        fit_of("葛\u{E0102}", Target::Cp932)
    );
    assert!(!matches!(
        fit_of("葛\u{E0102}", Target::Cp932),
        Fit::Exact(_)
    ));
}

fn fit_of(text: &str, target: Target) -> Fit {
    TABLES.fit(written(text).next().unwrap(), target)
}

#[test]
fn the_resident_networks_code_is_not_a_code_point() {
    assert_eq!(
        fit_of("々", Target::ResidentNetwork),
        Fit::Exact("J+AD1D".to_owned())
    );
}

#[test]
fn what_is_not_a_character_of_a_name_is_said_so() {
    check("\u{E000}", &["U+E000 PrivateUse | - | - | - | - | - | -"]);
    check(
        "\u{E0102}",
        &["U+E0102 NotACharacter | - | - | - | - | - | -"],
    );
    check(
        "辻\u{E01EF}",
        &["U+8FBB U+E01EF UnknownSequence | - | - | - | - | - | -"],
    );
}

#[test]
fn kana_and_letters_need_no_identification() {
    check(
        "ヴa",
        &[
            "U+30F4 Plain | U+30F4 | U+30F4 | U+30F4 | 1-05-84 | 8394 | 1-05-84",
            "U+0061 Plain | U+0061 | U+0061 | U+0061 | - | 61 | -",
        ],
    );
}

#[test]
fn a_character_is_found_by_reading_and_strokes() {
    let query = Query {
        reading: Some("ツジ"),
        strokes: Some((5, 6)),
        ..Query::default()
    };
    let found = TABLES.find(&query, 8);
    assert!(found.iter().any(|glyph| glyph.code_point == Some('辻')));
    assert!(found.iter().all(|glyph| (5..=6).contains(&glyph.strokes)));
}

#[test]
fn a_character_is_found_by_its_number_in_family_registers() {
    let glyph = *TABLES
        .find(
            &Query {
                form_of: Some('邉'),
                ..Query::default()
            },
            8,
        )
        .first()
        .unwrap();
    let number = glyph.family_register;
    assert_eq!(
        numbers(&Query {
            family_register: number,
            ..Query::default()
        }),
        [glyph.number.to_string()]
    );
}

#[test]
fn every_glyph_with_a_text_is_identified_as_itself() {
    for glyph in TABLES.glyphs() {
        let Some(text) = glyph.text() else { continue };
        let mut characters = written(&text);
        let character = characters.next().unwrap();
        assert_eq!(characters.next(), None, "{}", glyph.number);
        assert_eq!(
            TABLES.identify(character),
            Identity::Glyph(glyph),
            "{}",
            glyph.number
        );
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let bytes =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/characters.bin")).unwrap();
    let cut = &bytes[..bytes.len() / 2];
    assert!(matches!(
        Characters::from_bytes(cut),
        Err(LoadError::Damaged)
    ));
    assert!(matches!(
        Characters::from_bytes(b"something else"),
        Err(LoadError::Damaged)
    ));
}

proptest! {
    #[test]
    fn characters_joined_again_are_the_text(text in "\\PC{0,12}[\u{E0100}-\u{E0103}]?\\PC{0,4}") {
        let joined: String = written(&text).map(counter_characters::Written::text).collect();
        prop_assert_eq!(joined, text);
    }

    #[test]
    fn a_proposal_is_always_in_the_target(place in 0usize..58_862) {
        let glyph = &TABLES.glyphs()[place];
        let Some(text) = glyph.text() else { return Ok(()) };
        for target in Target::ALL {
            if let Fit::Proposed(proposals) = fit_of(&text, target) {
                for proposal in proposals {
                    let fit = fit_of(&proposal.to.to_string(), target);
                    prop_assert!(matches!(fit, Fit::Exact(_)));
                }
            }
        }
    }
}

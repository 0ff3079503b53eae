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
                | Identity::MjPlus(_)
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
        &["U+9AD8 MJ028901 | MJ028901 | MJ028901 | J+9AD8 | 513270 | 1-25-66 | 8D82 | 1-25-66"],
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
fn a_form_that_a_standard_unifies_with_another_is_not_exactly_in_it() {
    // 1-21-40 is 吉; the table of glyphs gives that place to 𠮷 as well.
    for (form, parent) in [("𠮷", '吉'), ("邉\u{E0119}", '邉'), ("髙", '高')] {
        let Fit::Proposed(proposals) = fit_of(form, Target::JisX0213) else {
            panic!("{form} would come back as {parent}");
        };
        assert!(proposals.iter().any(|proposal| proposal.to == parent));
    }
    assert_eq!(
        fit_of("吉", Target::JisX0213),
        Fit::Exact("1-21-40".to_owned())
    );
    assert_eq!(
        fit_of("々", Target::JisX0213),
        Fit::Exact("1-01-25".to_owned())
    );
}

#[test]
fn a_sequence_of_another_collection_is_never_taken_for_the_base() {
    // 葛 with VS17 is Adobe-Japan1's; the MJ table writes the same form with VS19.
    check(
        "葛\u{E0100}",
        &["U+845B U+E0100 OtherCollection(AdobeJapan1) | - | - | - | - | - | - | -"],
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
    check(
        "\u{E000}",
        &["U+E000 PrivateUse | - | - | - | - | - | - | -"],
    );
    check(
        "\u{E0102}",
        &["U+E0102 NotACharacter | - | - | - | - | - | - | -"],
    );
    check(
        "辻\u{E01EF}",
        &["U+8FBB U+E01EF UnknownSequence | - | - | - | - | - | - | -"],
    );
}

#[test]
fn kana_and_letters_need_no_identification() {
    check(
        "ヴa",
        &[
            "U+30F4 Plain | U+30F4 | U+30F4 | U+30F4 | U+30F4 | 1-05-84 | 8394 | 1-05-84",
            "U+0061 Plain | U+0061 | U+0061 | U+0061 | U+0061 | - | 61 | -",
        ],
    );
}

#[test]
fn no_system_has_a_pictograph_or_what_only_steers_other_characters() {
    for (text, name) in [("😀", "U+1F600"), ("☕", "U+2615"), ("\u{202E}", "U+202E")] {
        check(
            text,
            &[&format!("{name} Plain | - | - | - | - | - | - | -")],
        );
    }
    check(
        "☆",
        &["U+2606 Plain | U+2606 | U+2606 | U+2606 | U+2606 | 1-01-89 | 8199 | 1-01-89"],
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

fn made_of(parts: &str) -> String {
    let query = Query {
        parts: Some(parts),
        ..Query::default()
    };
    let found = TABLES.find(&query, usize::MAX);
    found.iter().filter_map(|glyph| glyph.plain).collect()
}

#[test]
fn a_character_is_found_by_parts_at_any_depth() {
    let found = made_of("自方辶");
    assert!(found.contains('邊'), "⿺辶臱, and 方 stands inside 臱");
    assert!(!found.contains('辺') && !found.contains('自'));
    assert!(made_of("土口").contains('𠮷'));
    assert!(made_of("山 鳥").contains('嶋') && made_of("鳥、山").contains('嶌'));
    assert_eq!(made_of("自方辶言馬"), "");
    assert_eq!(made_of(" "), "");
}

#[test]
fn a_part_is_typed_as_the_character_it_comes_from() {
    for (typed, other, inside) in [
        ("水", "氵", '渡'),
        ("人", "亻", '伊'),
        ("艸", "艹", '葛'),
        ("示", "礻", '祐'),
        ("王", "王", '琢'),
        ("月", "月", '朝'),
        ("⾔", "訁", '詠'),
        ("竜", "龍", '瀧'),
    ] {
        for part in [typed, other] {
            assert!(made_of(part).contains(inside), "{part} in {inside}");
        }
    }
}

#[test]
fn forms_with_a_selector_are_found_by_the_parts_of_their_code_point() {
    let query = Query {
        parts: Some("自辶"),
        strokes: Some((15, 18)),
        ..Query::default()
    };
    let found = TABLES.find(&query, usize::MAX);
    let of_hen = found.iter().filter(|glyph| glyph.code_point == Some('邉'));
    assert!(of_hen.filter(|glyph| glyph.plain.is_none()).count() > 5);
}

#[test]
fn added_characters_are_known_with_the_citys_font_only() {
    let added = written("\u{10A3C5}").next().unwrap();
    assert_eq!(TABLES.identify(added), Identity::PrivateUse);
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/characters.bin"));
    let tables = Characters::from_bytes(&bytes.unwrap()).unwrap();
    let tables = tables.with_added(['\u{10A3C5}', '\u{E000}', '高']);
    let Identity::MjPlus(known) = tables.identify(added) else {
        panic!("the font has it");
    };
    assert_eq!(known.to_string(), "MJ+10A3C5");
    assert_eq!(
        tables.fit(added, Target::MjPlus),
        Fit::Exact("MJ+10A3C5".to_owned())
    );
    assert_eq!(tables.fit(added, Target::Mj), Fit::Missing);
    // Private codes of the basic plane stay those of single systems, whatever the font draws.
    let own = written("\u{E000}").next().unwrap();
    assert_eq!(tables.identify(own), Identity::PrivateUse);
    let other = written("\u{10A3C6}").next().unwrap();
    assert_eq!(tables.identify(other), Identity::PrivateUse);
}

/// What each encoding gives back of a code: the way back through an independent decoder.
fn back(code: &str, target: Target) -> Option<char> {
    let hex = |code: &str| -> Vec<u8> {
        let digits = code.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.map(|pair| byte(pair).unwrap()).collect()
    };
    let text = match target {
        Target::Cp932 => encoding_rs::SHIFT_JIS.decode(&hex(code)).0.into_owned(),
        Target::JisX0208 => {
            let mut parts = code.split('-').map(|part| part.parse::<u8>().unwrap());
            let (plane, row, cell) = (parts.next()?, parts.next()?, parts.next()?);
            assert_eq!(plane, 1);
            let bytes = [row + 0xA0, cell + 0xA0];
            encoding_rs::EUC_JP.decode(&bytes).0.into_owned()
        }
        Target::MjPlus
        | Target::Mj
        | Target::ResidentNetwork
        | Target::FamilyRegister
        | Target::JisX0213 => return None,
    };
    text.chars().next()
}

#[test]
fn every_character_comes_back_from_every_system_that_has_it() {
    for target in Target::ALL {
        let (mut exact, mut codes) = (0, std::collections::HashSet::new());
        for glyph in TABLES.glyphs() {
            let Some(text) = glyph.text() else { continue };
            let Fit::Exact(code) = fit_of(&text, target) else {
                continue;
            };
            exact += 1;
            assert!(
                codes.insert(code.clone()),
                "{code} means two glyphs in {}",
                target.key()
            );
            match target {
                Target::MjPlus | Target::Mj => {
                    assert_eq!(TABLES.by_number(&code), [glyph], "{code}");
                }
                Target::ResidentNetwork => {
                    let digits = code.strip_prefix("J+").unwrap();
                    let number = u16::from_str_radix(digits, 16).ok();
                    assert_eq!(glyph.resident_network, number, "{code}");
                }
                Target::FamilyRegister => {
                    assert_eq!(glyph.family_register, code.parse().ok(), "{code}");
                }
                // A place in the standard is a number of the table, not of an encoding here.
                Target::JisX0213 => assert_eq!(glyph.jis.unwrap().to_string(), code),
                Target::Cp932 | Target::JisX0208 => {
                    let came = back(&code, target).unwrap();
                    assert_eq!(came.to_string(), text, "{}", target.key());
                }
            }
        }
        let expected = match target {
            Target::MjPlus | Target::Mj => 58_843,
            Target::ResidentNetwork => 19_563,
            Target::FamilyRegister => 55_255,
            Target::JisX0213 => 10_054,
            Target::Cp932 => 6_718,
            Target::JisX0208 => 6_358,
        };
        assert_eq!(exact, expected, "{}", target.key());
    }
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

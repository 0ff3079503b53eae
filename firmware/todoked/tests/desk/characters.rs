//! Choosing a character under a name that the form cannot print, or that a system lacks.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::LazyLock;

use counter_api::{
    CharacterAction, CharacterQuery, CharactersView, FieldView, GlyphPicture, StaffAction,
};
use counter_characters::GaijiTables;
use counter_characters::gaiji::{GAIJI_TABLES, read_sheet};
use counter_domain::character_choice::{
    CHARACTER_CHOICES, CharacterChoices, ChoiceMade, ChoiceStanding, ChoiceSubject,
};
use counter_domain::ids::StaffId;
use todoked::desk::GlyphGate;

use crate::rig::{CHARACTERS, MORNING, Rig};

/// A font with the glyphs of the MJ table and no sequence of another collection.
#[derive(Debug)]
struct MjFont;

impl GlyphGate for MjFont {
    fn missing(&self, text: &str) -> Option<String> {
        let tables = LazyLock::force(&CHARACTERS).tables().unwrap();
        counter_characters::written(text)
            .find(|one| {
                !matches!(
                    tables.identify(*one),
                    counter_characters::Identity::Glyph(_) | counter_characters::Identity::Plain
                )
            })
            .map(counter_characters::Written::code_points)
    }

    fn outline(&self, character: &str) -> GlyphPicture {
        // The written character and the one it is look the same.
        let path = if [FOREIGN, MJ].contains(&character) {
            "M0 0L900 0L900 900L0 900Z"
        } else {
            "M0 0L900 0L0 900Z"
        };
        GlyphPicture {
            path: path.to_owned(),
            note: String::new(),
        }
    }
}

/// 葛 with a selector of the Adobe-Japan1 collection, which the forms' font would ignore.
const FOREIGN: &str = "葛\u{E0100}";
/// The same shape in the MJ table.
const MJ: &str = "葛\u{E0102}";

fn counter() -> Rig {
    CHARACTERS.load(&counter_characters::tables::file());
    let mut rig = Rig::with_gate(MjFont);
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig
}

fn deed(rig: &mut Rig, deed: CharacterAction) {
    rig.staff(StaffAction::Characters { deed });
}

fn open(rig: &mut Rig, path: &str) -> CharactersView {
    let path = path.to_owned();
    deed(rig, CharacterAction::Open { path });
    rig.reception().characters.unwrap()
}

fn take(rig: &mut Rig, text: &str) {
    let text = text.to_owned();
    deed(rig, CharacterAction::Take { text });
}

fn field(rig: &Rig, path: &str) -> FieldView {
    let members = rig.reception().members.into_iter();
    let mut fields = members.flat_map(|member| member.fields);
    fields.find(|field| field.path == path).unwrap()
}

fn chosen(rig: &Rig, subject: &ChoiceSubject) -> String {
    let case = rig.reception().case;
    let record = rig.store.lock().unwrap().case(case).unwrap().unwrap();
    let text = record.draft.text(subject.path().as_str());
    text.unwrap_or_default().to_owned()
}

#[test]
fn stopped_name_is_put_right_with_a_glyph_that_can_be_printed() {
    let mut rig = counter();
    rig.set("member.1.name", &format!("{FOREIGN}西　太郎"));
    let stopped = field(&rig, "member.1.name");
    assert!(stopped.error.unwrap().contains("U+845B U+E0100"));
    let view = open(&mut rig, "member.1.name");
    assert_eq!(view.code_points, "U+845B U+E0100");
    assert!(view.about.contains("別の字形集"), "{}", view.about);
    assert!(view.cells[0].current && view.cells[0].stopped);
    assert_eq!(view.cells.len(), 6, "five characters and a place for more");
    let row = &view.found[0];
    assert_eq!(row.text, MJ, "what looks the same comes first");
    assert!(row.number.starts_with("MJ") && row.about.contains("画"));
    assert!(!row.systems.is_empty() && !row.picture.is_empty());
    take(&mut rig, MJ);
    assert_eq!(rig.value("member.1.name"), format!("{MJ}西　太郎"));
    assert!(field(&rig, "member.1.name").error.is_none());
    assert_eq!(chosen(&rig, &ChoiceSubject::glyph(FOREIGN)), MJ);
    // That glyph prints, and the file for the resident record system has none of it.
    let next = rig.reception().characters.unwrap();
    assert!(!next.system.is_empty() && next.cells[0].current);
    take(&mut rig, "葛");
    assert_eq!(rig.value("member.1.name"), format!("{MJ}西　太郎"));
    assert!(rig.reception().characters.is_none(), "it is done");
}

#[test]
fn one_choice_puts_the_whole_family_right_and_is_undone_at_once() {
    let mut rig = counter();
    rig.staff(StaffAction::AddMember);
    let (first, second) = (format!("{FOREIGN}西　太郎"), format!("{FOREIGN}西　花子"));
    rig.set("member.1.name", &first);
    rig.set("member.2.name", &second);
    open(&mut rig, "member.2.name");
    take(&mut rig, MJ);
    assert_eq!(rig.value("member.1.name"), format!("{MJ}西　太郎"));
    assert_eq!(rig.value("member.2.name"), format!("{MJ}西　花子"));
    let told = rig.desk.staff_view().notice.unwrap();
    assert_eq!(told.code, "CHARACTER-TAKEN");
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("member.1.name"), first);
    assert_eq!(rig.value("member.2.name"), second);
    assert_eq!(chosen(&rig, &ChoiceSubject::glyph(FOREIGN)), "");
}

#[test]
fn what_the_city_confirmed_is_offered_first() {
    let mut rig = counter();
    let mut choices = CharacterChoices::default();
    let subject = ChoiceSubject::glyph(FOREIGN);
    choices.take_in(&[ChoiceMade {
        subject: subject.clone(),
        chosen: "葛\u{E0107}".to_owned(),
        by: StaffId::from("u0777"),
        at_unix_ms: MORNING,
        cases: 3,
    }]);
    let head = StaffId::from("u0101");
    choices.settle(
        &subject,
        "葛\u{E0107}",
        ChoiceStanding::Confirmed,
        (&head, MORNING),
    );
    rig.arrives(CHARACTER_CHOICES, 1, serde_json::to_vec(&choices).unwrap());
    rig.set("member.1.name", &format!("{FOREIGN}西"));
    let view = open(&mut rig, "member.1.name");
    assert_eq!(view.found[0].text, "葛\u{E0107}");
    assert_eq!(
        view.found[0].chosen_before,
        "市が確認した字です（令和8年11月21日 u0777）。"
    );
}

#[test]
fn character_a_system_lacks_stays_and_another_one_is_handed_over() {
    let mut rig = counter();
    rig.set("member.1.name", "𠮷田　太郎");
    let before = field(&rig, "member.1.name");
    assert!(before.error.is_none(), "it can be printed");
    assert!(before.lacking.contains("シフトJIS"), "{}", before.lacking);
    let view = open(&mut rig, "member.1.name");
    assert!(!view.system.is_empty());
    assert!(view.found.iter().any(|row| row.text == "吉"));
    take(&mut rig, "吉");
    assert_eq!(rig.value("member.1.name"), "𠮷田　太郎", "the name stays");
    assert_eq!(chosen(&rig, &ChoiceSubject::in_system("cp932", "𠮷")), "吉");
    assert_eq!(field(&rig, "member.1.name").lacking, "");
}

#[test]
fn character_that_the_system_has_under_a_private_code_is_not_lacking() {
    let mut rig = counter();
    let sheet = b"code,character\nF040,MJ032129\n";
    let table = read_sheet("cp932", sheet, CHARACTERS.tables().unwrap()).unwrap();
    let mut tables = GaijiTables::default();
    tables.put(table);
    rig.arrives(GAIJI_TABLES, 1, serde_json::to_vec(&tables).unwrap());
    rig.set("member.1.name", "𠮷田　太郎");
    assert_eq!(field(&rig, "member.1.name").lacking, "", "F040 is 𠮷 there");
    rig.set("member.1.name", "𠮷邉\u{E0119}　太郎");
    assert!(field(&rig, "member.1.name").lacking.contains("邉\u{E0119}"));
}

#[test]
fn character_is_found_by_parts() {
    let mut rig = counter();
    rig.set("member.1.name", "架空");
    open(&mut rig, "member.1.name");
    let query = CharacterQuery {
        parts: "自方辶".to_owned(),
        ..CharacterQuery::default()
    };
    deed(&mut rig, CharacterAction::Find { query });
    let view = rig.reception().characters.unwrap();
    assert!(
        view.found.iter().any(|row| row.text == "邊"),
        "{}",
        view.message
    );
    assert!(view.found.iter().all(|row| row.text != "辺"));
    take(&mut rig, "邊");
    assert_eq!(rig.value("member.1.name"), "架空邊");
}

#[test]
fn character_is_found_by_reading_strokes_radical_and_number_and_added() {
    let mut rig = counter();
    rig.set("member.1.name", "架空");
    let view = open(&mut rig, "member.1.name");
    assert!(view.found.is_empty() && view.code_points.is_empty());
    let mut find = |reading: &str, strokes: &str, radical: &str, number: &str| {
        let query = CharacterQuery {
            reading: reading.to_owned(),
            strokes: strokes.to_owned(),
            radical: radical.to_owned(),
            number: number.to_owned(),
            ..CharacterQuery::default()
        };
        deed(&mut rig, CharacterAction::Find { query });
        let view = rig.reception().characters.unwrap();
        let texts = view.found.iter().map(|row| row.text.as_str());
        format!("{} {}", texts.collect::<String>(), view.message)
    };
    assert!(find("へん", "5", "辶", "").starts_with('辺'));
    assert!(find("", "", "", "MJ026190").starts_with('邉'));
    assert!(find("", "", "", "U+9089").contains('邉'));
    assert!(find("へん", "99", "", "").contains("当てはまる字がありません"));
    assert!(find("", "x", "", "").contains("画数は"));
    assert!(find("", "", "部首", "").contains("部首は"));
    find("へん", "5", "辶", "");
    take(&mut rig, "辺");
    assert_eq!(rig.value("member.1.name"), "架空辺");
}

#[test]
fn only_what_was_offered_is_taken() {
    let mut rig = counter();
    rig.set("member.1.name", &format!("{FOREIGN}西"));
    open(&mut rig, "member.1.name");
    let text = "藤".to_owned();
    rig.refused(StaffAction::Characters {
        deed: CharacterAction::Take { text },
    });
    for path in ["event.date", "nowhere", "member.1.kana"] {
        let path = path.to_owned();
        rig.refused(StaffAction::Characters {
            deed: CharacterAction::Open { path },
        });
    }
}

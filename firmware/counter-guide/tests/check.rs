//! The check of a catalogue: each mistake with file, line, column and a sentence.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_domain::residence::StayClass;
use counter_guide::catalogue::{BUNDLED, Catalogue};
use counter_guide::certificates;
use counter_guide::check::check;

fn golden() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

/// The program's own catalogue with certificates.
fn bundled() -> Vec<(String, String)> {
    let all = BUNDLED.iter().chain([&certificates::BUNDLED]);
    all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

/// The bundled catalogue with one text put in another's place: what the check then says, and the
/// changed file.
fn with(file: &str, old: &str, new: &str) -> (Vec<String>, String) {
    let mut files = bundled();
    let found = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(found.1.contains(old), "{old}");
    found.1 = found.1.replacen(old, new, 1);
    let changed = found.1.clone();
    let said = check(&borrowed(&files), &borrowed(&golden()));
    (said.iter().map(ToString::to_string).collect(), changed)
}

/// Puts `new` for `old` and expects to be told `sentence` at the place of `mark`: `»` stands in it
/// right before the place.
#[track_caller]
fn told(file: &str, old: &str, new: &str, mark: &str, sentence: &str) {
    let (said, changed) = with(file, old, new);
    let (before, after) = mark.split_once('»').unwrap();
    let at = changed.find(&format!("{before}{after}")).unwrap() + before.len();
    let before = &changed.split_at(at).0;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let expected = format!("{file}:{line}:{column}: {sentence}");
    assert!(said.contains(&expected), "{expected}\n{said:#?}");
}

#[test]
fn bundled_catalogue_is_right() {
    let findings = check(&borrowed(&bundled()), &borrowed(&golden()));
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, Vec::<String>::new());
}

/// A PNG of four by two pixels.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAADklEQVR4nGP4jwQYkDkANvEX6SAXxcIAAAAASUVORK5CYII=";

/// What the check says of the bundled catalogue with a file of maps and a picture beside it.
fn with_maps(maps: &str, picture: &str) -> Vec<String> {
    let mut files = bundled();
    files.push(("maps.yaml".to_owned(), format!("maps:\n{maps}")));
    files.push(("maps/hall.png".to_owned(), picture.to_owned()));
    let said = check(&borrowed(&files), &borrowed(&golden()));
    said.iter().map(ToString::to_string).collect()
}

#[test]
fn a_place_has_a_picture_and_an_address_of_its_map() {
    let maps = "  hoken: { picture: maps/hall.png, url: 'https://www.city.example/map?of=hoken' }\n  kankyo: { url: 'https://city.example:8443/a' }\n";
    assert_eq!(with_maps(maps, PICTURE), Vec::<String>::new());
    let mut files = bundled();
    files.push(("maps.yaml".to_owned(), format!("maps:\n{maps}")));
    files.push(("maps/hall.png".to_owned(), PICTURE.to_owned()));
    let catalogue = Catalogue::from_files(&borrowed(&files)).unwrap();
    let of = |id: &str| {
        let mut all = catalogue.procedures().iter();
        let procedure = all.find(|one| one.section == id).unwrap();
        catalogue.counter_of(procedure).unwrap().clone()
    };
    let picture = of("hoken").map_picture.unwrap();
    assert_eq!((picture.width, picture.height), (4, 2));
    assert_eq!(
        of("kankyo").map_url.as_deref(),
        Some("https://city.example:8443/a")
    );
    assert_eq!(of("kaigo").map_picture, None);
}

/// A file of maps that is refused with this sentence at this place.
#[track_caller]
fn map_refused(maps: &str, picture: &str, place: &str, sentence: &str) {
    let said = with_maps(maps, picture);
    assert_eq!(said, [format!("maps.yaml:{place}: {sentence}")]);
}

#[test]
fn a_map_that_cannot_be_printed_is_told_with_its_place() {
    let named = "  hoken: { picture: maps/hall.png }\n";
    map_refused(
        "  hoken: { picture: maps/hal.png }\n",
        PICTURE,
        "2:21",
        "there is no picture maps/hal.png in the catalogue's folder; put it there as PNG or take it out",
    );
    let torn = PICTURE.get(..60).unwrap();
    let broken = "maps/hall.png is not a whole PNG picture; save it again as PNG";
    map_refused(named, torn, "2:21", broken);
    map_refused(named, "", "2:21", broken);
    map_refused(
        "  hokn: { picture: maps/hall.png }\n",
        PICTURE,
        "2:3",
        "there is no place called hokn; write it under counters",
    );
    map_refused(
        "  hoken: {}\n",
        PICTURE,
        "2:3",
        "the map of hoken has neither a picture nor a url",
    );
    let blank = "the address of a map has a blank or a letter that no address has; copy it from the browser's address line";
    let nowhere = "the address of a map names no site, such as https://www.city.example/map";
    let long = format!("https://city.example/{}", "a".repeat(140));
    for (url, sentence) in [
        (
            "http://city.example/map",
            "the address of a map begins with https://",
        ),
        ("https://city.example/地図", blank),
        ("https://city.example/a map", blank),
        ("https:///map", nowhere),
        ("https://city/map", nowhere),
        ("https://city..example/map", nowhere),
        (
            long.as_str(),
            "the address of a map is longer than 150 letters, too long for a code that can be scanned; give a shorter one",
        ),
    ] {
        let maps = format!("  hoken:\n    url: '{url}'\n");
        map_refused(&maps, PICTURE, "3:10", sentence);
    }
}

#[test]
fn statuses_of_residence_are_checked() {
    told(
        "statuses.yaml",
        "  留学: { en: 'Student'",
        "  留学: { en: ' '",
        "  »留学: { en",
        "留学 has no en",
    );
    told(
        "statuses.yaml",
        "from: '2027-04-01'",
        "from: '2027-04-31'",
        "from: »'2027-04-31'",
        "this is not a day",
    );
}

#[test]
fn every_status_of_the_law_is_there_once() {
    let catalogue = Catalogue::bundled().unwrap();
    let statuses = catalogue.statuses();
    let today = jiff::civil::date(2026, 11, 22);
    let find = |name: &str| statuses.find(name, today);
    for name in ["短期滞在", "外交", "公用"] {
        assert!(!find(name).unwrap().record, "{name}");
    }
    for name in ["永住者", "特別永住者", "高度専門職2号"] {
        assert!(!find(name).unwrap().limited, "{name}");
    }
    let endless = statuses.iter().filter(|one| !one.limited).count();
    let without_record = statuses.iter().filter(|one| !one.record).count();
    assert_eq!((endless, without_record), (3, 3));
    assert_eq!(
        find("特別永住者").unwrap().class,
        StayClass::SpecialPermanent
    );
    assert!(find("育成就労").is_none(), "from 1 April 2027");
    assert_eq!(find("技能実習1号ロ").unwrap().name, "技能実習１号ロ");
}

#[test]
fn catalogue_without_statuses_has_those_of_the_program() {
    let files: Vec<(&str, &str)> = BUNDLED
        .iter()
        .filter(|(name, _)| *name != "statuses.yaml")
        .copied()
        .collect();
    let without = Catalogue::from_files(&files).unwrap();
    assert_eq!(without.statuses(), Catalogue::bundled().unwrap().statuses());
}

#[test]
fn unknown_fact_is_told() {
    told(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and hh.dog >= 1\n",
        "when: WITHIN and »hh.dog >= 1",
        "there is no fact called hh.dog",
    );
}

#[test]
fn rule_that_never_holds_is_told() {
    told(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and ev.type == 'birth'\n",
        "when: »WITHIN and ev.type == 'birth'",
        "the rule of P009 never holds; no facts make it true",
    );
    told(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: any(age < 10 and wants_seal)\n",
        "when: »any(age < 10",
        "the rule of P009 never holds; no facts make it true",
    );
}

#[test]
fn rule_no_golden_household_triggers_is_told() {
    told(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and ev.type == 'birth'\n",
        "- id: »P009",
        "no golden household leads to P009; write one that does",
    );
    let (said, _) = with(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and ev.type == 'birth'\n",
    );
    let claim = "move-within-family.txt:6:1: P009 should be listed: 転居届は移ってから14日以内（住基法23条）";
    assert!(said.iter().any(|one| one == claim), "{said:?}");
}

#[test]
fn question_nobody_is_asked_is_told() {
    told(
        "facts.yaml",
        "facts:\n",
        "facts:\n  hh.cats: { level: household, type: int, label_ja: 猫, source: question, question_ja: 猫, question_easy_ja: ねこ, question_en: 'cats?' }\n",
        "  »hh.cats: {",
        "the question of hh.cats is never asked; no rule reads it, so use it in a rule or take it out",
    );
}

#[test]
fn text_missing_in_a_language_is_told() {
    told(
        "facts.yaml",
        "    question_en: 'Do you keep a dog?'\n",
        "",
        "  »hh.dogs:",
        "hh.dogs has no question_en",
    );
    told(
        "advice/places.yaml",
        "easy: 'いつでも できます。', ",
        "",
        "  »none: {",
        "the consequence none has no text in plain Japanese (easy)",
    );
    told(
        "advice/insurance.yaml",
        "en: 'Everyone without employer''s insurance joins National Health Insurance.'",
        "en: ''",
        "  »P053: {",
        "the why of P053 has no text in English (en)",
    );
    told(
        "certificates.yaml",
        "easy: 'じぶんを 証明するもの', ",
        "",
        "  »id: {",
        "the paper id has no text in plain Japanese (easy)",
    );
}

#[test]
fn procedure_that_does_not_say_what_to_bring_is_told() {
    told(
        "procedures/hoken.yaml",
        "    documents: [sokuhoken, mynumber_doc, id1or2, zairyu_all]\n",
        "    documents: []\n",
        "- id: »P053",
        "P053 does not say what to bring; write documents: [none] when nothing is needed",
    );
}

#[test]
fn form_without_a_number_and_two_with_the_same_are_told() {
    told(
        "procedures/hoken.yaml",
        "    form_no: F044\n",
        "",
        "- id: »P053",
        "P053 is a form but has no form_no; number the form",
    );
    told(
        "procedures/shimin.yaml",
        "form_no: F002\n",
        "form_no: F001\n",
        "- id: »P002",
        "the form F001 of P002 is another procedure's form too",
    );
}

#[test]
fn name_used_twice_is_told_also_across_files() {
    told(
        "procedures/hoken.yaml",
        "- id: P054\n",
        "- id: P053\n",
        "- id: »P053\n    name_ja: '国民健康保険 資格喪失届'",
        "the procedure P053 is there twice",
    );
    told(
        "rules.yaml",
        "macros:\n",
        "facts:\n  hh.dogs: { level: household, type: int, label_ja: 犬, source: again }\nmacros:\n",
        "  »hh.dogs: {",
        "the fact hh.dogs is there twice",
    );
    told(
        "advice/family.yaml",
        "advice:\n",
        "advice:\n  P053: { late: none, why: { ja: あ, easy: あ, en: a } }\n",
        "  »P053: {",
        "the advice of P053 is there twice",
    );
    told(
        "procedures/hoken.yaml",
        "procedures:\n",
        "sections:\n  shimin: { ja: あ, easy: あ, en: a }\nprocedures:\n",
        "  »shimin: {",
        "the section shimin is there twice",
    );
}

#[test]
fn bad_deadline_is_told() {
    told(
        "procedures/hoken.yaml",
        "      amount: 14\n",
        "      amount: 0\n",
        "    deadline:\n      »kind: within\n      amount: 0",
        "a deadline of kind within needs an amount above zero and a unit (day, month, year)",
    );
    told(
        "procedures/hoken.yaml",
        "      kind: within\n      amount: 14\n",
        "      kind: none\n      amount: 14\n",
        "    deadline:\n      »kind: none\n      amount: 14",
        "only a deadline of kind within has an amount and a unit; take them out or change the kind",
    );
    let (said, _) = with(
        "procedures/hoken.yaml",
        "      unit: day\n",
        "      unit: week\n",
    );
    assert_eq!(
        said,
        ["procedures/hoken.yaml:16:13: unknown variant `week`, expected one of day, month, year"]
    );
}

#[test]
fn sensitive_question_on_the_residents_screen_is_told() {
    told(
        "facts.yaml",
        "    sensitive: true\n",
        "",
        "  »hh.welfare:",
        "hh.welfare would be asked on the resident's screen, where others can read it; write sensitive: true",
    );
    let (said, _) = with(
        "rules.yaml",
        "  - if: not child_special\n    set_false: [",
        "  - if: not nursery\n    set_false: [hibaku]\n  - if: not child_special\n    set_false: [",
    );
    let sentence = ": the question of nursery settles hibaku and would be asked on the resident's screen; write sensitive: true";
    assert!(
        said.iter()
            .any(|one| one.starts_with("facts.yaml:") && one.ends_with(sentence)),
        "{said:?}"
    );
}

#[test]
fn what_no_record_can_answer_is_told() {
    let seal = "fact: seal_registered, value: true, here";
    for (old, new, mark, sentence) in [
        (
            "qualification: seal, ",
            "qualification: seel, ",
            "{ qualification: »seel, ",
            "there is no qualification called seel; there are nhi, ",
        ),
        (
            seal,
            "fact: seal_registred, value: true, here",
            "fact: »seal_registred",
            "there is no fact called seal_registred",
        ),
        (
            seal,
            "fact: is_head, value: true, here",
            "fact: »is_head",
            "is_head is not asked of people, so no record of a person answers it",
        ),
        (
            seal,
            "fact: seal_registered, value: often, here",
            "value: »often",
            "seal_registered is never often",
        ),
        (
            seal,
            "fact: seal_registered, here",
            "fact: »seal_registered, here",
            "say what it says of seal_registered, as value",
        ),
        (
            "fact: hh.dogs }",
            "fact: hh.dogs, value: 3 }",
            "fact: hh.dogs, value: »3",
            "hh.dogs is a number and is counted; leave the value out",
        ),
        (
            "ages: [65, 74]",
            "ages: [74, 65]",
            "ages: »[74, 65]",
            "ages are written from the younger to the older, both included",
        ),
        (
            "fact: insurance, value: latter }",
            "fact: insurance, value: latter }\n  - { qualification: nhi, fact: insurance, value: none }",
            "- { qualification: »nhi, fact: insurance, value: none",
            "this rule on nhi and insurance is never used; one before it always fits, so move it up or take it out",
        ),
    ] {
        let (said, changed) = with("known.yaml", old, new);
        let (before, after) = mark.split_once('»').unwrap();
        let at = changed.find(&format!("{before}{after}")).unwrap() + before.len();
        let before = &changed.split_at(at).0;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let expected = format!("known.yaml:{line}:{column}: {sentence}");
        assert!(
            said.iter().any(|one| one.starts_with(&expected)),
            "{expected}\n{said:#?}"
        );
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let (said, _) = with(
        "rules.yaml",
        "macros:\n",
        "macros:\n  A: agee < 3\n  B: (age < 3\n",
    );
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn a_language_is_a_file_and_what_it_lacks_is_told() {
    let mut files = bundled();
    let text = "language:\n  tag: vi\n  name: Tiếng Việt\n  texts:\n    procedure.P053: Tham gia bảo hiểm y tế quốc dân\n    procedure.P999: x\n";
    files.push(("languages/vi.yaml".to_owned(), text.to_owned()));
    let said: Vec<String> = check(&borrowed(&files), &borrowed(&golden()))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("languages/vi.yaml:2:8: vi has no text for "));
    assert_eq!(
        said[1],
        "languages/vi.yaml:6:5: nothing is called procedure.P999, so vi needs no text for it"
    );
    let catalogue = Catalogue::from_files(&borrowed(&files)).unwrap();
    let name = |tag: &str, id: &str| {
        let words = &catalogue.procedure(id).unwrap().name;
        catalogue
            .said_in(tag, &format!("procedure.{id}"), words)
            .to_owned()
    };
    assert_eq!(name("vi", "P053"), "Tham gia bảo hiểm y tế quốc dân");
    assert_eq!(name("vi", "P054"), name("en", "P054"), "English until then");
    assert_eq!(name("ja", "P053"), "国民健康保険 資格取得届");
}

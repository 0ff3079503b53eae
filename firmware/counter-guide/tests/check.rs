//! The check of a catalogue: each mistake with file, line, column and a sentence.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_guide::catalogue::BUNDLED;
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

/// The bundled catalogue with one text put in another's place, and what the check then says.
fn with(file: &str, old: &str, new: &str) -> Vec<String> {
    let mut files: Vec<(String, String)> = BUNDLED
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let found = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(found.1.contains(old), "{old}");
    found.1 = found.1.replacen(old, new, 1);
    check(&borrowed(&files), &borrowed(&golden()))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn bundled_catalogue_is_right() {
    let findings = check(BUNDLED, &borrowed(&golden()));
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let said = with(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and hh.dog >= 1\n",
    );
    assert_eq!(
        said,
        ["procedures/shimin.yaml:194:22: there is no fact called hh.dog"]
    );
    let said = with(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: WITHIN and ev.type == 'birth'\n",
    );
    for expected in [
        "procedures/shimin.yaml:186:3: no golden household leads to P009; write one that does",
        "procedures/shimin.yaml:186:3: the rule of P009 never holds; no facts make it true",
        "move-within-family.txt:6:1: P009 should be listed: 転居届は移ってから14日以内（住基法23条）",
    ] {
        assert!(said.iter().any(|one| one == expected), "{said:?}");
    }
}

#[test]
fn rule_against_what_follows_from_age_never_holds() {
    let said = with(
        "procedures/shimin.yaml",
        "when: WITHIN\n",
        "when: any(age < 10 and wants_seal)\n",
    );
    assert!(
        said.iter()
            .any(|one| one.contains("the rule of P009 never holds")),
        "{said:?}"
    );
}

#[test]
fn question_no_rule_reads_is_told() {
    let said = with(
        "facts.yaml",
        "facts:\n",
        "facts:\n  hh.cats: { level: household, type: int, label_ja: 猫, source: question, question_ja: 猫, question_easy_ja: ねこ, question_en: 'cats?' }\n",
    );
    assert_eq!(
        said,
        [
            "facts.yaml:8:3: the question of hh.cats is never asked; no rule reads it, so use it in a rule or take it out"
        ]
    );
}

#[test]
fn text_missing_in_a_language_is_told() {
    let said = with("facts.yaml", "    question_en: 'Do you keep a dog?'\n", "");
    assert!(
        said.iter()
            .any(|one| one.ends_with("hh.dogs has no question_en")),
        "{said:?}"
    );
    let said = with("advice/places.yaml", "easy: 'いつでも できます。', ", "");
    assert!(
        said.iter()
            .any(|one| one.ends_with("the consequence none has no text in plain Japanese (easy)")),
        "{said:?}"
    );
}

#[test]
fn several_mistakes_are_told_at_once() {
    let said = with(
        "rules.yaml",
        "macros:\n",
        "macros:\n  A: agee < 3\n  B: (age < 3\n",
    );
    assert_eq!(said.len(), 2, "{said:?}");
}

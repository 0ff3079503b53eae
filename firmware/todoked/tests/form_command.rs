//! `todoke form`: text in, text out.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn todoke(words: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_todoke"));
    command.arg("form").args(words).current_dir(folder);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const CASE: &str = r#"{
    "city": "六会市",
    "receipt_number": "07-2-261121-0184-6",
    "filed_on": "2026-11-21",
    "notifier": { "name": "架空　太郎", "roll": "self" },
    "subject": { "name": "架空　太郎", "address": "六会市架空町一丁目９番６号" },
    "lines": [{ "kind": "seal", "copys": 2, "copies": 1, "fee": 0 }]
}"#;

#[test]
fn misspelt_key_is_told_and_the_form_is_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("case.json"), CASE).unwrap();
    let words = ["render", "C003", "--data", "case.json", "--out", "c.pdf"];
    let done = todoke(&words, folder.path());
    assert_eq!(
        text(&done.stderr),
        "todoke: 項目「lines.1.copys」はこの様式にないため、印字されません。「lines.1.copies」の間違いではありませんか。\n\
         todoke: 項目「notifier.roll」はこの様式にないため、印字されません。「notifier.role」の間違いではありませんか。\n"
    );
    assert!(done.status.success());
    let pdf = std::fs::read(folder.path().join("c.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));

    let right = CASE.replace("\"roll\"", "\"role\"");
    let right = right.replace("\"copys\": 2, ", "");
    std::fs::write(folder.path().join("case.json"), right).unwrap();
    let done = todoke(&words, folder.path());
    assert_eq!(text(&done.stderr), "");
    assert!(done.status.success());
}

#[test]
fn what_is_refused_is_told_after_the_key_that_explains_it() {
    let folder = tempfile::tempdir().unwrap();
    let case = CASE.replace("\"subject\"", "\"subjekt\"");
    std::fs::write(folder.path().join("case.json"), case).unwrap();
    let done = todoke(
        &["render", "C003", "--data", "case.json", "--out", "c.pdf"],
        folder.path(),
    );
    let said = text(&done.stderr);
    assert!(said.contains("「subjekt」"), "{said}");
    assert!(
        said.contains("「subject」の間違いではありませんか。"),
        "{said}"
    );
    assert!(said.contains("が入っていません"), "{said}");
    assert_eq!(done.status.code(), Some(1));
    assert!(!folder.path().join("c.pdf").exists());
}

#[test]
fn character_without_a_glyph_is_shown_with_what_could_stand_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let case = CASE.replacen("架空　太郎", "架空　葛\u{E0100}", 1);
    std::fs::write(folder.path().join("case.json"), case).unwrap();
    let words = ["render", "C003", "--data", "case.json", "--out", "c.pdf"];
    let done = todoke(&words, folder.path());
    let said = text(&done.stderr);
    assert!(said.contains("（U+845B U+E0100）"), "{said}");
    assert!(
        said.contains("「葛\u{E0100}」の代わりに選べる字："),
        "{said}"
    );
    for choice in ["葛（U+845B）", "葛\u{E0102}（U+845B U+E0102）"] {
        assert!(said.contains(choice), "{choice}: {said}");
    }
    assert_eq!(done.status.code(), Some(1));
    assert!(!folder.path().join("c.pdf").exists());
}

#[test]
fn pdf_that_does_not_fit_the_disk_is_not_left_in_part() {
    let folder = tempfile::tempdir().unwrap();
    // No file of this process may be larger than a few kilobytes, as on a disk that is full.
    let done = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_todoke"))
        .args(["form", "render", "F001", "--sample", "typical"])
        .args(["--out", "f.pdf"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = text(&done.stderr);
    assert!(said.starts_with("todoke: f.pdf に書けません"), "{said}");
    assert_eq!(done.status.code(), Some(1));
    assert!(!folder.path().join("f.pdf").exists());
}

/// The folder of a form, as a city copies it before editing, in `folder`.
fn copied(form: &str, folder: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../counter-forms/forms");
    let to = folder.join(form);
    std::fs::create_dir_all(to.join("samples")).unwrap();
    for name in ["form.typ", "meta.toml"] {
        std::fs::copy(from.join(form).join(name), to.join(name)).unwrap();
    }
    for entry in std::fs::read_dir(from.join(form).join("samples")).unwrap() {
        let name = entry.unwrap().file_name();
        let sample = Path::new("samples").join(name);
        std::fs::copy(from.join(form).join(&sample), to.join(&sample)).unwrap();
    }
}

#[test]
fn check_speaks_one_language_and_tells_a_fault_once() {
    let form = "C003-seal-certificate";
    let folder = tempfile::tempdir().unwrap();
    copied(form, folder.path());
    let clean = todoke(&["check", form], folder.path());
    assert_eq!(
        text(&clean.stdout),
        "1様式を確かめました。直すところはありません。\n"
    );
    assert!(clean.status.success());

    let template = folder.path().join(form).join("form.typ");
    let before = std::fs::read_to_string(&template).unwrap();
    let line = before.lines().count() + 1;
    let broken = format!("{}\n#unknown-part\n", before.trim_end());
    std::fs::write(&template, broken).unwrap();
    let refused = todoke(&["check", form], folder.path());
    assert_eq!(
        text(&refused.stdout),
        format!(
            "{form} (typical, longest, smallest, foreigner): テンプレートの誤り {form}/form.typ line {line} column 2: unknown variable: unknown-part\n"
        )
    );
    assert_eq!(
        text(&refused.stderr),
        "todoke: 1様式を確かめました。直すところが1件あります。\n"
    );
    assert_eq!(refused.status.code(), Some(1));

    let told: Value =
        serde_json::from_slice(&todoke(&["check", form, "--json"], folder.path()).stdout).unwrap();
    assert_eq!(told["findings"].as_array().map(Vec::len), Some(1));
}

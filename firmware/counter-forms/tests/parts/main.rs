//! Trial forms of the tests' own over the library: the parts as properties, what data is refused and
//! what an editor is told.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

mod calendar_and_boxes;
mod check;
mod data;

use std::path::Path;
use std::process::Command;

use counter_forms::{Assets, FontPaths, FormData, Forms, RenderError};

const META: &str = r#"
number = "T001"
version = 1
title = "試し"
title_en = "Trial"
paper = "a4"
valid_from = "2026-04-01"
section = "試験"
required = ["city"]
optional = ["detail.copies", "detail.kind", "detail.day", "lines", "lines.*.name"]

[fields]
"detail.copies" = { label = "通数", kind = "count" }
"detail.kind" = { label = "証明書の種類", kind = "choice", values = ["full", "part"] }
"detail.day" = { label = "異動日", kind = "date" }
"lines" = { label = "請求する証明書", kind = "list", length = 2 }
"lines.*.name" = { label = "証明書の名前（{}行目）", kind = "exact" }
"#;

/// A folder with the library and the given forms: folder, `meta.toml`, `form.typ`.
fn folder(forms: &[(&str, &str, &str)]) -> tempfile::TempDir {
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
    for (name, meta, template) in forms {
        let form = dir.path().join(name);
        std::fs::create_dir(&form).expect("a folder");
        std::fs::write(form.join("meta.toml"), meta).expect("written");
        std::fs::write(form.join("form.typ"), template).expect("written");
    }
    dir
}

fn open(dir: &tempfile::TempDir) -> Forms {
    Forms::with_templates(&FontPaths::default(), dir.path()).expect("opened")
}

fn trial(template: &str) -> Forms {
    open(&folder(&[("T001-trial", META, template)]))
}

fn render(forms: &Forms, data: serde_json::Value) -> Result<Vec<u8>, RenderError> {
    let data = FormData::new(data);
    forms
        .render("trial", &data, &Assets::default(), "2026-11-21")
        .map(|form| form.pdf)
}

/// The output of a program of poppler-utils on a PDF.
fn poppler(arguments: &[&str], pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("written");
    let (program, arguments) = arguments.split_first().expect("a program");
    let out = Command::new(program)
        .args(arguments)
        .arg(&file)
        .arg("-")
        .output()
        .expect("poppler-utils is installed");
    String::from_utf8(out.stdout).expect("UTF-8")
}

const PLAIN: &str = "#set document(title: \"試し\")\n第１版の紙";

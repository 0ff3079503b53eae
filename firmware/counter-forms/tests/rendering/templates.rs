//! Templates and fonts of a city's own: what they reach, and where they are wrong.

use std::path::{Path, PathBuf};

use counter_forms::{FontPaths, Forms, OpenFormsError, RenderError, RenderedForm, SampleKind};

use crate::{FILED_ON, assets, sample, text_of};

#[test]
fn missing_font_names_the_package() {
    let fonts = FontPaths {
        exact: PathBuf::from("/nowhere/ipamjm.ttf"),
        ..FontPaths::default()
    };
    let error = Forms::new(&fonts).expect_err("the font is not there");
    assert!(error.operator_text().contains("fonts-ipamj-mincho"));
    let swapped = FontPaths {
        label: FontPaths::default().exact,
        ..FontPaths::default()
    };
    let error = Forms::new(&swapped).expect_err("that is another font");
    assert!(matches!(error, OpenFormsError::FontWrong { .. }));
    assert!(
        error
            .operator_text()
            .contains("fonts-morisawa-bizud-gothic")
    );
}

fn write_templates(form: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("forms");
    for folder in ["F001-resident-move/samples", "parts", "samples"] {
        std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in std::fs::read_dir(here.join(folder)).expect("the folder is there") {
            let entry = entry.expect("readable");
            let to = dir.path().join(folder).join(entry.file_name());
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
    for file in ["lib.typ", "fields.toml", "F001-resident-move/meta.toml"] {
        std::fs::copy(here.join(file), dir.path().join(file)).expect("copied");
    }
    std::fs::write(dir.path().join("F001-resident-move/form.typ"), form).expect("written");
    dir
}

#[track_caller]
fn city_form(form: &str) -> Result<RenderedForm, RenderError> {
    let dir = write_templates(form);
    let forms = Forms::with_templates(&FontPaths::default(), dir.path()).expect("opened");
    forms.render(
        "resident-move",
        &sample(SampleKind::Typical),
        &assets(),
        FILED_ON,
    )
}

const CITY_FORM: &str = r#"
#import "/lib.typ": *
#set document(title: "様式")
#set text(font: label-font)
市の様式 #datetime.today().display()"#;

#[test]
fn city_changes_a_form_without_rebuilding() {
    let text = text_of(&city_form(CITY_FORM).expect("the city's form is made").pdf);
    assert!(text.contains("市の様式 2026-11-21"));
}

#[test]
fn template_reaches_no_file_and_no_package() {
    for reach in [
        "#read(\"/etc/hostname\")",
        "#read(\"../../../../etc/hostname\")",
        "#import \"@preview/cetz:0.3.0\"",
        "#read(\"/F001-resident-move/samples/typical.json\")",
    ] {
        let error = city_form(reach).expect_err(reach);
        assert!(
            matches!(error, RenderError::Template { .. }),
            "{reach}: {error}"
        );
    }
}

#[test]
fn fault_in_a_template_names_its_line() {
    let error = city_form("#let x = 1\n\n#unknown-part").expect_err("the template is wrong");
    assert_eq!(
        error.to_string(),
        "template of resident-move: F001-resident-move/form.typ line 3 column 2"
    );
}

//! The forms as a city gets them: text, conformance, determinism, refusals and the picture.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use counter_domain::draft::{Draft, DraftField, FieldPath, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{CaseId, DeviceId};
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotProcedure};
use counter_forms::resident_move::{self, City, FromSnapshotError};
use counter_forms::{
    Answers, Assets, FollowUp, FontPaths, FormData, FormMeta, Forms, OpenFormsError, Point,
    RenderError, RenderedForm, SampleKind, Stroke, signature_svg,
};
use serde_json::{Value, json};

const FILED_ON: &str = "2026-11-21";

static FORMS: LazyLock<Forms> =
    LazyLock::new(|| Forms::new(&FontPaths::default()).expect("the fonts are installed"));

fn sample(kind: SampleKind) -> FormData {
    FORMS
        .sample("resident-move", kind)
        .expect("every form brings its samples")
}

fn strokes() -> Vec<Stroke> {
    let stroke = |points: &[(i32, i32)]| Stroke {
        points: (0..)
            .zip(points)
            .map(|(n, &(x, y))| Point { x, y, t: n * 16 })
            .collect(),
    };
    vec![
        stroke(&[(2_000, 5_000), (9_000, 4_200), (16_000, 4_000)]),
        stroke(&[(9_000, 1_500), (8_600, 6_000), (4_000, 12_000)]),
        stroke(&[(9_200, 6_000), (13_000, 9_500), (17_000, 12_000)]),
        stroke(&[(18_500, 12_500)]),
    ]
}

fn assets() -> Assets {
    Assets::for_receipt("07-2-261121-0184-6").signed(signature_svg(&strokes()))
}

#[track_caller]
fn render(data: &FormData) -> RenderedForm {
    FORMS
        .render("resident-move", data, &assets(), FILED_ON)
        .expect("the form is made")
}

#[track_caller]
fn refused(data: &FormData) -> RenderError {
    FORMS
        .render("resident-move", data, &assets(), FILED_ON)
        .expect_err("the form is refused")
}

/// A sample with one value replaced, at a JSON pointer.
fn changed(kind: SampleKind, pointer: &str, value: &str) -> FormData {
    let mut json = sample(kind).as_json().clone();
    *json.pointer_mut(pointer).expect("the sample has the value") = value.into();
    FormData::new(json)
}

/// What anybody's viewer finds in the document.
#[track_caller]
fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, pdf).expect("the PDF is written");
    let out = Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext (poppler-utils) is installed");
    assert!(out.status.success(), "pdftotext refused the document");
    String::from_utf8(out.stdout).expect("UTF-8")
}

#[test]
fn name_and_receipt_number_are_found_in_the_text() {
    let text = text_of(&render(&sample(SampleKind::Typical)).pdf);
    for expected in [
        "住民異動届",
        "07-2-261121-0184-6",
        "六会市長",
        "架空ハイツ２０３号室",
        "架空\u{3000}𠮷葛\u{E0102}",
        "カクウ",
        "昭和60年7月14日",
        "令和元年5月1日",
        "24727059608",
    ] {
        let squeezed = |t: &str| t.replace([' ', '\u{3000}'], "");
        assert!(
            squeezed(&text).contains(&squeezed(expected)),
            "no {expected} in the text"
        );
    }
}

#[test]
fn ticks_can_be_read_as_text() {
    let text = text_of(&render(&sample(SampleKind::Typical)).pdf);
    let squeezed = text.replace(' ', "");
    assert!(squeezed.contains("✓転入"));
    assert!(squeezed.contains("?印鑑"));
    assert!(!squeezed.contains("✓転居"));
}

#[test]
fn selector_at_the_end_of_a_cell_survives() {
    let data = changed(SampleKind::Smallest, "/members/0/name", "架空葛\u{E0102}");
    let text = text_of(&render(&data).pdf);
    assert!(
        text.contains("葛\u{E0102}"),
        "the selector was dropped at the end of the cell"
    );
}

#[test]
fn selector_at_the_end_of_a_wrapped_line_survives() {
    let long = "葛\u{E0102}".repeat(40);
    let text = text_of(&render(&changed(SampleKind::Smallest, "/members/0/name", &long)).pdf);
    assert_eq!(text.matches("葛\u{E0102}").count(), 40);
}

#[test]
fn same_input_gives_the_same_bytes() {
    let first = render(&sample(SampleKind::Typical));
    let other = render(&sample(SampleKind::Foreigner));
    assert_eq!(first, render(&sample(SampleKind::Typical)));
    assert_ne!(first, other);
}

#[test]
fn document_declares_pdf_a_2u_and_is_tagged() {
    let pdf = render(&sample(SampleKind::Typical)).pdf;
    let has = |needle: &str| {
        pdf.windows(needle.len())
            .any(|found| found == needle.as_bytes())
    };
    assert!(has("<pdfaid:part>2</pdfaid:part>"));
    assert!(has("<pdfaid:conformance>U</pdfaid:conformance>"));
    assert!(has("/Marked true"));
    assert!(
        has("2026-11-21"),
        "the document is dated by the filing date"
    );
}

#[test]
fn names_are_set_in_the_mj_font_alone() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let file = dir.path().join("form.pdf");
    std::fs::write(&file, render(&sample(SampleKind::Typical)).pdf).expect("written");
    let out = Command::new("pdffonts")
        .arg(&file)
        .output()
        .expect("poppler-utils is installed");
    let fonts = String::from_utf8(out.stdout).expect("UTF-8");
    let families: Vec<&str> = fonts
        .lines()
        .skip(2)
        .filter_map(|line| line.split(['+', ' ']).nth(1))
        .collect();
    assert_eq!(
        families
            .iter()
            .filter(|name| name.starts_with("IPAmj"))
            .count(),
        1
    );
    assert!(
        families
            .iter()
            .all(|name| name.starts_with("IPAmj") || name.starts_with("BIZUD"))
    );
}

#[test]
fn every_sample_is_printed_in_full() {
    for kind in SampleKind::ALL {
        let made = render(&sample(kind));
        assert_eq!(
            made.pages,
            if kind == SampleKind::Longest { 2 } else { 1 },
            "{kind:?}"
        );
    }
    let text = text_of(&render(&sample(SampleKind::Longest)).pdf);
    assert!(text.contains("続紙"));
    assert_eq!(text.matches("PEREIRA CAVALCANTI DE ALBUQUERQUE").count(), 8);
}

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

fn snapshot() -> Snapshot {
    let fields: BTreeMap<FieldPath, SnapshotField> = [
        ("event.type", "move_in"),
        ("event.flow", "card"),
        ("event.date", "2026-11-14"),
        ("address.new", "六会市架空町一丁目９番６号"),
        ("address.new.building", "架空ハイツ２０３号室"),
        ("address.old", "東京都千代田区架空町一丁目２番"),
        ("head.new", "架空　太郎"),
        ("notifier.role", "self"),
        ("identity.kind", "mncard"),
        ("identity.method", "chip,pin"),
        ("member.1.name", "架空　太郎"),
        ("member.1.sex", "1"),
        ("member.1.birth_date", "1985-07-14"),
        ("member.1.relation", "世帯主"),
        ("member.3.name", "架空　花子"),
    ]
    .into_iter()
    .map(|(path, text)| (path, FieldValue::Text(text.to_owned())))
    .chain([
        ("notifier.member", FieldValue::Count(1)),
        ("member.2.name", FieldValue::Text("架空　残".to_owned())),
        ("member.2.moving", FieldValue::Flag(false)),
        ("notifier.phone", FieldValue::Unknown),
    ])
    .map(|(path, value)| {
        (
            FieldPath::from(path),
            SnapshotField {
                value,
                source: Source::Staff,
            },
        )
    })
    .collect();
    Snapshot {
        version: 1,
        case_id: CaseId([7; 16]),
        receipt_number: "07-2-261121-0184-6".to_owned(),
        form: "resident-move/1".to_owned(),
        forms: Vec::new(),
        filed_on: FILED_ON.to_owned(),
        language: "en".to_owned(),
        fields,
        procedures: vec![SnapshotProcedure {
            id: "P036".to_owned(),
            name: "マイナンバーカード継続利用".to_owned(),
            member: Some(1),
            reason: String::new(),
            deadline: String::new(),
            to_confirm: false,
        }],
    }
}

fn city() -> City {
    City {
        name: "六会市".to_owned(),
        branch: "六会市民センター".to_owned(),
    }
}

#[test]
fn snapshot_becomes_the_form() {
    let data = resident_move::from_snapshot(&snapshot(), &city()).expect("complete");
    assert_eq!(
        data.members.iter().map(|m| m.number).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(data.notifier.name, "架空　太郎");
    assert_eq!(data.notifier.phone, "不明");
    assert_eq!(data.notifier.role, "self");
    assert_eq!(data.members[0].sex, "男");
    assert_eq!(data.papers, ["move_out_data"]);
    assert_eq!(data.card_tasks, ["continue", "face"]);
    let text = text_of(&render(&data.to_form_data().expect("encodes")).pdf);
    let squeezed = text.replace(' ', "");
    assert!(squeezed.contains("✓カード継続利用") && squeezed.contains("✓暗証番号照合"));
    assert!(
        !squeezed.contains("架空　残"),
        "who stays is not on the form"
    );
}

#[test]
fn refused_path_leads_back_to_the_case() {
    let data = resident_move::from_snapshot(&snapshot(), &city()).expect("complete");
    let field = |path| data.case_field(path).map(|found| found.to_string());
    assert_eq!(field("members.2.name").as_deref(), Some("member.3.name"));
    assert_eq!(field("new.address").as_deref(), Some("address.new"));
    assert_eq!(
        field("old.building").as_deref(),
        Some("address.old.building")
    );
    assert_eq!(field("new.head").as_deref(), Some("head.new"));
    assert_eq!(field("members.9.name"), None);
}

#[test]
fn as_whom_a_member_files_follows_from_who_it_is() {
    let role = |changes: &[(&str, FieldValue)]| {
        let mut snapshot = snapshot();
        snapshot.fields.remove(&FieldPath::from("notifier.role"));
        for (path, value) in changes {
            let field = SnapshotField {
                value: value.clone(),
                source: Source::Staff,
            };
            snapshot.fields.insert(FieldPath::from(*path), field);
        }
        let data = resident_move::from_snapshot(&snapshot, &city()).expect("complete");
        data.notifier.role
    };
    let text = |text: &str| FieldValue::Text(text.to_owned());
    assert_eq!(role(&[]), "self");
    // Number 2 stays.
    let stays = ("notifier.member", FieldValue::Count(2));
    assert_eq!(role(std::slice::from_ref(&stays)), "member");
    assert_eq!(
        role(&[stays, ("member.2.relation_before", text("世帯主"))]),
        "head"
    );
    assert_eq!(
        role(&[
            ("notifier.member", FieldValue::Cleared),
            ("notifier.name", text("架空　代理"))
        ]),
        "",
        "who is none of them must be told"
    );
}

#[test]
fn two_documents_and_every_name_are_printed_in_words() {
    let mut snapshot = snapshot();
    for (path, text) in [
        ("identity.kind", "two_points"),
        ("identity.paper.1", "納税通知書・公共料金の領収書"),
        ("identity.paper.2", "年金手帳・基礎年金番号通知書"),
        ("member.1.former_name", "架空　旧氏"),
        ("member.1.alias", "架空　通称"),
        ("member.1.kanji_name", "架空　漢字"),
    ] {
        let field = SnapshotField {
            value: FieldValue::Text(text.to_owned()),
            source: Source::Staff,
        };
        snapshot.fields.insert(FieldPath::from(path), field);
    }
    let data = resident_move::from_snapshot(&snapshot, &city()).expect("complete");
    let text = text_of(&render(&data.to_form_data().expect("encodes")).pdf);
    let squeezed: String = text.split_whitespace().collect();
    for said in [
        "２点確認の書類：納税通知書・公共料金の領収書、年金手帳・基礎年金番号通知書",
        "架空旧氏",
        "架空通称",
        "架空漢字",
        "漢字氏名",
    ] {
        assert!(squeezed.contains(said), "{said}\n{text}");
    }
    let mut long = sample(SampleKind::Longest).as_json().clone();
    let member = long.pointer_mut("/members/0").expect("somebody");
    member["alias"] = member["former_name"].clone();
    member["kanji_name"] = member["former_name"].clone();
    let _page = render(&FormData::new(long));
    let field = data.case_field("members.1.kanji_name").expect("known");
    assert_eq!(field, FieldPath::from("member.1.kanji_name"));
}

#[test]
fn snapshot_without_a_name_is_refused() {
    let mut snapshot = snapshot();
    snapshot.fields.remove(&FieldPath::from("member.3.name"));
    snapshot.fields.insert(
        "member.3.kana".into(),
        SnapshotField {
            value: FieldValue::Text("カクウ".to_owned()),
            source: Source::Staff,
        },
    );
    assert_eq!(
        resident_move::from_snapshot(&snapshot, &city()),
        Err(FromSnapshotError::Missing("member.3.name".into()))
    );
}

/// Number, member and text of each follow-up form, as printed.
fn follow_ups(listed: &[(&str, Option<u8>)]) -> Vec<(String, Option<u8>, String)> {
    let found = of_case(snapshot(), listed, &Answers::default());
    found
        .into_iter()
        .map(|form| {
            let made = FORMS.render_prefilled(&form.form, &form.data, &assets(), FILED_ON);
            let text = text_of(&made.expect("printed with blanks").pdf);
            (
                form.number,
                form.member,
                text.replace([' ', '\u{3000}'], ""),
            )
        })
        .collect()
}

/// The follow-up forms of a case for which these procedures are listed.
fn of_case(
    mut snapshot: Snapshot,
    listed: &[(&str, Option<u8>)],
    answers: &Answers,
) -> Vec<FollowUp> {
    snapshot.procedures = listed
        .iter()
        .map(|(id, member)| SnapshotProcedure {
            id: (*id).to_owned(),
            name: String::new(),
            member: *member,
            reason: String::new(),
            deadline: String::new(),
            to_confirm: false,
        })
        .collect();
    let found = FORMS.follow_ups(&snapshot, &city(), answers);
    found.expect("complete")
}

#[test]
fn follow_up_forms_are_filled_from_the_case() {
    let forms = follow_ups(&[
        ("P001", None),
        ("P053", Some(1)),
        ("P053", Some(3)),
        ("P032", Some(3)),
        ("P097", Some(1)),
    ]);
    let numbers: Vec<_> = forms.iter().map(|(n, m, _)| (n.as_str(), *m)).collect();
    assert_eq!(numbers, [("F029", Some(3)), ("F044", None), ("F083", None)]);
    assert!(forms[0].2.contains("架空花子"));
    assert!(forms[1].2.contains("架空太郎") && forms[1].2.contains("架空花子"));
    assert!(forms[1].2.contains("架空ハイツ２０３号室"));
}

/// The value at a dotted path of a follow-up form's data, entries counted from one.
fn filled(form: &FollowUp, path: &str) -> Value {
    path.split('.')
        .fold(form.data.as_json().clone(), |value, step| {
            match step.parse::<usize>() {
                Ok(number) => value[number - 1].clone(),
                Err(_) => value[step].clone(),
            }
        })
}

/// Procedure, answers (`fact` or `m<n>.fact`), and what one field must say.
#[track_caller]
fn check_answer(procedure: &str, told: &[(&str, &str)], path: &str, expected: &Value) {
    let mut answers = Answers::default();
    for (fact, value) in told {
        match fact.strip_prefix('m').and_then(|rest| rest.split_once('.')) {
            Some((number, fact)) => answers.set(fact, number.parse().ok(), value),
            None => answers.set(fact, None, value),
        }
    }
    let forms = of_case(snapshot(), &[(procedure, Some(1))], &answers);
    let form = forms.first().expect("the procedure has a form");
    assert_eq!(&filled(form, path), expected, "{} {path}", form.number);
    let made = FORMS.render_prefilled(&form.form, &form.data, &assets(), FILED_ON);
    assert!(made.is_ok(), "{}: {:?}", form.number, made.err());
}

#[test]
fn answers_of_the_interview_fill_the_sections_forms() {
    let yes = |fact| [(fact, "true")];
    let text = |text: &str| json!(text);
    check_answer("P053", &[], "detail.reason", &text("move_in"));
    check_answer(
        "P053",
        &yes("m1.myna_hoken"),
        "members.1.myna",
        &text("yes"),
    );
    check_answer(
        "P053",
        &[("m1.myna_hoken", "false")],
        "members.1.myna",
        &text("no"),
    );
    check_answer("P053", &[], "members.1.myna", &Value::Null);
    check_answer(
        "P097",
        &[("m1.pension", "2")],
        "detail.pension",
        &text("employee"),
    );
    check_answer(
        "P097",
        &[("m1.pension", "1")],
        "detail.pension",
        &text("national"),
    );
    check_answer("P097", &[], "detail.pension", &Value::Null);
    check_answer("P097", &[], "detail.happened_on", &text("2026-11-14"));
    check_answer("P063", &[], "detail.kind", &text("move_in"));
    check_answer("P063", &[], "detail.head", &text("架空　太郎"));
    check_answer(
        "P073",
        &yes("m1.body_cert"),
        "detail.proof",
        &json!(["body"]),
    );
    let both = [("m1.body_cert", "true"), ("m1.mental_cert", "true")];
    check_answer("P073", &both, "detail.proof", &json!(["body", "mental"]));
    check_answer("P106", &[], "detail.kinds", &json!(["in"]));
    check_answer("P066", &yes("m1.pregnant"), "detail.when", &text("before"));
    check_answer(
        "P032",
        &yes("m1.wants_seal"),
        "detail.kind",
        &text("register"),
    );
}

#[test]
fn a_role_the_form_does_not_know_stays_blank() {
    let forms = of_case(snapshot(), &[("P076", Some(1))], &Answers::default());
    assert_eq!(filled(&forms[0], "notifier.role"), Value::Null);
    assert_eq!(filled(&forms[0], "deceased.name"), json!("架空　太郎"));
    assert_eq!(filled(&forms[0], "deceased.died_on"), json!("2026-11-14"));
    let made = FORMS.render_prefilled(&forms[0].form, &forms[0].data, &assets(), FILED_ON);
    assert!(made.is_ok(), "{:?}", made.err());
}

/// A case of two people of whom number 1 files, with these fields beside.
fn filed_by_the_first(beside: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.fields.remove(&FieldPath::from("notifier.role"));
    for (path, value) in beside {
        let field = SnapshotField {
            value: FieldValue::Text((*value).to_owned()),
            source: Source::Staff,
        };
        snapshot.fields.insert(FieldPath::from(*path), field);
    }
    snapshot
}

#[test]
fn only_a_form_about_the_notifier_says_so() {
    let roles = |beside: &[(&str, &str)]| {
        let listed = [("P032", Some(1)), ("P032", Some(3))];
        let forms = of_case(filed_by_the_first(beside), &listed, &Answers::default());
        let role = |number| {
            let mut own = forms.iter().filter(|form| form.member == Some(number));
            filled(own.next().expect("the person's form"), "notifier.role")
        };
        (role(1), role(3))
    };
    let itself = json!("self");
    assert_eq!(roles(&[]), (itself.clone(), Value::Null));
    // Told for the notification, which is about both.
    let told = [("notifier.role", "self")];
    assert_eq!(roles(&told), (itself.clone(), Value::Null));
    let namesake = [("member.3.name", "架空　太郎")];
    assert_eq!(roles(&namesake), (itself, Value::Null));
    let another = [("notifier.name", "架空　太郎"), ("notifier.role", "proxy")];
    assert_eq!(roles(&another), (json!("proxy"), json!("proxy")));
}

#[test]
fn every_form_about_the_notifier_says_so() {
    let takes = |meta: &FormMeta| {
        let is_about_one = meta.required.iter().any(|path| path == "subject.name");
        is_about_one && meta.optional.iter().any(|path| path == "notifier.role")
    };
    let mut seen = 0;
    for meta in FORMS.list().into_iter().filter(|meta| takes(meta)) {
        let Some(procedure) = meta.procedures.first() else {
            continue;
        };
        let listed = [(procedure.as_str(), Some(1))];
        let forms = of_case(filed_by_the_first(&[]), &listed, &Answers::default());
        let Some(form) = forms.iter().find(|form| form.form == meta.id) else {
            continue;
        };
        assert_eq!(
            filled(form, "notifier.role"),
            json!("self"),
            "{}",
            meta.number
        );
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn nobody_agrees_or_signs_by_an_answer() {
    for meta in FORMS.list() {
        for rule in &meta.prefill {
            assert!(
                !["consents", "explained", "consent"]
                    .iter()
                    .any(|word| rule.field.ends_with(word)),
                "{} fills {}",
                meta.number,
                rule.field
            );
        }
    }
}

#[test]
fn answers_of_a_draft_fill_and_unknown_ones_stay_blank() {
    let mut draft = Draft::default();
    for (path, value) in [
        ("answer.m1.pension", FieldValue::Text("2".to_owned())),
        ("answer.m3.myna_hoken", FieldValue::Flag(true)),
        ("answer.m1.myna_hoken", FieldValue::Unknown),
        ("answer.hh.dogs", FieldValue::Count(1)),
        ("member.1.pension", FieldValue::Text("1".to_owned())),
    ] {
        let row = DraftField {
            value,
            source: Source::Staff,
            confidence: None,
            by: "u0312".into(),
            at: Hlc(1),
            settles: None,
        };
        draft.insert(path.into(), DeviceId([1; 16]), row);
    }
    let answers = Answers::of_draft(&draft);
    assert_eq!(format!("{answers:?}"), "Answers(3 facts)");
    let listed = [("P053", Some(1)), ("P053", Some(3)), ("P097", Some(1))];
    let forms = of_case(snapshot(), &listed, &answers);
    assert_eq!(filled(&forms[0], "members.1.myna"), Value::Null);
    assert_eq!(filled(&forms[0], "members.2.myna"), json!("yes"));
    assert_eq!(filled(&forms[1], "detail.pension"), json!("employee"));
}

#[test]
fn every_procedure_with_a_form_can_be_printed_from_a_case() {
    let ids: Vec<String> = FORMS
        .list()
        .iter()
        .flat_map(|meta| meta.procedures.clone())
        .collect();
    let listed: Vec<_> = ids.iter().map(|id| (id.as_str(), Some(1))).collect();
    let printed = follow_ups(&listed).len();
    let forms = FORMS.list();
    let with_procedure = forms.iter().filter(|meta| !meta.procedures.is_empty());
    let alone = ["resident-move", "protection"];
    let along = with_procedure.filter(|meta| !alone.contains(&meta.id.as_str()));
    assert_eq!(printed, along.count());
}

//! The notification made from the content of a case.

use std::collections::BTreeMap;

use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotProcedure};
use counter_forms::resident_move::{self, City, FromSnapshotError};
use counter_forms::{FormData, SampleKind};

use crate::{FILED_ON, FORMS, render, sample, text_of};

/// Two people who move in together and a third who stays.
pub(crate) fn snapshot() -> Snapshot {
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

pub(crate) fn city() -> City {
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

#[test]
fn form_knows_every_key_it_is_given() {
    let data = resident_move::from_snapshot(&snapshot(), &city()).expect("complete");
    let data = data.to_form_data().expect("encodes");
    let unknown = FORMS.unknown_keys("resident-move", &data, FILED_ON);
    assert_eq!(unknown.expect("a form"), []);
}

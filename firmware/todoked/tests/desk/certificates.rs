//! Certificates at the desk: who may ask, what they cost, which form and paper they bring.

use counter_api::{ResidentScreen, StaffAction};
use counter_domain::ids::CaseId;
use todoked::devices::{Effect, FormJob};

use crate::event_forms::{FORMS, drawn_signature};
use crate::events::{forms_and_papers, started};
use crate::rig::Rig;

fn certificates(asker: &str) -> Rig {
    let mut rig = started("request", "certificate");
    rig.set("member.1.name", "架空　太郎");
    rig.set("member.1.birth_date", "1980-01-01");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("request.asker", asker);
    rig
}

fn copies(certificate: &str, by: i32) -> StaffAction {
    StaffAction::ChangeCopies {
        certificate: certificate.to_owned(),
        by,
    }
}

#[test]
fn certificates_are_counted_and_added_up() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 1));
    rig.staff(copies("C01", 1));
    rig.staff(copies("C03", 2));
    rig.staff(copies("C03", -1));
    rig.staff(StaffAction::SetOption {
        certificate: "C01".to_owned(),
        option: "honseki".to_owned(),
        set: true,
    });
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "3通　合計 900円");
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check {
        title, sections, ..
    } = rig.page()
    else {
        panic!("no check page");
    };
    assert_eq!(title, "住民票の写し等交付請求書");
    let rows = sections.iter().flat_map(|section| &section.rows);
    let values: Vec<&str> = rows.map(|row| row.value.as_str()).collect();
    assert!(
        values.contains(&"2通　600円（本籍・筆頭者の記載）"),
        "{values:?}"
    );
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    assert_eq!(rig.last_snapshot().form, "resident-record/1");
    rig.staff(StaffAction::Submit);
    let fee = rig.effects.iter().find_map(|effect| {
        let Effect::PrintReceipt(job) = effect else {
            return None;
        };
        Some(job.fee.clone())
    });
    assert_eq!(fee.as_deref(), Some("3通　合計 900円"));
}

#[test]
fn who_may_not_have_a_certificate_is_told_before_the_resident_reads() {
    let mut rig = certificates("third_party");
    rig.set("notifier.name", "架空　三郎");
    rig.staff(copies("C16", 1));
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(told.what.contains("登録した本人") || told.advice.contains("登録した本人"));
    rig.set("request.asker", "self");
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.advice.contains("印鑑登録証（本人は") || told.what.contains("印鑑登録証（本人は"),
        "{told:?}"
    );
    rig.staff(StaffAction::SetPaper {
        paper: "seal_card_own".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn certificates_of_several_forms_are_one_request_with_one_sum_and_one_signature() {
    let mut rig = certificates("self");
    for id in ["C01", "C16", "C19", "C44", "C44"] {
        rig.staff(copies(id, 1));
    }
    let asks = |rig: &Rig, path: &str| {
        let request = rig.reception().request.expect("certificates");
        request.fields.into_iter().find(|field| field.path == path)
    };
    assert!(
        asks(&rig, "request.property").is_none(),
        "nobody asked for one"
    );
    assert!(asks(&rig, "domicile.place").is_some_and(|field| field.required));
    rig.set("domicile.place", "六会市架空町一丁目９番");
    rig.set("domicile.register_head", "架空　太郎");
    rig.set("request.purpose", "旅券の申請");
    rig.staff(StaffAction::SetPaper {
        paper: "seal_card_own".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::RecordIdentity {
        kind: "two_points".to_owned(),
    });
    rig.set("identity.paper.1", "年金証書");
    rig.set("identity.paper.2", "診察券");
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("年度") || told.advice.contains("年度"),
        "{told:?}"
    );
    rig.set("request.year", "令和8年度");
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "5通　合計 1,650円");
    rig.staff(StaffAction::ShowToResident);
    let ResidentScreen::Check { title, .. } = rig.page() else {
        panic!("no check page");
    };
    assert_eq!(title, "住民票の写し等交付請求書　ほか3枚");
    rig.staff(StaffAction::StopShowing);
    rig.signed();
    let signed = rig.last_snapshot();
    let lines = counter_forms::filing::lines_of(&signed);
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{}/{} {} {} {}",
                line.form, line.kind, line.copies, line.fee_yen, line.detail
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "resident-record/all 1 300 ",
            "seal-certificate/seal 1 300 ",
            "family-register/full 1 450 ",
            "tax-certificate/income 2 300 令和8年度",
        ]
    );
    let job = FormJob {
        case: CaseId([7; 16]),
        snapshot: signed,
        signature: drawn_signature(),
        city: "六会市".to_owned(),
        place: "北部市民センター".to_owned(),
    };
    let pdf = FORMS.make(&job).expect("four forms in one document");
    assert!(pdf.starts_with(b"%PDF"));
}

#[test]
fn a_certificate_for_those_with_a_photograph_waits_for_one() {
    let mut rig = certificates("self");
    rig.staff(copies("C08", 1));
    rig.staff(StaffAction::RecordIdentity {
        kind: "two_points".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("顔写真付き") || told.advice.contains("顔写真付き"),
        "{told:?}"
    );
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn what_stops_a_certificate_and_why_nothing_is_charged_are_told() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 2));
    rig.set("request.exemption", "pension");
    let request = rig.reception().request.expect("certificates");
    assert_eq!(request.total, "2通　合計 0円");
    assert_eq!(request.papers, "年金の請求に使うため無料です。");
    rig.staff(StaffAction::SetStop {
        stop: "change_in_review".to_owned(),
        set: true,
    });
    rig.staff(StaffAction::RecordIdentity {
        kind: "licence".to_owned(),
    });
    let told = rig.refused(StaffAction::ShowToResident);
    assert!(
        told.what.contains("異動の届出を審査") || told.advice.contains("異動の届出を審査"),
        "{told:?}"
    );
    rig.staff(StaffAction::SetStop {
        stop: "change_in_review".to_owned(),
        set: false,
    });
    rig.staff(StaffAction::ShowToResident);
}

#[test]
fn certificates_say_which_form_and_paper_they_bring_and_which_nobody_needs_any_more() {
    let mut rig = certificates("self");
    rig.staff(copies("C01", 1));
    assert_eq!(
        forms_and_papers(&rig),
        ["+請求書　住民票の写し等交付請求書"]
    );
    rig.staff(copies("C16", 1));
    let seal = [
        "請求書　印鑑登録証明書等交付申請書",
        "見せてもらうもの　印鑑登録証（本人はマイナンバーカードでも可）",
    ];
    let came = seal.map(|name| format!("+{name}"));
    assert_eq!(forms_and_papers(&rig), came);
    rig.staff(copies("C16", 1));
    assert_eq!(forms_and_papers(&rig), [""; 0], "the same form holds both");
    rig.staff(copies("C16", -2));
    let went = seal.map(|name| format!("-{name}"));
    assert_eq!(forms_and_papers(&rig), went);
}

//! Who somebody is: two documents without a photograph, and the authority of whoever files for others.

use counter_api::{FieldView, StaffAction, Step};
use counter_domain::draft::FieldPath;
use counter_domain::identity::WITHOUT_PHOTO;
use todoked::fields::fields;

use crate::rig::Rig;

fn identified(kind: &str) -> Rig {
    let mut rig = Rig::new();
    rig.filled_reception();
    record(&mut rig, kind);
    rig.staff(StaffAction::GoTo {
        step: Step::Identity,
    });
    rig
}

fn record(rig: &mut Rig, kind: &str) {
    rig.staff(StaffAction::RecordIdentity {
        kind: kind.to_owned(),
    });
}

fn asked(rig: &Rig) -> Vec<String> {
    let fields = rig.reception().identity.fields.into_iter();
    fields.map(|field: FieldView| field.path).collect()
}

#[test]
fn every_document_that_can_be_chosen_has_a_weight() {
    let offered = fields().choices("paper_without_photo");
    let offered: Vec<&str> = offered.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(offered, WITHOUT_PHOTO.map(|(name, _)| name));
}

#[test]
fn two_documents_are_named_and_one_is_a_public_offices() {
    let mut rig = identified("mncard");
    assert_eq!(asked(&rig), [""; 0]);
    assert_eq!(rig.reception().identity.chosen, "mncard");
    record(&mut rig, "two_points");
    assert_eq!(asked(&rig), ["identity.paper.1", "identity.paper.2"]);
    let blocked = rig.reception().blocked_by.expect("blocked");
    assert!(blocked.contains("確認した書類（1点目）"), "{blocked}");
    rig.set("identity.paper.1", "診察券");
    rig.set("identity.paper.2", "学生証（写真なし）");
    let view = rig.reception().identity.fields;
    let told = view[1].error.as_deref().expect("too little");
    assert!(told.contains("官公署"), "{told}");
    assert!(rig.reception().blocked_by.is_some());
    rig.set("identity.paper.2", "年金証書");
    assert_eq!(rig.reception().blocked_by, None);
    rig.signed();
    let signed = rig.last_snapshot();
    let says = |path: &str| {
        let field = signed.fields.get(&FieldPath::from(path));
        field
            .and_then(|field| field.value.as_text())
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(says("identity.paper.1"), "診察券");
    assert_eq!(says("identity.paper.2"), "年金証書");
}

#[test]
fn documents_of_another_check_do_not_stay() {
    let mut rig = identified("two_points");
    rig.set("identity.paper.1", "年金証書");
    record(&mut rig, "licence");
    assert_eq!(asked(&rig), [""; 0]);
    record(&mut rig, "two_points");
    assert_eq!(rig.reception().identity.fields[0].value, "");
}

#[test]
fn whoever_files_for_another_shows_the_authority() {
    let mut rig = identified("licence");
    rig.set("notifier.role", "proxy");
    assert_eq!(asked(&rig), ["proof.authority"]);
    assert!(
        rig.reception()
            .blocked_by
            .expect("blocked")
            .contains("代理権")
    );
    rig.set("proof.authority", "委任状");
    assert_eq!(rig.reception().blocked_by, None);
}

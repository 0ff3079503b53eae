//! The forms as a city gets them.

use counter_forms::{FontPaths, Forms};

#[test]
fn every_form_lists_itself() {
    let forms = Forms::new(&FontPaths::default()).expect("fonts are installed");
    assert_eq!(forms.list()[0].id, "resident-move");
}

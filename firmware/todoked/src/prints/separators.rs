//! Separator sheets (仕切り紙) to print: one for each kind of paper, with its code.

use counter_codes::StackedPaper;
use counter_forms::{Assets, FormData, Forms, RenderError};
use serde_json::json;

use crate::texts::word;

/// The form of a separator sheet.
const FORM: &str = "separator";

/// All of them in one PDF, in the order of [`StackedPaper::ALL`]. They are of no case and can be
/// used as often as the paper lasts.
///
/// # Errors
/// As [`Forms::render`].
pub fn separators(forms: &Forms, city: &str, today: &str) -> Result<Vec<u8>, RenderError> {
    let papers = StackedPaper::ALL
        .map(|kind| json!({ "name": word("stacked_paper", kind.name()), "code": kind.code() }));
    let data = FormData::new(json!({ "city": city, "papers": papers }));
    let made = forms.render(FORM, &data, &Assets::default(), today)?;
    Ok(made.pdf)
}

//! What a finished page says it is: the forms and versions it was drawn on, as the document's keywords.
//!
//! They stand in the metadata of the file (XMP, ISO 16684-1, `pdf:Keywords`), which PDF/A keeps
//! uncompressed, so that any program finds them.

const OPEN: &[u8] = b"<pdf:Keywords>";
const CLOSE: &[u8] = b"</pdf:Keywords>";
/// Longer texts are none of ours.
const BYTES_MAX: usize = 4096;

/// Number and version of every form in a PDF, in its order. Empty for a page made before pages named
/// their forms, for a form whose template does not name itself, and for any other file.
pub fn forms_named_on(pdf: &[u8]) -> Vec<(String, u16)> {
    let Some(text) = keywords(pdf) else {
        return Vec::new();
    };
    let words = text.split([',', ';', ' ']).filter(|word| !word.is_empty());
    let named = words.filter_map(|word| {
        let (number, version) = word.split_once('/')?;
        Some((number.to_owned(), version.parse().ok()?))
    });
    named.collect()
}

fn keywords(pdf: &[u8]) -> Option<&str> {
    let start = position(pdf, OPEN)? + OPEN.len();
    let rest = pdf.get(start..)?;
    let rest = rest.get(..rest.len().min(BYTES_MAX))?;
    std::str::from_utf8(rest.get(..position(rest, CLOSE)?)?).ok()
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|found| found == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Assets, FontPaths, Forms, SampleKind};

    #[test]
    fn every_form_names_itself_and_several_in_one_file_name_all() {
        let forms = Forms::new(&FontPaths::default()).unwrap();
        let sample = |form: &str| forms.sample(form, SampleKind::Smallest).unwrap();
        for form in ["F001", "F044", "G005"] {
            let assets = Assets::default();
            let page = forms
                .render(form, &sample(form), &assets, "2026-11-21")
                .unwrap();
            let version = forms.meta(form).unwrap().version;
            assert_eq!(forms_named_on(&page.pdf), [(form.to_owned(), version)]);
        }
        let (one, other) = (sample("C001"), sample("C002"));
        let both = [("C001", &one), ("C002", &other)];
        let both = forms
            .render_together(&both, &Assets::default(), "2026-11-21")
            .unwrap();
        let named = forms_named_on(&both.pdf);
        assert_eq!(named, [("C001".to_owned(), 1), ("C002".to_owned(), 1)]);
    }

    #[test]
    fn other_files_name_nothing() {
        let open = "<pdf:Keywords>F001/1";
        for file in [
            "",
            "%PDF-1.7",
            open,
            "<pdf:Keywords>F001/x, /2,</pdf:Keywords>",
        ] {
            let named = forms_named_on(file.as_bytes());
            assert!(named.iter().all(|(number, _)| number.is_empty()), "{file}");
        }
    }
}

//! The signed form as pictures and as the PDF itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use counter_domain::ids::{CaseId, SnapshotHash};
use counter_domain::snapshot::Snapshot;
use counter_forms::{Assets, FontPaths, Forms, PublishedForms, Stroke, signature_svg};
use serde::Deserialize;

use super::data::Protection;
use super::rights::{By, SignedIn};
use super::{Shared, pages};

/// Drawn pages kept in memory; a reviewer looks at a handful at a time.
const KEPT_MAX: usize = 24;

/// Pixels per point on the case page, and in the enlarged view.
const SCALES: [f32; 2] = [1.6, 3.2];

type PageKey = (SnapshotHash, usize);

/// The pages of one form, as PNG.
type Pages = Arc<Vec<Vec<u8>>>;

/// The newest pages drawn, and the forms with their fonts, opened at the first use.
#[derive(Default)]
pub(crate) struct Previews {
    kept: Mutex<VecDeque<(PageKey, Pages)>>,
    forms: Mutex<Opened>,
}

/// The forms, and the version of the published ones in them.
#[derive(Default)]
struct Opened {
    forms: Option<Arc<Forms>>,
    version: Option<u64>,
}

impl Previews {
    fn kept(&self, key: PageKey) -> Option<Pages> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(known, _)| *known == key)
            .map(|(_, pages)| Arc::clone(pages))
    }

    fn keep(&self, key: PageKey, pages: &Arc<Vec<Vec<u8>>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT_MAX - 1);
        kept.push_front((key, Arc::clone(pages)));
    }

    /// The forms as they are; the program's own before any published ones were told.
    fn forms(&self) -> Option<Arc<Forms>> {
        let mut opened = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.forms.is_none() {
            opened.forms = Forms::new(&FontPaths::default())
                .map_err(|error| tracing::error!(event = "forms_failed", %error, "forms cannot be opened"))
                .ok()
                .map(Arc::new);
        }
        opened.forms.clone()
    }

    /// The forms with the published versions in them.
    pub(crate) fn current(&self, published: Option<&(u64, Vec<u8>)>) -> Option<Arc<Forms>> {
        if let Some((version, bytes)) = published {
            self.take_published((*version, bytes));
        }
        self.forms()
    }

    /// Takes the versions of forms the city published, when they are new.
    fn take_published(&self, (version, bytes): (u64, &[u8])) {
        let known = self
            .forms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .version;
        if known == Some(version) {
            return;
        }
        let forms = self.forms();
        let published = PublishedForms::read(bytes);
        let Some((forms, published)) = forms.zip(published) else {
            return;
        };
        match forms.with_published(&published) {
            Ok((forms, left_out)) => {
                for one in left_out {
                    tracing::error!(
                        event = "form_not_used",
                        form = one.folder,
                        fault = one.text,
                        "a published form is not used"
                    );
                }
                let mut opened = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
                opened.forms = Some(Arc::new(forms));
                opened.version = Some(version);
            }
            Err(error) => {
                tracing::error!(event = "forms_failed", %error, "published forms are not used");
            }
        }
    }

    /// Outline of one character as a form prints it, else as the other font has it.
    pub(crate) fn outline(&self, character: &str) -> Option<String> {
        let forms = self.forms()?;
        forms
            .outline(character)
            .or_else(|| forms.other_outline(character))
    }

    /// Draws the pages of a signed snapshot. Takes a second the first time.
    fn draw(
        &self,
        key: PageKey,
        snapshot: &Snapshot,
        strokes: Option<&[u8]>,
        city: &CityNames,
    ) -> Option<Arc<Vec<Vec<u8>>>> {
        if let Some(pages) = self.kept(key) {
            return Some(pages);
        }
        let scale = SCALES.get(key.1).copied()?;
        let forms = self.forms()?;
        let pages = draw(&forms, snapshot, strokes, city, scale)?;
        let pages = Arc::new(pages);
        self.keep(key, &pages);
        Some(pages)
    }
}

struct CityNames {
    city: String,
    branch: String,
}

#[derive(Deserialize)]
struct Signature {
    strokes: Vec<Stroke>,
}

fn draw(
    forms: &Forms,
    snapshot: &Snapshot,
    strokes: Option<&[u8]>,
    city: &CityNames,
    scale: f32,
) -> Option<Vec<Vec<u8>>> {
    use counter_domain::draft::FieldPath;
    use counter_forms::filing::{Said, filings, form_of, named_version};
    use counter_forms::procedure_request::REQUEST_FORM;
    use counter_forms::resident_move::City;
    let city = City {
        name: city.city.clone(),
        branch: city.branch.clone(),
    };
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(event = "preview_failed", %error, "a form page cannot be drawn");
    };
    let event = snapshot.fields.get(&FieldPath::from("event.type"));
    let event = event.and_then(|field| field.value.as_text());
    let said = Said {
        event: super::labels::event_type(event.unwrap_or_default()),
        lines: Vec::new(),
    };
    let filled = if form_of(snapshot) == REQUEST_FORM {
        forms.procedure_request(snapshot, &city)
    } else {
        filings(snapshot, &city, &said)
    };
    let filled = filled.map_err(|error| failed(&error)).ok()?;
    let mut assets = Assets::for_receipt(&snapshot.receipt_number);
    if let Some(signature) = strokes.and_then(|blob| serde_json::from_slice::<Signature>(blob).ok())
    {
        assets = assets.signed(signature_svg(&signature.strokes));
    }
    let mut pages = Vec::new();
    for sheet in &filled {
        let form = named_version(snapshot, &sheet.form);
        let drawn = forms
            .preview_png(&form, &sheet.data, &assets, &snapshot.filed_on, scale)
            .map_err(|error| failed(&error))
            .ok()?;
        pages.extend(drawn);
    }
    Some(pages)
}

/// One page as PNG: `?n=` page from 0, `?zoom=2` for the enlarged one.
pub(crate) async fn page_png(
    State(desk): State<Shared>,
    By(viewer, _): By<SignedIn>,
    Path(case): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let (page, zoom) = (
        number("n").unwrap_or(0),
        usize::from(number("zoom") == Some(2)),
    );
    let Ok(Some((file, names))) = desk.data.read(&viewer, case).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Drawn pages are kept by hash: who may not see the addresses gets none of them.
    let hidden = matches!(file.protection, Protection::Hidden(_));
    let Some((hash, snapshot)) = file.current.filter(|_| !hidden) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let branch = file
        .summary
        .branch
        .as_ref()
        .map_or_else(String::new, |code| names.branch(code));
    let city = CityNames {
        city: desk.data.city().await,
        branch,
    };
    let published = desk.data.published_forms().await;
    let drawing = tokio::task::spawn_blocking(move || {
        let _opened = desk.previews.current(published.as_ref());
        desk.previews
            .draw((hash, zoom), &snapshot, file.strokes.as_deref(), &city)
    });
    let pages = drawing.await.ok().flatten();
    match pages.and_then(|pages| pages.get(page).cloned()) {
        Some(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The PDF the resident signed, byte for byte.
pub(crate) async fn form_pdf(
    State(desk): State<Shared>,
    By(viewer, _): By<SignedIn>,
    Path(case): Path<String>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    match desk.data.signed_form(&viewer, case).await {
        Ok(Some((hash, bytes))) => {
            let short: String = hash.to_string().chars().take(12).collect();
            let headers = [
                (header::CONTENT_TYPE, "application/pdf".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    format!("inline; filename=\"form-{short}.pdf\""),
                ),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => pages::missing(&desk, Some(&viewer)).await,
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

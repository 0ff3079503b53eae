//! Finding filings of any year (届出の検索).
//!
//! What is typed goes in the body of a request, never in an address: names and birth dates must not
//! stay in a browser's history or a server's log.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use case_archive::{ArchiveQuery, Filing};
use counter_domain::event::Event;

use super::data::Names;
use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{By, Reviews, Sent};
use super::session::Viewer;
use super::{Shared, labels, texts};

/// Kind of a request for certificates, which is no event of the law.
const REQUEST: &str = "request";
/// Filings on a page.
const PAGE: usize = 50;

type Fields = HashMap<String, String>;

#[derive(Template)]
#[template(path = "archive.html")]
struct ArchivePage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    asked: Asked,
    offices: Vec<Choice>,
    kinds: Vec<Choice>,
    /// `None` before the first search.
    lines: Option<Vec<Line>>,
    next: Option<i64>,
}

/// What was typed, to be shown again.
struct Asked {
    words: String,
    from: String,
    to: String,
    staff: String,
    office: String,
    kind: String,
    before: Option<i64>,
}

struct Choice {
    code: String,
    label: String,
    chosen: bool,
}

struct Line {
    case: String,
    receipt_number: String,
    filed_on: String,
    office: String,
    kind: String,
    persons: Vec<String>,
    staff: String,
    state: Chip,
    protected: bool,
}

impl Asked {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned());
        Self {
            words: text("words").unwrap_or_default(),
            from: text("from").unwrap_or_default(),
            to: text("to").unwrap_or_default(),
            staff: text("staff").unwrap_or_default(),
            office: text("office").unwrap_or_default(),
            kind: text("kind").unwrap_or_default(),
            before: text("before").and_then(|text| text.parse().ok()),
        }
    }

    /// The search, or why there is none.
    fn query(&self) -> Result<ArchiveQuery, Banner> {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        // ISO 8601 days are in the order of their letters.
        if !self.from.is_empty() && !self.to.is_empty() && self.to < self.from {
            return Err(texts::period_backwards());
        }
        let query = ArchiveQuery::new(&self.words, PAGE).map_err(|_| texts::too_many_words())?;
        Ok(ArchiveQuery {
            branch: filled(&self.office),
            kind: filled(&self.kind),
            staff: filled(&self.staff),
            from: filled(&self.from),
            to: filled(&self.to),
            before: self.before,
            ..query
        })
    }
}

/// The page before anything is asked.
pub(crate) async fn page(State(desk): State<Shared>, By(viewer, _): By<Reviews>) -> Response {
    let names = desk.data.names().await;
    let asked = Asked::of(&Fields::new());
    answer(&desk, viewer, asked, Found::nothing_asked(names)).await
}

/// The page with what was found; the search is written to the audit stream first.
pub(crate) async fn search(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Reviews>,
) -> Response {
    let asked = Asked::of(&fields);
    let query = match asked.query() {
        Ok(query) => query,
        Err(banner) => {
            let names = desk.data.names().await;
            let found = Found {
                banner: Some(banner),
                ..Found::nothing_asked(names)
            };
            return answer(&desk, viewer, asked, found).await;
        }
    };
    match desk.data.find_filings(&viewer, query).await {
        Ok((filings, next, names)) => {
            let found = Found {
                lines: Some(filings.into_iter().map(|one| line(one, &names)).collect()),
                next,
                names,
                banner: None,
            };
            answer(&desk, viewer, asked, found).await
        }
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

struct Found {
    names: Names,
    lines: Option<Vec<Line>>,
    next: Option<i64>,
    banner: Option<Banner>,
}

impl Found {
    fn nothing_asked(names: Names) -> Self {
        Self {
            names,
            lines: None,
            next: None,
            banner: None,
        }
    }
}

async fn answer(desk: &Shared, viewer: Viewer, asked: Asked, found: Found) -> Response {
    let frame = pages::frame(desk, Some(&viewer), "/archive").await;
    let offices = found.names.branches().map(|(code, name)| Choice {
        chosen: code == asked.office,
        code: code.to_owned(),
        label: name.to_owned(),
    });
    let kinds = Event::all().map(Event::code).chain([REQUEST]);
    let kinds = kinds.map(|kind| Choice {
        chosen: kind == asked.kind,
        code: kind.to_owned(),
        label: labels::event_type(kind),
    });
    let page = ArchivePage {
        frame,
        banner: found.banner,
        csrf: viewer.csrf,
        offices: offices.collect(),
        kinds: kinds.collect(),
        asked,
        lines: found.lines,
        next: found.next,
    };
    pages::html(StatusCode::OK, &page)
}

fn line(filing: Filing, names: &Names) -> Line {
    Line {
        case: filing.case.to_string(),
        receipt_number: filing.receipt_number,
        filed_on: labels::date(&filing.filed_on),
        office: names.branch(&filing.branch),
        kind: labels::event_type(&filing.kind),
        persons: filing.persons,
        staff: names.staff(&filing.staff),
        state: labels::state(filing.state),
        protected: filing.protected,
    }
}

//! The review desk: pages for the reviewers' browsers, drawn on the server.
//!
//! Handlers extract, call [`data::DeskData`] (which runs the store off the async threads) and map
//! to a page. They hold no SQL and no rule of their own: the right a page asks for stands in its
//! handler's signature ([`rights`]), who has it is decided in [`session::Viewer`], what a case
//! allows in `counter-domain`, and both again in the store.

mod answers;
mod archive;
mod assets;
mod case_view;
mod catalogue;
mod characters;
mod data;
mod deletion;
mod form_texts;
mod forms;
mod guard;
mod handed_over;
pub(crate) mod labels;
mod log;
mod moves;
mod operations;
mod pages;
mod papers;
mod preview;
mod protection;
mod queue;
mod records;
mod review;
mod rights;
mod session;
mod sign_in;
mod signature;
mod texts;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tokio::sync::watch;

use crate::catalogue::Workbench;
use crate::clock::Clock;
use crate::form_drafts::FormBench;

pub(crate) use data::{DeskData, LogQuery};
pub(crate) use session::{Attempts, Sessions};
pub(crate) use texts::audit as audit_words;

/// Largest form a page sends; remarks are text.
const FORM_BYTES_MAX: usize = 512 << 10;

/// How the browser reaches the desk; decides whether the cookie is marked `Secure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Through TLS.
    Https,
    /// In the clear, on a loopback address only.
    PlainLoopback,
}

/// What every handler has.
pub(crate) struct Desk {
    /// The store behind its seam.
    pub data: DeskData,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Wrong passwords lately.
    pub attempts: Attempts,
    /// The time.
    pub clock: Clock,
    /// Marks cookies.
    pub scheme: Scheme,
    /// Where hand-over files go.
    pub hand_over_folder: PathBuf,
    /// Where backups go by default.
    pub backup_folder: PathBuf,
    /// Counts changes of the database; pages listen.
    pub changed: watch::Receiver<u64>,
    /// Drawn form pages, newest few.
    pub previews: preview::Previews,
    /// Which glyph a character is.
    pub character_tables: characters::Tables,
    /// Where the catalogue is edited and published.
    pub workbench: Arc<Workbench>,
    /// Where forms are edited and published.
    pub form_bench: Arc<FormBench>,
    /// Edited forms beside those in force, drawn lately.
    pub compared: forms::ComparedPages,
}

/// What handlers share.
pub(crate) type Shared = Arc<Desk>;

/// What it takes to open the desk.
pub(crate) struct DeskSetup {
    /// The store behind its seam.
    pub data: DeskData,
    /// The time.
    pub clock: Clock,
    /// How browsers come.
    pub scheme: Scheme,
    /// Where hand-over files go.
    pub hand_over_folder: PathBuf,
    /// Where backups go by default.
    pub backup_folder: PathBuf,
    /// Counts changes of the database.
    pub changed: watch::Receiver<u64>,
    /// Where the catalogue is edited and published.
    pub workbench: Workbench,
}

/// The desk as one service.
pub(crate) fn router(setup: DeskSetup) -> Router {
    let desk = Arc::new(Desk {
        data: setup.data,
        sessions: Sessions::new(setup.clock.clone()),
        attempts: Attempts::new(setup.clock.clone()),
        clock: setup.clock,
        scheme: setup.scheme,
        hand_over_folder: setup.hand_over_folder,
        backup_folder: setup.backup_folder,
        changed: setup.changed,
        previews: preview::Previews::default(),
        character_tables: characters::Tables::default(),
        form_bench: Arc::new(FormBench::at(setup.workbench.data_folder())),
        compared: forms::ComparedPages::default(),
        workbench: Arc::new(setup.workbench),
    });
    let inside = of_cases()
        .merge(of_head_office())
        .merge(of_forms())
        .route("/sign-out", post(sign_in::sign_out))
        .route_layer(from_fn_with_state(Arc::clone(&desk), guard::signed_in));
    Router::new()
        .route("/", get(sign_in::start))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/static/{file}", get(assets::file))
        .merge(inside)
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(guard::own_origin))
        .layer(from_fn(guard::headers))
        .with_state(desk)
}

/// The queue and what is done with one case.
fn of_cases() -> Router<Shared> {
    Router::new()
        .route("/queue", get(queue::page))
        .route("/queue/rows", get(queue::rows))
        .route("/events", get(queue::events))
        .route("/case/{case}", get(review::page))
        .route("/case/{case}/page.png", get(preview::page_png))
        .route("/case/{case}/form.pdf", get(preview::form_pdf))
        .route("/case/{case}/paper/{page}", get(papers::page))
        .route("/case/{case}/open", post(review::open))
        .route("/case/{case}/return", post(review::give_back))
        .route("/case/{case}/accept", post(review::accept))
        .route("/case/{case}/refuse", post(review::refuse))
        .route("/case/{case}/hold", post(review::hold))
        .route("/case/{case}/release", post(review::release))
        .route("/case/{case}/addresses", post(protection::ask))
        .route("/case/{case}/addresses/approve", post(protection::approve))
        .route("/case/{case}/copies", get(moves::copies))
        .route("/case/{case}/move", post(moves::hand_on))
        .route("/case/{case}/take-back", post(moves::take_back))
        .route("/case/{case}/settle", post(moves::settle))
        .route("/case/{case}/revoke", post(moves::revoke))
        .route("/case/{case}/hand-over", post(records::hand_over_case))
}

/// What is done with all of them, and with the city's counters and data.
fn of_head_office() -> Router<Shared> {
    Router::new()
        .route(
            "/hand-over",
            get(records::hand_over_page).post(records::hand_over_all),
        )
        .route("/hand-over/again", post(handed_over::again))
        .route(
            "/answers",
            get(handed_over::page)
                .post(handed_over::take)
                .layer(DefaultBodyLimit::max(handed_over::FILE_BYTES_MAX)),
        )
        .route("/answers/{id}/settle", post(handed_over::settle))
        .route("/archive", get(archive::page).post(archive::search))
        .route("/deletion", get(deletion::page).post(deletion::prepare))
        .route("/deletion/{run}", get(deletion::list))
        .route("/deletion/{run}/approve", post(deletion::approve))
        .route("/deletion/{run}/keep", post(deletion::keep))
        .route("/deletion/{run}/drop", post(deletion::give_up))
        .route("/deletion/{run}/certificate", get(deletion::certificate))
        .route(
            "/deletion/{run}/certificate.json",
            get(deletion::certificate_file),
        )
        .route("/hand-over/{file}", get(records::hand_over_file))
        .route("/log", get(log::page))
        .route("/operations", get(operations::page))
        .route("/operations/rows", get(operations::rows))
        .route("/operations/history", get(operations::history_rows))
        .route("/operations/{device}", get(operations::device_page))
        .route(
            "/characters",
            get(characters::page).post(characters::settle),
        )
        .route("/catalogue", get(catalogue::page))
        .route("/catalogue/try", get(catalogue::trial))
        .route("/catalogue/copy", post(catalogue::prepare))
        .route("/catalogue/publish", post(catalogue::publish))
}

/// The forms and their versions.
fn of_forms() -> Router<Shared> {
    let received = post(forms::receive).layer(DefaultBodyLimit::max(forms::FILE_BYTES_MAX));
    Router::new()
        .route("/forms", get(forms::page))
        .route("/forms/receive", received)
        .route("/forms/let-go", post(forms::let_go))
        .route("/forms/try", get(forms::trial))
        .route("/forms/try.png", get(forms::compared_png))
        .route("/forms/publish", post(forms::publish))
        .route("/forms/one", get(forms::one))
        .route("/forms/one.png", get(forms::one_png))
        .route("/forms/folder.zip", get(forms::folder_zip))
}

#[cfg(test)]
mod tests;

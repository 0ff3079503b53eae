//! What a page asks of who opens it, and of a form that is sent to it.
//!
//! A handler names the right in its signature, so none can forget to ask: [`By`] for a page,
//! [`Sent`] for a form. Whoever lacks the right, or sends a form of another session, gets the page
//! that says so, and the handler does not run.

use std::collections::HashMap;
use std::marker::PhantomData;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::session::Viewer;
use super::{Shared, pages};

/// A right of a signed-in person.
pub(crate) trait Right {
    /// Whether this person has it.
    fn is_held_by(viewer: &Viewer) -> bool;
}

/// Being signed in. What is done further in asks again, about the case itself.
pub(crate) enum SignedIn {}
/// Seeing cases and reviewing them (審査).
pub(crate) enum Reviews {}
/// Deciding (決裁).
pub(crate) enum Approves {}
/// Reading the log of who saw and did what (監査).
pub(crate) enum ReadsLog {}
/// Running the machines.
pub(crate) enum Operates {}
/// One of two rights.
pub(crate) struct Either<A, B>(PhantomData<fn() -> (A, B)>);

impl Right for SignedIn {
    fn is_held_by(_: &Viewer) -> bool {
        true
    }
}

impl Right for Reviews {
    fn is_held_by(viewer: &Viewer) -> bool {
        viewer.may_review()
    }
}

impl Right for Approves {
    fn is_held_by(viewer: &Viewer) -> bool {
        viewer.may_approve()
    }
}

impl Right for ReadsLog {
    fn is_held_by(viewer: &Viewer) -> bool {
        viewer.may_see_log()
    }
}

impl Right for Operates {
    fn is_held_by(viewer: &Viewer) -> bool {
        viewer.may_see_operations()
    }
}

impl<A: Right, B: Right> Right for Either<A, B> {
    fn is_held_by(viewer: &Viewer) -> bool {
        A::is_held_by(viewer) || B::is_held_by(viewer)
    }
}

/// Who opens a page, holding the right `R`.
pub(crate) struct By<R>(pub Viewer, pub PhantomData<fn() -> R>);

impl<R: Right> FromRequestParts<Shared> for By<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Response> {
        let Some(viewer) = parts.extensions.get::<Viewer>().cloned() else {
            // The guard in front puts the viewer in; a route without it is a mistake of ours.
            tracing::error!(
                event = "page_without_guard",
                "a page was reached without a session"
            );
            return Err(pages::internal(desk, None).await);
        };
        if R::is_held_by(&viewer) {
            Ok(Self(viewer, PhantomData))
        } else {
            Err(pages::forbidden(desk, &viewer).await)
        }
    }
}

/// A form of this session, sent by a person who holds the right `R`.
pub(crate) struct Sent<R> {
    /// Who sent it.
    pub viewer: Viewer,
    /// What was entered, by the names of the fields.
    pub fields: HashMap<String, String>,
    right: PhantomData<fn() -> R>,
}

impl<R: Right> FromRequest<Shared> for Sent<R> {
    type Rejection = Response;

    async fn from_request(request: Request, desk: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let By(viewer, right) = By::<R>::from_request_parts(&mut parts, desk).await?;
        let request = Request::from_parts(parts, body);
        let fields = match Form::<HashMap<String, String>>::from_request(request, desk).await {
            Ok(Form(fields)) => fields,
            Err(unread) => return Err(unread.into_response()),
        };
        if fields.get("csrf") == Some(&viewer.csrf) {
            Ok(Self {
                viewer,
                fields,
                right,
            })
        } else {
            Err(pages::form_refused(desk, &viewer).await)
        }
    }
}

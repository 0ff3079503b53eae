//! What stands before every handler: headers, same origin, a session.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Shared, pages, session};

/// Pages run no script and no style but the shipped files, load nothing from elsewhere, cannot be
/// framed and are not kept by caches: they hold personal data.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let fixed = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses a form another site sent, before anything looks at it; each form carries a token too.
pub(crate) async fn own_origin(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && !is_own(request.headers()) {
        tracing::warn!(
            event = "cross_origin_refused",
            "refused a form of another origin"
        );
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split("://").nth(1) == Some(host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Lets through who is signed in and puts the [`session::Viewer`] into the request.
pub(crate) async fn signed_in(
    State(desk): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = session::cookie(request.headers(), session::COOKIE).map(str::to_owned);
    let viewer = token.as_deref().and_then(|token| {
        desk.sessions
            .viewer(token, session::is_background(request.uri().path()))
    });
    if let (Some(mut viewer), Some(token)) = (viewer, token) {
        // A role that was given or taken since the sign-in holds at once.
        match desk.data.still_on_list(viewer.staff.clone()).await {
            Ok(Some(member)) => {
                viewer.roles = member.roles;
                viewer.branches = member.branches;
                request.extensions_mut().insert(viewer);
                return next.run(request).await;
            }
            Ok(None) => desk.sessions.end(&token),
            Err(_) => return pages::internal(&desk, None).await,
        }
    }
    if request.headers().contains_key("hx-request") {
        // A fragment must not become a sign-in form inside the queue: the whole page goes there.
        return (
            StatusCode::UNAUTHORIZED,
            [("hx-redirect", "/sign-in?ended=1")],
        )
            .into_response();
    }
    Redirect::to("/sign-in?ended=1").into_response()
}

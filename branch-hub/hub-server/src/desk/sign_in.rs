//! Sign-in and sign-out.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::data::SignInRefused;
use super::pages::{self, Banner, SignInPage};
use super::rights::{Sent, SignedIn};
use super::session::{self, Deed};
use super::{Shared, texts};

/// `/`: the page the person starts on.
pub(crate) async fn start(State(desk): State<Shared>, headers: HeaderMap) -> Redirect {
    let viewer = session::cookie(&headers, session::COOKIE)
        .and_then(|token| desk.sessions.viewer(token, Deed::Person));
    Redirect::to(
        viewer
            .and_then(|viewer| session::home(&viewer.roles))
            .unwrap_or("/sign-in"),
    )
}

/// The form.
pub(crate) async fn page(
    State(desk): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let banner = query.contains_key("ended").then(texts::session_ended);
    form(&desk, StatusCode::OK, String::new(), banner).await
}

async fn form(
    desk: &Shared,
    status: StatusCode,
    staff: String,
    banner: Option<Banner>,
) -> Response {
    let Some(csrf) = session::random_token() else {
        return pages::internal(desk, None).await;
    };
    let cookie = session::set_cookie(session::FORM_COOKIE, &csrf, desk.scheme);
    let frame = pages::frame(desk, None, "").await;
    let page = pages::html(
        status,
        &SignInPage {
            frame,
            banner,
            csrf,
            staff,
        },
    );
    with_cookies(page, &[cookie])
}

fn with_cookies(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// The form comes back. Password checks (Argon2id) run off the async threads.
pub(crate) async fn sign_in(
    State(desk): State<Shared>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let staff = field("staff").trim().chars().take(32).collect::<String>();
    let expected = session::cookie(&headers, session::FORM_COOKIE);
    if expected.is_none_or(|token| token.is_empty() || token != field("csrf")) {
        return form(
            &desk,
            StatusCode::FORBIDDEN,
            staff,
            Some(texts::form_too_old()),
        )
        .await;
    }
    if let Err(seconds) = desk.attempts.begin(&staff) {
        let banner = texts::too_many_tries(seconds);
        return form(&desk, StatusCode::TOO_MANY_REQUESTS, staff, Some(banner)).await;
    }
    match desk.data.sign_in(&staff, field("password")).await {
        Ok(member) => {
            desk.attempts.forget(&staff);
            let (Some(home), Some(token)) =
                (session::home(&member.roles), desk.sessions.start(&member))
            else {
                return form(
                    &desk,
                    StatusCode::FORBIDDEN,
                    staff,
                    Some(texts::no_desk_role()),
                )
                .await;
            };
            let cookies = [
                session::set_cookie(session::COOKIE, &token, desk.scheme),
                session::set_cookie(session::FORM_COOKIE, "", desk.scheme),
            ];
            with_cookies(Redirect::to(home).into_response(), &cookies)
        }
        Err(SignInRefused::Wrong) => {
            form(
                &desk,
                StatusCode::UNAUTHORIZED,
                staff,
                Some(texts::wrong_password()),
            )
            .await
        }
        Err(SignInRefused::NoStaff) => {
            form(
                &desk,
                StatusCode::UNAUTHORIZED,
                staff,
                Some(texts::no_staff_yet()),
            )
            .await
        }
        Err(SignInRefused::Failed) => pages::internal(&desk, None).await,
    }
}

/// Ends the session.
pub(crate) async fn sign_out(
    State(desk): State<Shared>,
    headers: HeaderMap,
    _: Sent<SignedIn>,
) -> Response {
    if let Some(token) = session::cookie(&headers, session::COOKIE) {
        desk.sessions.end(token);
    }
    let gone = session::set_cookie(session::COOKIE, "", desk.scheme);
    with_cookies(Redirect::to("/sign-in").into_response(), &[gone])
}

//! What the templates are given. Templates: `templates/*.html`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::session::Viewer;
use super::{Shared, texts};

/// An icon of `static/icons.svg`, hidden from screen readers: a word always stands beside it.
pub(crate) fn icon(name: &str) -> String {
    format!(r#"<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#{name}"/></svg>"#)
}

/// Icon, word and colour together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chip {
    /// Class of `desk.css`.
    pub class: &'static str,
    /// Icon.
    pub icon: &'static str,
    /// The word.
    pub text: String,
}

impl Chip {
    /// Makes one.
    pub(crate) fn new(class: &'static str, icon: &'static str, text: impl Into<String>) -> Self {
        Self {
            class,
            icon,
            text: text.into(),
        }
    }
}

/// How loud a banner is; also its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something is done.
    Done,
    /// For information.
    Info,
    /// Look here.
    Caution,
    /// Something is wrong.
    Wrong,
}

impl std::fmt::Display for Tone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Info => "info",
            Self::Caution => "caution",
            Self::Wrong => "wrong",
        })
    }
}

/// What happened, then what to do.
#[derive(Debug, Clone)]
pub(crate) struct Banner {
    /// How loud.
    pub tone: Tone,
    /// What happened.
    pub what: String,
    /// What to do now.
    pub advice: String,
}

impl Banner {
    /// Makes one.
    pub(crate) fn new(tone: Tone, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            tone,
            what: what.into(),
            advice: advice.into(),
        }
    }

    /// The icon that goes with the tone.
    pub(crate) fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Done => "task_alt",
            Tone::Info => "info",
            Tone::Caution => "warning",
            Tone::Wrong => "error",
        }
    }

    /// How loudly a screen reader says it.
    pub(crate) fn aria_role(&self) -> &'static str {
        match self.tone {
            Tone::Done | Tone::Info => "status",
            Tone::Caution | Tone::Wrong => "alert",
        }
    }
}

/// The line at the top.
pub(crate) struct Frame {
    /// Name of the city.
    pub city: String,
    /// Who is signed in.
    pub user: Option<FrameUser>,
}

/// Who is signed in, as the header shows it.
pub(crate) struct FrameUser {
    /// Name.
    pub name: String,
    /// Roles in words.
    pub roles: String,
    /// Token of the sign-out form.
    pub csrf: String,
    /// Pages this person may open.
    pub nav: Vec<NavItem>,
}

/// An entry of the header.
pub(crate) struct NavItem {
    /// Where.
    pub href: &'static str,
    /// Its word.
    pub label: &'static str,
    /// It is this page.
    pub current: bool,
}

/// The header for `viewer`; `current` is the address of the page.
pub(crate) async fn frame(desk: &Shared, viewer: Option<&Viewer>, current: &str) -> Frame {
    let city = desk.data.city().await;
    let user = viewer.map(|viewer| {
        let all = [
            ("/queue", "届出の一覧", viewer.may_see_cases()),
            ("/archive", "届出の検索", viewer.may_see_cases()),
            ("/hand-over", "引き継ぎファイル", viewer.may_see_cases()),
            (
                "/characters",
                "文字の同定",
                viewer.may_see_cases() || viewer.may_see_operations(),
            ),
            (
                "/deletion",
                "保存期間と廃棄",
                viewer.may_approve() || viewer.may_see_log(),
            ),
            ("/log", "記録", viewer.may_see_log()),
            ("/operations", "運用", viewer.may_see_operations()),
            ("/catalogue", "手続きの一覧", viewer.may_see_operations()),
            ("/forms", "様式", viewer.may_see_operations()),
        ];
        let nav = all
            .into_iter()
            .filter(|(_, _, allowed)| *allowed)
            .map(|(href, label, _)| NavItem {
                href,
                label,
                current: href == current,
            })
            .collect();
        FrameUser {
            name: viewer.name.clone(),
            roles: texts::roles(&viewer.roles),
            csrf: viewer.csrf.clone(),
            nav,
        }
    });
    Frame { city, user }
}

/// A template as a response.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(event = "page_failed", %error, "a page could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The sign-in form.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    /// Header.
    pub frame: Frame,
    /// Why it is shown again.
    pub banner: Option<Banner>,
    /// Token, equal to the form's cookie.
    pub csrf: String,
    /// The id typed before.
    pub staff: String,
}

/// One message on an otherwise empty page.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage {
    frame: Frame,
    heading: String,
    banner: Option<Banner>,
    back: String,
    back_label: &'static str,
}

/// A message with a way back.
pub(crate) async fn message(
    desk: &Shared,
    viewer: Option<&Viewer>,
    status: StatusCode,
    (heading, banner): (&str, Banner),
    (back, back_label): (&str, &'static str),
) -> Response {
    let page = MessagePage {
        frame: frame(desk, viewer, "").await,
        heading: heading.to_owned(),
        banner: Some(banner),
        back: back.to_owned(),
        back_label,
    };
    html(status, &page)
}

/// The database did not answer; the log says why.
pub(crate) async fn internal(desk: &Shared, viewer: Option<&Viewer>) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    message(
        desk,
        viewer,
        status,
        texts::internal(),
        ("/", "最初の画面へ"),
    )
    .await
}

/// The form's token is not this session's.
pub(crate) async fn form_refused(desk: &Shared, viewer: &Viewer) -> Response {
    let text = ("画面が古くなりました", texts::form_too_old());
    message(
        desk,
        Some(viewer),
        StatusCode::FORBIDDEN,
        text,
        ("/", "最初の画面へ"),
    )
    .await
}

/// The person's roles do not reach here.
pub(crate) async fn forbidden(desk: &Shared, viewer: &Viewer) -> Response {
    let status = StatusCode::FORBIDDEN;
    message(
        desk,
        Some(viewer),
        status,
        texts::forbidden(),
        ("/", "最初の画面へ"),
    )
    .await
}

/// No such page or case.
pub(crate) async fn missing(desk: &Shared, viewer: Option<&Viewer>) -> Response {
    let status = StatusCode::NOT_FOUND;
    message(
        desk,
        viewer,
        status,
        texts::missing(),
        ("/", "最初の画面へ"),
    )
    .await
}

/// Any other address.
pub(crate) async fn not_found(State(desk): State<Shared>) -> Response {
    missing(&desk, None).await
}

//! Files shipped inside the program; `static/LICENSES.md` says from whom.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Serves one of the shipped files.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    const STYLE: &str = "text/css; charset=utf-8";
    let (kind, bytes): (&str, &[u8]) = match name.as_str() {
        "htmx.min.js" => (SCRIPT, include_bytes!("../../static/htmx.min.js")),
        "htmx-sse.min.js" => (SCRIPT, include_bytes!("../../static/htmx-sse.min.js")),
        "desk.js" => (SCRIPT, include_bytes!("../../static/desk.js")),
        "tokens.css" => (STYLE, include_bytes!("../../static/tokens.css")),
        "desk.css" => (STYLE, include_bytes!("../../static/desk.css")),
        "icons.svg" => ("image/svg+xml", include_bytes!("../../static/icons.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        bytes,
    )
        .into_response()
}

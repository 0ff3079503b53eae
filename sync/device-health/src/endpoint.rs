//! `GET /metrics` over plain HTTP, on an address of its own.
//!
//! Off unless a setting names an address, which is to be the loopback or a network for management
//! alone: there is no sign-in, and nothing is told that a sign-in would have to guard.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::exposition::Exposition;

/// Most askers at once.
const CONNECTIONS_MAX: usize = 8;
/// How long a request may take to arrive, and an answer to be made and taken.
const EXCHANGE: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Makes the page; blocks and is called off the async threads. `None` when it cannot now.
pub type Figures = Arc<dyn Fn() -> Option<Exposition> + Send + Sync>;

/// Serves until it is dropped.
///
/// # Errors
/// Only when the listener's own socket is broken.
pub async fn serve_figures(listener: TcpListener, figures: Figures) -> io::Result<()> {
    listener.local_addr()?;
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return Ok(());
        };
        let socket = match listener.accept().await {
            Ok((socket, _)) => socket,
            Err(error) => {
                tracing::warn!(%error, "figures could not be asked for");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let figures = Arc::clone(&figures);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&figures)));
            let serving = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(EXCHANGE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(socket), service);
            if !matches!(tokio::time::timeout(EXCHANGE, serving).await, Ok(Ok(()))) {
                tracing::debug!("figures were not taken");
            }
            drop(permit);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    figures: Figures,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/metrics" {
        return Ok(plain(StatusCode::NOT_FOUND, "figures are at /metrics\n"));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        refusal
            .headers_mut()
            .insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        return Ok(refusal);
    }
    let made = tokio::task::spawn_blocking(move || figures()).await;
    Ok(match made {
        Ok(Some(page)) => plain(StatusCode::OK, page.into_text()),
        Ok(None) | Err(_) => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "figures cannot be read now; the log says why\n",
        ),
    })
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let value = hyper::header::HeaderValue::from_static;
    headers.insert(
        CONTENT_TYPE,
        value("text/plain; version=0.0.4; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, value("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::exposition::{Kind, Value};

    async fn asked(request: &str, figures: Figures) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve_figures(listener, figures));
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        serving.abort();
        answer
    }

    fn one() -> Figures {
        Arc::new(|| {
            let mut page = Exposition::new();
            page.figure("todoke_up", Kind::Gauge, "Whether it runs.")
                .of(&[], Value::flag(true));
            Some(page)
        })
    }

    #[tokio::test]
    async fn figures_are_served_and_nothing_else_is() {
        let found = asked("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", one()).await;
        assert!(found.starts_with("HTTP/1.1 200"), "{found}");
        assert!(found.contains("text/plain; version=0.0.4"), "{found}");
        assert!(found.ends_with("todoke_up 1\n"), "{found}");
        let elsewhere = asked("GET / HTTP/1.1\r\nHost: x\r\n\r\n", one()).await;
        assert!(elsewhere.starts_with("HTTP/1.1 404"), "{elsewhere}");
        let posted = "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        let posted = asked(posted, one()).await;
        assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
        let failing = asked(
            "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            Arc::new(|| None),
        )
        .await;
        assert!(failing.starts_with("HTTP/1.1 503"), "{failing}");
    }
}

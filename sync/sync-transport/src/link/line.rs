//! One connection to the hub or to a neighbour: TLS, HTTP/2, and what went wrong with either.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::header::USER_AGENT;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use sync_engine::PeerRole;
use sync_protocol::limits::BODY_BYTES_MAX;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::HubAddress;
use super::status::{LinkRefusal, refusal_in_tls};
use crate::certificate::{COUNTER_NAME, Device, HUB_NAME, device_of};

/// What this program is, told with every request.
const PROGRAM: &str = concat!("todoke/", env!("CARGO_PKG_VERSION"));

/// A packet lost on the way is sent again after one second; two are enough to know.
const DIAL: Duration = Duration::from_secs(2);
const HANDSHAKE: Duration = Duration::from_secs(5);
const EXCHANGE: Duration = Duration::from_secs(90);

/// How long a quiet line is trusted. A question with its answer is 78 bytes, so a counter that has
/// nothing to say stays below a kilobyte a minute (`make bench-sync`).
const KEEP_ALIVE: Duration = Duration::from_secs(8);

/// How long the answer may take; a line that fell silent is noticed after at most both together. The
/// question waits behind a round of 1 MiB that is being sent, which is 8 s at 1 Mbit/s.
const ANSWER: Duration = Duration::from_secs(8);

/// Why there is no line.
#[derive(Debug, Error)]
pub(crate) enum ConnectError {
    /// Nobody answers, or the line broke.
    #[error("hub is not reached")]
    Line,
    /// Somebody answers who is not our hub, or who refuses us.
    #[error("line is refused: {0:?}")]
    Refused(LinkRefusal),
}

/// The first TLS error seen, which HTTP would not hand on.
type Fault = Arc<Mutex<Option<rustls::Error>>>;

/// What the hub replied.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) news: Option<u64>,
    pub(crate) body: Bytes,
}

/// An open connection; cut when dropped.
pub(crate) struct Line {
    /// Who is at the other end, as its certificate says.
    pub(crate) device: Device,
    name: &'static str,
    send: http2::SendRequest<Full<Bytes>>,
    fault: Fault,
    driver: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Line {
    /// Dials the hub.
    pub(crate) async fn to_hub(
        address: &HubAddress,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, ConnectError> {
        Self::connect(address, tls, HUB_NAME, PeerRole::Hub).await
    }

    /// Dials the hub at each of its addresses in turn, once.
    pub(crate) async fn to_any_hub(
        addresses: &HubAddress,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, ConnectError> {
        let mut last = ConnectError::Line;
        for turn in 0..addresses.count() {
            match Self::to_hub(addresses.at_turn(turn), Arc::clone(&tls)).await {
                Ok(line) => return Ok(line),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Dials a counter; which one, its certificate says.
    pub(crate) async fn to_counter(
        address: &HubAddress,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, ConnectError> {
        Self::connect(address, tls, COUNTER_NAME, PeerRole::Counter).await
    }

    async fn connect(
        address: &HubAddress,
        tls: Arc<ClientConfig>,
        name: &'static str,
        role: PeerRole,
    ) -> Result<Self, ConnectError> {
        let dialling = TcpStream::connect((address.host.as_str(), address.port));
        let socket = timed(DIAL, dialling).await?;
        socket.set_nodelay(true).map_err(|_| ConnectError::Line)?;
        let fault = Fault::default();
        let asked = ServerName::try_from(name).map_err(|_| ConnectError::Line)?;
        let shaking = TlsConnector::from(tls).connect(asked, socket);
        let stream = match timeout(HANDSHAKE, shaking).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(cause_of(&error)),
            Err(_) => return Err(ConnectError::Line),
        };
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        let device = leaf
            .and_then(|leaf| device_of(leaf).ok())
            .filter(|device| device.peer.role == role)
            .ok_or(ConnectError::Refused(LinkRefusal::CertificateNotOurs))?;
        let io = TokioIo::new(Watched {
            inner: stream,
            fault: Arc::clone(&fault),
        });
        let opening = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(ANSWER)
            .keep_alive_while_idle(true)
            .handshake(io);
        let Ok(Ok((send, connection))) = timeout(HANDSHAKE, opening).await else {
            return Err(ConnectError::Line);
        };
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "line ended");
            }
        });
        Ok(Self {
            device,
            name,
            send,
            fault,
            driver,
        })
    }

    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Reply, ConnectError> {
        self.request(Method::POST, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Reply, ConnectError> {
        self.request(Method::GET, path, Vec::new()).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Reply, ConnectError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.name))
            .header(USER_AGENT, PROGRAM)
            .body(Full::from(body))
            .map_err(|_| ConnectError::Line)?;
        let mut send = self.send.clone();
        let exchange = async {
            send.ready().await?;
            let response = send.send_request(request).await?;
            let (head, body) = response.into_parts();
            let news = head.headers.get(crate::server::NEWS);
            let news = news.and_then(|value| value.to_str().ok()?.parse().ok());
            Ok::<_, hyper::Error>((head.status, news, body))
        };
        let Ok(Ok((status, news, body))) = timeout(EXCHANGE, exchange).await else {
            return Err(self.fault());
        };
        let reading = Limited::new(body, BODY_BYTES_MAX).collect();
        let Ok(Ok(body)) = timeout(EXCHANGE, reading).await else {
            return Err(self.fault());
        };
        Ok(Reply {
            status,
            news,
            body: body.to_bytes(),
        })
    }

    /// The line broke; TLS may have said why. With TLS 1.3 the server judges our certificate after
    /// the handshake is over for us, so its refusal arrives here.
    fn fault(&self) -> ConnectError {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault
            .as_ref()
            .and_then(refusal_in_tls)
            .map_or(ConnectError::Line, ConnectError::Refused)
    }
}

async fn timed<T>(
    at_most: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, ConnectError> {
    match timeout(at_most, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) | Err(_) => Err(ConnectError::Line),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn cause_of(error: &io::Error) -> ConnectError {
    tls_error(error)
        .and_then(refusal_in_tls)
        .map_or(ConnectError::Line, ConnectError::Refused)
}

/// A stream that remembers the first TLS error.
struct Watched<T> {
    inner: T,
    fault: Fault,
}

impl<T> Watched<T> {
    fn note<V>(&self, polled: Poll<io::Result<V>>) -> Poll<io::Result<V>> {
        if let Poll::Ready(Err(error)) = &polled
            && let Some(tls) = tls_error(error)
        {
            let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            fault.get_or_insert_with(|| tls.clone());
        }
        polled
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.note(polled)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.note(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

//! What a peer that does not keep to the protocol gets, over one connection that lives on.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Bytes, Frame};
use hyper::client::conn::http2;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sync_engine::memory::MemoryStore;
use sync_engine::{Limits, Moment, Peer, PeerRole, Session};
use sync_protocol::limits::BODY_BYTES_MAX;
use sync_protocol::{About, Message, Reason, SiteId, decode_all, encode_all, version};
use sync_transport::DeviceIdentity;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{COUNTER, HUB, NOON_MS, Running, hub, noon, soon};

type Device = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A connection that sends whatever it is told to.
struct Raw(http2::SendRequest<Full<Bytes>>);

impl Raw {
    async fn enrolled(hub: &Running, site: SiteId) -> Self {
        Self::connect(hub, Some(device(hub, site).await)).await
    }

    async fn connect(hub: &Running, device: Option<Device>) -> Self {
        Self(connection(hub, device).await)
    }

    async fn post(&mut self, path: &str, body: Vec<u8>) -> (StatusCode, Bytes) {
        let uri = format!("https://127.0.0.1{path}");
        let request = Request::post(uri).body(Full::from(body)).unwrap();
        soon(self.0.ready()).await.unwrap();
        let response = soon(self.0.send_request(request)).await.unwrap();
        let status = response.status();
        (
            status,
            soon(response.into_body().collect())
                .await
                .unwrap()
                .to_bytes(),
        )
    }

    #[track_caller]
    fn alive(&self) {
        assert!(!self.0.is_closed(), "the connection lives on");
    }
}

async fn connection<B>(hub: &Running, device: Option<Device>) -> http2::SendRequest<B>
where
    B: Body<Data = Bytes, Error = Infallible> + Unpin + Send + 'static,
{
    let tls = handshake(hub, device).await;
    let (send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tls))
        .await
        .unwrap();
    tokio::spawn(async move { drop(connection.await) });
    send
}

/// The beginning of a request on a line that then says nothing more.
struct Unfinished(Option<Bytes>);

impl Body for Unfinished {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None => Poll::Pending,
        }
    }
}

/// Begins so many rounds of `site` that never end; their answers.
async fn unfinished(hub: &Running, site: SiteId, count: usize) -> JoinSet<Option<StatusCode>> {
    let identity = hub.also_enrolled(site).await;
    let mut send = connection(hub, Some(taken_apart(&identity))).await;
    let mut answers = JoinSet::new();
    for _ in 0..count {
        let mut start = opening(site);
        start.pop();
        let request = Request::post("https://127.0.0.1/sync/v1");
        let request = request.body(Unfinished(Some(Bytes::from(start)))).unwrap();
        soon(send.ready()).await.unwrap();
        let answer = send.send_request(request);
        answers.spawn(async move { answer.await.ok().map(|answer| answer.status()) });
    }
    // Without it the connection is closed.
    answers.spawn(async move {
        std::future::pending::<()>().await;
        drop(send);
        None
    });
    answers
}

/// An enrolled device's certificate and key.
async fn device(hub: &Running, site: SiteId) -> Device {
    taken_apart(&hub.enrolled(site).await)
}

fn taken_apart(identity: &DeviceIdentity) -> Device {
    let json = identity.to_json().unwrap();
    let texts: serde_json::Value = serde_json::from_str(&json).unwrap();
    let text = |name: &str| texts[name].as_str().unwrap().as_bytes().to_vec();
    let chain = vec![CertificateDer::from_pem_slice(&text("certificate_pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&text("key_pem")).unwrap();
    (chain, key)
}

/// A connection on which nothing was said yet.
async fn handshake(hub: &Running, device: Option<Device>) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let authority = hub.authority.certificate_pem().as_bytes();
    roots
        .add(CertificateDer::from_pem_slice(authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(noon()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match device {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(hub.address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
        .unwrap()
}

fn opening(site: SiteId) -> Vec<u8> {
    let hub = Peer {
        site: HUB,
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    };
    let mut session = Session::new(hub, Limits::default());
    let now = Moment::from_unix_ms(NOON_MS);
    encode_all(
        &session
            .round(&mut MemoryStore::new(site), now)
            .unwrap()
            .messages,
    )
    .unwrap()
}

#[track_caller]
fn check_refused(body: &[u8], about: About, reason: Reason) {
    assert_eq!(
        decode_all(body),
        Ok(vec![Message::Refused { about, reason }])
    );
}

async fn check_works(raw: &mut Raw) {
    raw.alive();
    let (status, body) = raw.post("/sync/v1", opening(COUNTER)).await;
    assert_eq!(status, StatusCode::OK);
    let mut answer = decode_all(&body).unwrap();
    let hello = answer.first_mut().and_then(Message::hello_mut);
    assert_eq!(hello.map(|hello| hello.site), Some(HUB));
}

#[tokio::test]
async fn oversized_body_is_refused_and_the_next_request_works() {
    let hub = hub().await;
    let mut raw = Raw::enrolled(&hub, COUNTER).await;
    let (status, body) = raw.post("/sync/v1", vec![0xD7; BODY_BYTES_MAX + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    check_refused(&body, About::Request, Reason::TooLarge);
    check_works(&mut raw).await;
}

#[tokio::test]
async fn malformed_body_is_refused_and_the_next_request_works() {
    let hub = hub().await;
    let mut raw = Raw::enrolled(&hub, COUNTER).await;
    let mut cut = opening(COUNTER);
    cut.pop();
    for malformed in [b"GET".to_vec(), vec![0; 1000], cut] {
        let (status, body) = raw.post("/sync/v1", malformed).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        check_refused(&body, About::Request, Reason::Malformed);
    }
    check_works(&mut raw).await;
}

#[tokio::test]
async fn message_of_a_later_version_is_refused_as_such() {
    let hub = hub().await;
    let mut raw = Raw::enrolled(&hub, COUNTER).await;
    let (status, body) = raw
        .post("/sync/v1", vec![0xD7, 9, 0, 0, 0, 0, 0, 0, 0, 0])
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    check_refused(
        &body,
        About::Conversation,
        Reason::Version {
            min: version::MIN,
            current: version::CURRENT,
        },
    );
    check_works(&mut raw).await;
}

#[tokio::test]
async fn only_enrolment_is_open_without_a_certificate() {
    let hub = hub().await;
    let mut raw = Raw::connect(&hub, None).await;
    let (status, body) = raw.post("/sync/v1", opening(COUNTER)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    check_refused(&body, About::Conversation, Reason::NotEnrolled);
    let (status, _) = raw.post("/enrol", b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = raw.post("/enrol", vec![b' '; 20_000]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    raw.alive();
}

#[tokio::test]
async fn hello_in_another_name_is_refused() {
    let hub = hub().await;
    let mut raw = Raw::enrolled(&hub, COUNTER).await;
    let (status, body) = raw.post("/sync/v1", opening(SiteId([0x22; 16]))).await;
    assert_eq!(status, StatusCode::OK);
    let answer = decode_all(&body).unwrap();
    let about = About::Conversation;
    let refused = Message::Refused {
        about,
        reason: Reason::NotYourSite,
    };
    assert_eq!(answer.first(), Some(&refused));
}

#[tokio::test]
async fn strangers_that_say_nothing_leave_room_for_the_counters() {
    let hub = hub().await;
    let enrolled = device(&hub, COUNTER).await;
    let mut strangers = JoinSet::new();
    for _ in 0..65 {
        let mut silent = handshake(&hub, None).await;
        strangers.spawn(async move { silent.read(&mut [0]).await.unwrap_or(0) });
    }
    let hung_up_on = soon(strangers.join_next()).await.unwrap();
    assert_eq!(hung_up_on.unwrap(), 0);
    check_works(&mut Raw::connect(&hub, Some(enrolled)).await).await;
}

#[tokio::test]
async fn lines_that_send_slowly_hold_up_nobody_else() {
    let hub = hub().await;
    let mut slow = Vec::new();
    for site in [0x31, 0x32, 0x33] {
        slow.push(unfinished(&hub, SiteId([site; 16]), 4).await);
    }
    let mut asked = hub.register.asked.subscribe();
    soon(asked.wait_for(|asked| *asked >= 12)).await.unwrap();
    check_works(&mut Raw::enrolled(&hub, COUNTER).await).await;
    for mut answers in slow {
        assert!(
            answers.try_join_next().is_none(),
            "they go on when they can"
        );
    }
}

#[tokio::test]
async fn one_device_cannot_fill_the_memory_with_beginnings() {
    let hub = hub().await;
    let mut answers = unfinished(&hub, SiteId([0x31; 16]), 5).await;
    let refused = soon(answers.join_next()).await.unwrap().unwrap();
    assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));
    check_works(&mut Raw::enrolled(&hub, COUNTER).await).await;
}

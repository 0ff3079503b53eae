//! Both ends of the running hub.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use hub_store::HubStore;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use replica::StoreChange;
use sync_engine::Store as _;
use sync_protocol::VersionVector;
use sync_transport::{Authority, Wake};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::catalogue::Workbench;
use crate::cli::ServeArgs;
use crate::clock::Clock;
use crate::deletion;
use crate::desk::{DeskData, DeskSetup, Scheme, router};
use crate::folder::Folder;
use crate::standby::first::First;
use crate::standby::{self, tell};

mod counters;
mod uses;
mod watching;

/// Browsers connected to the desk at once.
const DESK_CONNECTIONS_MAX: usize = 512;
/// How long a browser may take for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the hub looks for what another process (`publish`, `staff add`) wrote.
const LOOK_AROUND: Duration = Duration::from_secs(2);
/// How often it is looked whether the standby is still there.
const LOOK_FOR_STANDBY: Duration = Duration::from_secs(10);

/// Opens both ends and serves until it is told to stop.
///
/// # Errors
/// When the folder, an address or the database cannot be opened.
pub(crate) fn run(folder: &Folder, args: &ServeArgs, clock: &Clock) -> Result<()> {
    if args.desk_plain && !args.desk.ip().is_loopback() {
        bail!(
            "--desk-plain is for a loopback address only; {} is not one",
            args.desk
        );
    }
    standby::refuse_superseded(folder.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(folder, args, clock))
}

/// What both ends share.
pub(crate) struct Shared {
    pub store: Arc<Mutex<HubStore>>,
    pub authority: Arc<Authority>,
    pub wake: Wake,
    pub clock: Clock,
}

async fn serve(folder: &Folder, args: &ServeArgs, clock: &Clock) -> Result<()> {
    let mut store = folder.store(clock)?;
    let (sender, changed) = watch::channel(0_u64);
    store.on_change(move |change| {
        if !matches!(change, StoreChange::Logged | StoreChange::Acknowledged) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    });
    let uses_changed = changed.clone();
    let shared = Shared {
        store: Arc::new(Mutex::new(store)),
        authority: Arc::new(folder.authority(clock)?),
        wake: Wake::new(),
        clock: clock.clone(),
    };
    let listen = opened(args.listen, "the counters").await?;
    let desk = opened(args.desk, "the desk").await?;
    let (listen_address, desk_address) = (listen.local_addr()?, desk.local_addr()?);
    let pages = router(DeskSetup {
        data: DeskData::new(
            Arc::clone(&shared.store),
            clock.clone(),
            shared.wake.clone(),
        ),
        clock: clock.clone(),
        scheme: scheme(args),
        hand_over_folder: folder.hand_over(),
        backup_folder: folder.backups()?,
        changed,
        workbench: workbench(folder, &shared),
    });
    let tls = if args.desk_plain {
        None
    } else {
        Some(desk_tls(folder, &shared, args, desk_address)?)
    };
    let first = Arc::new(First::new(folder.clone(), clock.clone()));
    let counters = counters::open(folder, &shared, listen, Arc::clone(&first))?;
    let desk = serve_desk(desk, tls, pages);
    let look_around = look_around(Arc::clone(&shared.store), shared.wake.clone());
    let uses = uses::publish_uses(
        Arc::clone(&shared.store),
        Arc::clone(&shared.authority),
        shared.wake.clone(),
        uses_changed,
    );
    let deleting = deletion::carry_out(
        Arc::clone(&shared.store),
        Arc::clone(&shared.authority),
        folder.city().to_owned(),
        shared.wake.clone(),
    );
    let watching = watching::keep(folder, &shared, args.metrics).await?;
    say_ready(args.ready_file.as_deref(), listen_address, desk_address)?;
    tracing::info!(event = "ready", listen = %listen_address, desk = %desk_address, "both ends are open");
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = counters => ended.context("the counters' end stopped"),
        ended = desk => ended.context("the desk stopped"),
        () = look_around => Ok(()),
        () = uses => Ok(()),
        () = deleting => Ok(()),
        ended = watching => ended.context("the figures for monitoring stopped"),
        () = until_superseded(first) => bail!("another machine goes on for this hub; its ends are closed"),
        ended = tell::the_first(folder.path(), clock) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

async fn opened(address: SocketAddr, whom: &str) -> Result<TcpListener> {
    let opening = TcpListener::bind(address).await;
    opening.with_context(|| format!("cannot open {address} for {whom}"))
}

fn scheme(args: &ServeArgs) -> Scheme {
    if args.desk_plain {
        Scheme::PlainLoopback
    } else {
        Scheme::Https
    }
}

/// Returns when another machine goes on for this hub.
async fn until_superseded(first: Arc<First>) {
    let mut superseded = first.superseded();
    let mut tick = tokio::time::interval(LOOK_FOR_STANDBY);
    loop {
        tokio::select! {
            ended = superseded.wait_for(|superseded| *superseded) => {
                if ended.is_ok() {
                    return;
                }
            }
            _ = tick.tick() => {
                let first = Arc::clone(&first);
                tokio::task::spawn_blocking(move || first.look()).await.ok();
            }
        }
    }
}

/// The rule workbench, which signs with the hub's publishing key.
fn workbench(folder: &Folder, shared: &Shared) -> Workbench {
    let authority = Arc::clone(&shared.authority);
    let sign = move |message: &[u8]| Ok(authority.sign_published(message)?);
    Workbench::of(folder, Box::new(sign))
}

/// The desk's certificate, fresh for every start, for the names browsers use.
fn desk_tls(
    folder: &Folder,
    shared: &Shared,
    args: &ServeArgs,
    address: SocketAddr,
) -> Result<TlsAcceptor> {
    let mut names = args.desk_name.clone();
    names.push(address.ip().to_string());
    if address.ip().is_loopback() {
        names.push("localhost".to_owned());
    }
    let site = sync_protocol::SiteId(folder.device().0);
    let identity = shared
        .authority
        .issue_server(site, &names, shared.clock.unix_ms())?;
    let clock = shared.clock.clone();
    let clock = sync_transport::Clock::from_unix_ms(move || clock.unix_ms());
    let config = sync_transport::browser_config(identity, &clock)?;
    Ok(TlsAcceptor::from(config))
}

/// Writes the ready file in place: it may be a FIFO somebody reads.
fn say_ready(file: Option<&Path>, listen: SocketAddr, desk: SocketAddr) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    let line = serde_json::json!({"listen": listen, "desk": desk}).to_string();
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| writeln!(file, "{line}"))
        .with_context(|| format!("cannot write {}", path.display()))
}

async fn serve_desk(listener: TcpListener, tls: Option<TlsAcceptor>, pages: Router) -> Result<()> {
    let room = Arc::new(Semaphore::new(DESK_CONNECTIONS_MAX));
    loop {
        let permit = Arc::clone(&room).acquire_owned().await?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, for example: wait for some to close instead of spinning.
                tracing::warn!(event = "accept_failed", %error, "a browser could not connect");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (tls, pages) = (tls.clone(), pages.clone());
        tokio::spawn(async move {
            serve_browser(stream, tls, pages).await;
            drop(permit);
        });
    }
}

async fn serve_browser(stream: TcpStream, tls: Option<TlsAcceptor>, pages: Router) {
    match tls {
        None => serve_connection(stream, pages).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve_connection(stream, pages).await,
            Ok(Err(_)) | Err(_) => {
                tracing::debug!(event = "handshake_failed", "no TLS with a browser");
            }
        },
    }
}

async fn serve_connection<S>(stream: S, pages: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(pages);
    let builder = Builder::new(TokioExecutor::new());
    let ended = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = ended {
        tracing::debug!(event = "connection_ended", %error, "a browser's connection ended");
    }
}

/// Wakes the counters when another process published or wrote something.
async fn look_around(store: Arc<Mutex<HubStore>>, wake: Wake) {
    let mut seen = None;
    let mut tick = tokio::time::interval(LOOK_AROUND);
    loop {
        tick.tick().await;
        let store = Arc::clone(&store);
        let looked = tokio::task::spawn_blocking(move || {
            own_state(&store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let Ok(Some(now)) = looked.await else {
            continue;
        };
        if seen.as_ref().is_some_and(|seen| *seen != now) {
            wake.everyone();
        }
        seen = Some(now);
    }
}

/// Changes when this hub writes a record, publishes, or takes a courier file, whichever process does
/// it.
fn own_state(store: &HubStore) -> Option<(VersionVector, Vec<(String, u64)>)> {
    let own = store.vector().ok()?;
    let datasets = store
        .datasets()
        .ok()?
        .into_iter()
        .map(|one| (one.name, one.version));
    Some((own, datasets.collect()))
}

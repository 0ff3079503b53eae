//! `PouchDB` branches that replicate the same documents to a server of `CouchDB`'s protocol, over the
//! same kind of line: without TLS and without encryption at rest, which is in their favour.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::clock::whole;
use crate::documents::typical;
use crate::line::{Line, Pace};
use crate::process::{Program, bytes_of};
use crate::table::Table;

const SLOW: usize = 60;
/// How long two live replications are listened to.
const QUIET_SECONDS: u64 = 60;

/// How the documents are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// As the rows of the product: one for each field, step and signed content.
    Row,
    /// One for each case, with everything in it; written once, as nobody would who types into it.
    Case,
}

impl Cut {
    fn words(self) -> &'static str {
        match self {
            Self::Row => "a document a row",
            Self::Case => "a document a case",
        }
    }
}

/// A scene of one run.
#[derive(Debug, Clone, Copy)]
struct Scene {
    cut: Cut,
    cases: usize,
    branches: usize,
    pace: Pace,
    live_seconds: u64,
}

/// What it came to.
struct Pushed {
    seconds: f64,
    bytes: f64,
    client_mib: f64,
    server_mib: f64,
    server_bytes: f64,
    quiet_bytes: Option<f64>,
}

#[derive(Deserialize)]
struct Said {
    seconds: f64,
    memory_kib: f64,
}

/// Runs the peer when its packages are there.
pub(crate) async fn measure(
    packages: Option<&Path>,
    folder: &Path,
    (cases, of_each): (usize, usize),
    table: &mut Table,
) -> Result<()> {
    const NAME: &str = "PouchDB to a server of CouchDB's protocol";
    let Some(packages) = packages.filter(|folder| folder.join("pouchdb").is_dir()) else {
        table.skipped(NAME, "its packages are not there (npm)");
        return Ok(());
    };
    let free = |cut, cases, branches, live_seconds| Scene {
        cut,
        cases,
        branches,
        pace: Pace::FREE,
        live_seconds,
    };
    for cut in [Cut::Row, Cut::Case] {
        let scene = free(
            cut,
            cases,
            1,
            if cut == Cut::Case { QUIET_SECONDS } else { 0 },
        );
        let pushed = play(packages, folder, scene).await?;
        one_branch(table, &pushed, scene);
        let scene = Scene {
            cases: SLOW,
            pace: Pace::BRANCH,
            live_seconds: 0,
            ..scene
        };
        let pushed = play(packages, folder, scene).await?;
        let name = format!("PouchDB, {}: 60 cases, 10 Mbit/s, 40 ms", cut.words());
        table.peer(&name, pushed.seconds, "s", "slow");
    }
    for cut in [Cut::Row, Cut::Case] {
        let pushed = play(packages, folder, free(cut, of_each, 12, 0)).await?;
        let words = cut.words();
        let name = format!("PouchDB, {words}: 12 branches with {of_each} cases each");
        table.peer(&name, pushed.seconds, "s", "twelve");
        table.plain("the same, server: most memory", pushed.server_mib, "MiB");
    }
    Ok(())
}

fn one_branch(table: &mut Table, pushed: &Pushed, scene: Scene) {
    let of = |figure: f64| figure / whole(scene.cases);
    let words = scene.cut.words();
    table.peer(
        &format!("PouchDB, {words}: {} cases from one branch", scene.cases),
        pushed.seconds,
        "s",
        "one branch",
    );
    table.peer(
        "the same, bytes on the wire of a case",
        of(pushed.bytes),
        "B",
        "bytes",
    );
    table.peer(
        "the same, server: database, per case",
        of(pushed.server_bytes) / 1024.0,
        "KiB",
        "database",
    );
    table.plain("the same, server: most memory", pushed.server_mib, "MiB");
    table.plain("the same, client: most memory", pushed.client_mib, "MiB");
    if let Some(bytes) = pushed.quiet_bytes {
        table.plain(
            "PouchDB, connected both ways and quiet, bytes a minute",
            bytes,
            "B",
        );
    }
}

/// Plays one scene with a server and branches of its own.
async fn play(packages: &Path, folder: &Path, scene: Scene) -> Result<Pushed> {
    let folder = tempfile::tempdir_in(folder)?;
    let folder = folder.path();
    let documents = folder.join("documents");
    write_documents(&documents, scene)?;
    let ready = folder.join("ready");
    let mut command = node(packages, "server.js")?;
    command.arg(folder.join("server")).arg(&ready);
    let mut server = Program::start(&mut command, &folder.join("server.log"))?;
    let address: SocketAddr = server.said(&ready).await?.trim().parse()?;
    let line = Line::lay(address, scene.pace).await?;
    let mut command = node(packages, "client.js")?;
    command
        .arg(folder.join("client"))
        .arg(format!("http://{}/city", line.near()))
        .arg(&documents)
        .args([scene.branches.to_string(), scene.live_seconds.to_string()]);
    let mut client = Client::start(&mut command)?;
    client = client.hears("loaded").await?.0;
    let before = line.bytes();
    client.go()?;
    let (back, said) = client.hears("{").await?;
    client = back;
    let said: Said = serde_json::from_str(&said)?;
    let bytes = whole(line.bytes().since(before).all());
    let quiet_bytes = if scene.live_seconds > 0 {
        client = client.hears("quiet").await?.0;
        let before = line.bytes();
        client = client.hears("end").await?.0;
        let minutes = Duration::from_secs(scene.live_seconds).as_secs_f64() / 60.0;
        Some(whole(line.bytes().since(before).all()) / minutes)
    } else {
        None
    };
    drop(client);
    Ok(Pushed {
        seconds: said.seconds,
        bytes,
        client_mib: said.memory_kib / 1024.0,
        server_mib: server.memory_most()?,
        server_bytes: whole(bytes_of(&folder.join("server"))?),
        quiet_bytes,
    })
}

fn node(packages: &Path, script: &str) -> Result<Command> {
    let script = Path::new("tests/sync-bench/peers/couch").join(script);
    let script = script
        .canonicalize()
        .context("run this in the repository")?;
    let mut command = Command::new("node");
    command.arg(script).env("NODE_PATH", packages);
    Ok(command)
}

/// The process with the branches, spoken to line by line.
struct Client {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Client {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start node")?;
        let input = child.stdin.take().context("no input")?;
        let lines = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self {
            child,
            input,
            lines,
        })
    }

    fn go(&mut self) -> Result<()> {
        writeln!(self.input, "go")?;
        Ok(self.input.flush()?)
    }

    /// The next line, which begins so; off the threads that carry the line.
    async fn hears(mut self, beginning: &'static str) -> Result<(Self, String)> {
        tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            self.lines.read_line(&mut line)?;
            if !line.starts_with(beginning) {
                bail!("the peer's branches said {line:?}");
            }
            Ok((self, line))
        })
        .await?
    }
}

/// The documents of the scene, one a line.
fn write_documents(file: &Path, scene: Scene) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    for case in typical(scene.cases)? {
        match scene.cut {
            Cut::Row => {
                for row in case.rows {
                    writeln!(out, "{row}")?;
                }
            }
            Cut::Case => writeln!(out, "{}", json!({"_id": case.id, "rows": case.rows}))?,
        }
    }
    Ok(out.flush()?)
}

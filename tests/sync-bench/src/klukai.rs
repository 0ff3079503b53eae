//! klukai, the fork of corrosion: agents that gossip the changes of cr-sqlite over QUIC. Its branches
//! hold the same documents as rows of one table, written a case at a time where the product saves 28
//! steps; without TLS and without encryption at rest. All of that is in its favour.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::clock::{instant, whole};
use crate::documents::{Documents, typical};
use crate::process::{Program, bytes_of};
use crate::table::Table;

const TABLE: &str =
    "CREATE TABLE record (id TEXT NOT NULL PRIMARY KEY, doc TEXT NOT NULL DEFAULT '')";
const LOOK: Duration = Duration::from_millis(20);
/// How long one scene may take.
const PATIENCE: Duration = Duration::from_mins(10);
const TWELVE: usize = 12;

/// Runs the peer when its program is there.
pub(crate) async fn measure(
    program: Option<&Path>,
    folder: &Path,
    (cases, of_each): (usize, usize),
    table: &mut Table,
) -> Result<()> {
    let Some(program) = program.filter(|program| program.is_file()) else {
        table.skipped("klukai", "its program is not there (`make klukai`)");
        return Ok(());
    };
    let back = come_back(program, folder, 1, cases).await?;
    let of = |figure: f64| figure / whole(cases);
    let name = format!("klukai: {cases} cases from one branch");
    table.peer(&name, back.seconds, "s", "one branch");
    let name = "the same, processor time at head office, per case";
    table.plain(name, of(back.processor) * 1e3, "ms");
    let name = "the same, head office: database, per case";
    table.peer(name, of(back.database) / 1024.0, "KiB", "database");
    table.plain("the same, head office: most memory", back.mib, "MiB");
    let back = come_back(program, folder, TWELVE, of_each).await?;
    let name = format!("klukai: {TWELVE} branches with {of_each} cases each");
    table.peer(&name, back.seconds, "s", "twelve");
    table.plain("the same, head office: most memory", back.mib, "MiB");
    Ok(())
}

/// What it came to.
struct Back {
    seconds: f64,
    processor: f64,
    database: f64,
    mib: f64,
}

/// Branches are up with their cases; head office comes up, and is asked until it has every row.
async fn come_back(program: &Path, folder: &Path, branches: usize, cases: usize) -> Result<Back> {
    let folder = tempfile::tempdir_in(folder)?;
    let documents = typical(cases)?;
    let mut running = Vec::new();
    let mut rows = 0;
    for branch in 0..branches {
        let agent = Agent::start(program, &folder.path().join(branch.to_string()), &[]).await?;
        rows += agent.load(branch, &documents).await?;
        running.push(agent);
    }
    let known: Vec<SocketAddr> = running.iter().map(|agent| agent.gossip).collect();
    let office = Agent::start(program, &folder.path().join("office"), &known).await?;
    let (start, before) = (instant(), office.program.seconds()?);
    while office.rows().await? < rows {
        ensure!(start.elapsed() < PATIENCE, "klukai does not come together");
        tokio::time::sleep(LOOK).await;
    }
    Ok(Back {
        seconds: start.elapsed().as_secs_f64(),
        processor: office.program.seconds()? - before,
        database: whole(bytes_of(&office.folder)?),
        mib: office.program.memory_most()?,
    })
}

/// A running agent.
struct Agent {
    program: Program,
    folder: PathBuf,
    api: SocketAddr,
    gossip: SocketAddr,
}

impl Agent {
    /// Starts one in `folder` that greets those it knows, and waits until it answers.
    async fn start(program: &Path, folder: &Path, known: &[SocketAddr]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (api, gossip) = (free()?, free()?);
        let file = folder.join("klukai.toml");
        std::fs::write(&file, configuration(folder, (api, gossip), known))?;
        let mut command = Command::new(program);
        command.arg(&file);
        let program = Program::start(&mut command, &folder.join("klukai.log"))?;
        let folder = folder.join("state");
        let agent = Self {
            program,
            folder,
            api,
            gossip,
        };
        let start = instant();
        while agent.ask("/v1/migrations", json!([TABLE])).await.is_err() {
            ensure!(start.elapsed() < PATIENCE, "klukai does not answer");
            tokio::time::sleep(LOOK).await;
        }
        Ok(agent)
    }

    /// Writes the documents, a case in each transaction; returns how many rows that are.
    async fn load(&self, branch: usize, documents: &[Documents]) -> Result<usize> {
        let mut rows = 0;
        for case in documents {
            let add = |row: &Value| {
                let id = format!("{branch}:{}", row["_id"].as_str().unwrap_or_default());
                json!([
                    "INSERT INTO record (id, doc) VALUES (?, ?)",
                    [id, row.to_string()]
                ])
            };
            let added: Vec<Value> = case.rows.iter().map(add).collect();
            rows += added.len();
            self.ask("/v1/transactions", json!(added)).await?;
        }
        ensure!(self.rows().await? == rows, "klukai did not take every row");
        Ok(rows)
    }

    /// How many rows it has.
    async fn rows(&self) -> Result<usize> {
        let said = self
            .ask("/v1/queries", json!("SELECT count(*) FROM record"))
            .await?;
        let count = said.lines().find_map(|line| {
            let event: Value = serde_json::from_str(line).ok()?;
            usize::try_from(event["row"][1][0].as_u64()?).ok()
        });
        count.with_context(|| format!("klukai said {said:?}"))
    }

    async fn ask(&self, path: &str, body: Value) -> Result<String> {
        let socket = tokio::net::TcpStream::connect(self.api).await?;
        let (mut send, line) = http1::handshake(TokioIo::new(socket)).await?;
        let line = tokio::spawn(line);
        let request = Request::post(path)
            .header("host", self.api.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))?;
        let reply = send.send_request(request).await?;
        let status = reply.status();
        let said = reply.into_body().collect().await?.to_bytes();
        line.abort();
        let said = String::from_utf8_lossy(&said).into_owned();
        if !status.is_success() {
            bail!("klukai answered {status}: {said}");
        }
        Ok(said)
    }
}

/// An address nobody listens at, for TCP and UDP.
fn free() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::net::UdpSocket::bind(address)?;
    Ok(address)
}

/// Its shortest pauses between two rounds: one second at most.
fn configuration(
    folder: &Path,
    (api, gossip): (SocketAddr, SocketAddr),
    known: &[SocketAddr],
) -> String {
    let folder = folder.display();
    format!(
        r#"[db]
path = "{folder}/state/records.db"
[api]
addr = "{api}"
[gossip]
addr = "{gossip}"
client_addr = "127.0.0.1:0"
bootstrap = {known:?}
plaintext = true
[admin]
path = "{folder}/admin.sock"
[perf]
max_sync_backoff = 1
"#,
        known = known.iter().map(ToString::to_string).collect::<Vec<_>>(),
    )
}

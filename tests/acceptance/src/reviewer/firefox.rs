//! Firefox, over `WebDriver` `BiDi` (W3C), which it speaks by itself: no driver beside it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::{LOOKING, WINDOW};

/// What Firefox says on its standard error when it can be spoken to.
const READY: &str = "WebDriver BiDi listening on ";

/// A running Firefox with one page.
pub(super) struct Firefox {
    process: Child,
    line: Mutex<Line>,
    page: String,
}

/// The connection, one command after another.
struct Line {
    socket: WebSocket<TcpStream>,
    commands: u64,
}

impl Firefox {
    /// Starts with an empty profile that calls nobody.
    pub(super) fn start(profile: &Path) -> Result<Self> {
        std::fs::create_dir_all(profile)?;
        std::fs::write(profile.join("user.js"), include_str!("firefox.js"))?;
        let mut process = Command::new("firefox-esr")
            .args(["--headless", "--no-remote", "--remote-debugging-port", "0"])
            .arg("--profile")
            .arg(profile)
            .arg("about:blank")
            .env("HOME", profile)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start firefox-esr; it is a package of Debian")?;
        let errors = process.stderr.take().context("firefox has no output")?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || listen(BufReader::new(errors), &tell));
        let address = told.recv_timeout(LOOKING).inspect_err(|_| {
            process.kill().ok();
        });
        let mut line = Line::open(&address.context("firefox does not become ready")?)?;
        line.command("session.new", &json!({"capabilities": {}}))?;
        let tree = line.command("browsingContext.getTree", &json!({}))?;
        let page = tree.pointer("/contexts/0/context").and_then(Value::as_str);
        let page = page.context("firefox has no page")?.to_owned();
        let (width, height) = WINDOW;
        let size = json!({"context": page, "viewport": {"width": width, "height": height}});
        line.command("browsingContext.setViewport", &size)?;
        Ok(Self {
            process,
            line: Mutex::new(line),
            page,
        })
    }

    pub(super) fn open(&self, address: &str) -> Result<()> {
        let to = json!({"context": self.page, "url": address, "wait": "complete"});
        self.command("browsingContext.navigate", &to).map(drop)
    }

    /// The value of an expression, waited for; null when it has none.
    pub(super) fn evaluate(&self, expression: &str) -> Result<Value> {
        let what = json!({
            "expression": expression,
            "target": {"context": self.page},
            "awaitPromise": true,
        });
        let told = self.command("script.evaluate", &what)?;
        if told.get("type").and_then(Value::as_str) != Some("success") {
            bail!("the page threw an error");
        }
        Ok(told.pointer("/result/value").cloned().unwrap_or_default())
    }

    pub(super) fn picture(&self) -> Result<Vec<u8>> {
        let what = json!({"context": self.page, "origin": "document"});
        let told = self.command("browsingContext.captureScreenshot", &what)?;
        let data = told.get("data").and_then(Value::as_str);
        Ok(BASE64_STANDARD.decode(data.context("firefox gave no picture")?)?)
    }

    fn command(&self, method: &str, parameters: &Value) -> Result<Value> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.command(method, parameters)
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        self.command("browser.close", &json!({})).ok();
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Line {
    fn open(address: &str) -> Result<Self> {
        let place = address.trim_start_matches("ws://");
        let stream = TcpStream::connect(place).context("firefox does not answer")?;
        stream.set_read_timeout(Some(LOOKING * 2))?;
        let (socket, _) = tungstenite::client(format!("{address}/session"), stream)?;
        Ok(Self {
            socket,
            commands: 0,
        })
    }

    /// Sends a command and waits for its answer; events in between are not asked for.
    fn command(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.commands += 1;
        let command = json!({"id": self.commands, "method": method, "params": parameters});
        self.socket.send(Message::text(command.to_string()))?;
        loop {
            let Message::Text(text) = self.socket.read()? else {
                continue;
            };
            let mut told: Value = serde_json::from_str(&text)?;
            if told.get("id").and_then(Value::as_u64) != Some(self.commands) {
                continue;
            }
            if let Some(error) = told.get("message").and_then(Value::as_str) {
                bail!("{method}: {error}");
            }
            return Ok(told.get_mut("result").map(Value::take).unwrap_or_default());
        }
    }
}

/// Tells the address once, and goes on reading: a full pipe would stop the browser.
fn listen(errors: impl BufRead, tell: &Sender<String>) {
    for line in errors.lines().map_while(Result::ok) {
        if let Some((_, address)) = line.split_once(READY)
            && tell.send(address.trim().to_owned()).is_err()
        {
            return;
        }
    }
}

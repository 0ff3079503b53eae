//! Somebody at work at head office's desk, through its web pages as a browser shows them.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use counter_domain::ids::CaseId;

use crate::city::{PASSWORD, REVIEWER};
use crate::pass;

/// Longest a person waits for a page.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at a queue in which nothing waits, milliseconds.
const LOOK_MS: u64 = 100;

/// What the pages said is done: it is on head office's disk.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// Cases that were accepted.
    pub(crate) accepted: BTreeSet<CaseId>,
}

/// A page that came whole.
struct Page {
    status: u16,
    head: String,
    body: String,
}

/// A browser with its cookies.
struct Browser {
    desk: SocketAddr,
    cookies: String,
}

/// Accepts one case after another until `enough`, or until head office is gone.
pub(crate) fn review(desk: SocketAddr, enough: &AtomicBool, decided: &mut Decided) -> Result<()> {
    let mut browser = Browser {
        desk,
        cookies: String::new(),
    };
    if browser.sign_in()?.is_none() {
        return Ok(());
    }
    while !enough.load(Ordering::Relaxed) {
        let Some(queue) = browser.get("/queue") else {
            return Ok(());
        };
        match waiting(&queue.body) {
            None => pass(LOOK_MS),
            Some(case) => {
                if browser.accept(&queue.body, case, decided)?.is_none() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The first case of a queue that can be opened.
fn waiting(queue: &str) -> Option<CaseId> {
    let (_, rest) = queue.split_once("action=\"/case/")?;
    let (case, _) = rest.split_once("/open\"")?;
    case.parse().ok()
}

/// The value of a hidden field.
fn hidden<'p>(page: &'p str, name: &str) -> Result<&'p str> {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&field).map(|(_, rest)| rest);
    match rest.and_then(|rest| rest.split_once('"')) {
        Some((value, _)) => Ok(value),
        None => bail!("a page has no field {name}"),
    }
}

impl Browser {
    /// `None` when head office is gone.
    fn sign_in(&mut self) -> Result<Option<()>> {
        let Some(form) = self.get("/sign-in") else {
            return Ok(None);
        };
        let csrf = hidden(&form.body, "csrf")?;
        let fields = format!("csrf={csrf}&staff={REVIEWER}&password={PASSWORD}");
        let Some(page) = self.post("/sign-in", &fields) else {
            return Ok(None);
        };
        ensure!(page.status == 303, "sign-in at the desk: {}", page.status);
        Ok(Some(()))
    }

    /// Opens a case and accepts it; `None` when head office is gone.
    fn accept(&mut self, queue: &str, case: CaseId, decided: &mut Decided) -> Result<Option<()>> {
        let fields = format!("csrf={}", hidden(queue, "csrf")?);
        if self.post(&format!("/case/{case}/open"), &fields).is_none() {
            return Ok(None);
        }
        let Some(page) = self.get(&format!("/case/{case}")) else {
            return Ok(None);
        };
        let csrf = hidden(&page.body, "csrf")?;
        let submission = hidden(&page.body, "submission")?;
        let fields = format!("csrf={csrf}&submission={submission}");
        let Some(answer) = self.post(&format!("/case/{case}/accept"), &fields) else {
            return Ok(None);
        };
        let done = answer.head.contains("notice=accepted");
        ensure!(done, "a case was not accepted: {}", answer.status);
        decided.accepted.insert(case);
        Ok(Some(()))
    }

    fn get(&mut self, path: &str) -> Option<Page> {
        self.ask("GET", path, "")
    }

    fn post(&mut self, path: &str, fields: &str) -> Option<Page> {
        self.ask("POST", path, fields)
    }

    /// One request on a connection of its own; `None` unless the page came whole.
    fn ask(&mut self, method: &str, path: &str, fields: &str) -> Option<Page> {
        let mut socket = TcpStream::connect(self.desk).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).ok()?;
        let (desk, cookies, length) = (self.desk, &self.cookies, fields.len());
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nHost: {desk}\r\nCookie: {cookies}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n\
             {fields}"
        )
        .ok()?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let is_whole = match field(head, "content-length") {
            Some(length) => length.parse() == Ok(body.len()),
            None => body.ends_with("0\r\n\r\n"),
        };
        let status = head.split(' ').nth(1)?.parse().ok()?;
        self.keep_cookies(head);
        let (head, body) = (head.to_owned(), body.to_owned());
        is_whole.then_some(Page { status, head, body })
    }

    fn keep_cookies(&mut self, head: &str) {
        for line in head.lines() {
            let cookie = line
                .split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
            if let Some((_, cookie)) = cookie {
                let pair = cookie.split(';').next().unwrap_or_default();
                self.cookies = format!("{pair}; {}", self.cookies);
            }
        }
    }
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

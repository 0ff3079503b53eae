//! Sessions in memory: a restart of the hub signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header;
use counter_domain::ids::{BranchCode, StaffId};
use replica::staff::{Role, StaffMember};

use super::Scheme;
use crate::clock::Clock;

/// Cookie of a session.
pub(crate) const COOKIE: &str = "todoke_desk";
/// Cookie of the sign-in form, before there is a session.
pub(crate) const FORM_COOKIE: &str = "todoke_form";

/// Without a deed for this long, the session ends.
const IDLE_MS_MAX: u64 = 15 * 60_000;
/// No session lasts longer than a working day.
const LIFE_MS_MAX: u64 = 12 * 3_600_000;
/// More people than a city has reviewers.
const SESSIONS_MAX: usize = 1024;

/// Who looks at a page.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// Staff id.
    pub staff: StaffId,
    /// Name, for the header and the history.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// Branches the person may see; empty: all.
    pub branches: Vec<BranchCode>,
    /// Token every form of this session carries.
    pub csrf: String,
}

impl Viewer {
    /// May open, remark, return, hold.
    pub(crate) fn may_review(&self) -> bool {
        self.roles
            .iter()
            .any(|role| matches!(role, Role::Reviewer | Role::Approver))
    }

    /// May accept and refuse.
    pub(crate) fn may_approve(&self) -> bool {
        self.roles.contains(&Role::Approver)
    }

    /// May see cases at all: administrators and auditors see no personal data.
    pub(crate) fn may_see_cases(&self) -> bool {
        self.may_review()
    }

    /// May see the log.
    pub(crate) fn may_see_log(&self) -> bool {
        self.roles.contains(&Role::Auditor)
    }

    /// May see the state of operations.
    pub(crate) fn may_see_operations(&self) -> bool {
        self.roles.contains(&Role::Administrator)
    }
}

/// The page somebody with these roles starts on; `None` for staff of the counters.
pub(crate) fn home(roles: &[Role]) -> Option<&'static str> {
    let has = |any: &[Role]| roles.iter().any(|role| any.contains(role));
    if has(&[Role::Reviewer, Role::Approver]) {
        Some("/queue")
    } else if has(&[Role::Auditor]) {
        Some("/log")
    } else if has(&[Role::Administrator]) {
        Some("/operations")
    } else {
        None
    }
}

struct Session {
    viewer: Viewer,
    since: u64,
    last: u64,
}

/// Everybody who is signed in. Keys are hashes: a memory dump does not give the cookies away.
pub(crate) struct Sessions {
    clock: Clock,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    /// Nobody yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            open: Mutex::new(HashMap::new()),
        }
    }

    /// Starts a session; returns its token. `None` when the machine has no randomness or too many
    /// people are signed in.
    pub(crate) fn start(&self, member: &StaffMember) -> Option<String> {
        let (token, csrf) = (random_token()?, random_token()?);
        let now = self.clock.unix_ms();
        let viewer = Viewer {
            staff: member.id.clone(),
            name: member.name.clone(),
            roles: member.roles.clone(),
            branches: member.branches.clone(),
            csrf,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| is_alive(session, now));
        if open.len() >= SESSIONS_MAX {
            return None;
        }
        open.insert(
            key(&token),
            Session {
                viewer,
                since: now,
                last: now,
            },
        );
        Some(token)
    }

    /// Who holds this token. A deed of a person keeps the session open; what the page does by
    /// itself does not.
    pub(crate) fn viewer(&self, token: &str, deed: Deed) -> Option<Viewer> {
        let now = self.clock.unix_ms();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open
            .get_mut(&key(token))
            .filter(|session| is_alive(session, now))?;
        if deed == Deed::Person {
            session.last = now;
        }
        Some(session.viewer.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, token: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key(token));
    }
}

fn is_alive(session: &Session, now: u64) -> bool {
    now < session.last + IDLE_MS_MAX && now < session.since + LIFE_MS_MAX
}

fn key(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// Who asks for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A person did something.
    Person,
    /// The page keeps itself up to date.
    Page,
}

/// Whether a path is asked for by the page itself.
pub(crate) fn is_background(path: &str) -> Deed {
    if matches!(
        path,
        "/events" | "/queue/rows" | "/operations/rows" | "/operations/history"
    ) || (path.starts_with("/case/") && path.ends_with("/copies"))
    {
        Deed::Page
    } else {
        Deed::Person
    }
}

/// 32 random bytes in hex; `None` when the machine gives none.
pub(crate) fn random_token() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(counter_domain::ids::BlobHash(bytes).to_string())
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The header that sets a cookie; an empty value takes it away.
pub(crate) fn set_cookie(name: &str, value: &str, scheme: Scheme) -> String {
    let secure = match scheme {
        Scheme::Https => "; Secure",
        Scheme::PlainLoopback => "",
    };
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{end}")
}

/// Wrong passwords before an id must wait.
const WRONG_MAX: u32 = 5;
/// The first wait; each further wrong password doubles it.
const WAIT_MS: u64 = 30_000;
/// The longest wait.
const WAIT_MS_MAX: u64 = 15 * 60_000;
/// Ids remembered at once.
const ATTEMPTS_MAX: usize = 4096;

/// Wrong passwords lately, by staff id.
pub(crate) struct Attempts {
    clock: Clock,
    wrong: Mutex<HashMap<String, (u32, u64)>>,
}

impl Attempts {
    /// None yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            wrong: Mutex::new(HashMap::new()),
        }
    }

    /// Seconds this id must still wait; counts the try that begins now, so that many at once do
    /// not slip through.
    pub(crate) fn begin(&self, staff: &str) -> Result<(), u64> {
        let now = self.clock.unix_ms();
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if !wrong.contains_key(staff) && wrong.len() >= ATTEMPTS_MAX {
            wrong.retain(|_, (_, until)| *until + WAIT_MS_MAX > now);
            if wrong.len() >= ATTEMPTS_MAX {
                return Err(WAIT_MS_MAX / 1000);
            }
        }
        let (count, until) = wrong.entry(staff.to_owned()).or_insert((0, now));
        if *count >= WRONG_MAX && now < *until {
            return Err((*until - now).div_ceil(1000));
        }
        *count += 1;
        let doublings = count.saturating_sub(WRONG_MAX).min(5);
        *until = now + (WAIT_MS << doublings).min(WAIT_MS_MAX);
        Ok(())
    }

    /// The password was right.
    pub(crate) fn forget(&self, staff: &str) {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(staff);
    }
}

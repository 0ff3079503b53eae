//! What somebody should look at, as data: for the operations page, `todoke-hub status` and
//! monitoring alike, so that all three say the same.

use counter_domain::ids::DeviceId;
use replica::DatasetAge;

use crate::fleet::{CounterLine, CounterState};
use crate::reports::datasets_behind;

/// The register of devices, which says who is shut out.
pub const REVOCATIONS: &str = "devices";

/// Clocks further apart than this are worth a look; a day apart they are refused.
pub const CLOCK_LOOK_MS: u64 = 60_000;
/// Clocks further apart than this make wrong dates likely.
const CLOCK_ACT_MS: u64 = 60 * 60_000;
/// A counter may be off over a long weekend.
const SILENT_LOOK_MS: u64 = 4 * DAY_MS;
/// From then on nobody can sign in there without a supervisor.
const SILENT_ACT_MS: u64 = 7 * DAY_MS;
/// A dataset that is still not there so long after its publication.
const BEHIND_LOOK_MS: u64 = DAY_MS;
/// A certificate that was not renewed in two thirds of its time.
const CERTIFICATE_LOOK_MS: u64 = 14 * DAY_MS;

const DAY_MS: u64 = 24 * 60 * 60_000;

/// How urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertLevel {
    /// Somebody should look when there is time.
    Look,
    /// Somebody should act today.
    Act,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// The device's database is an older copy or a clone; the detail is `older` or `differs`.
    RolledBack,
    /// Head office could not apply something of the device.
    KeptAsideHere,
    /// The device could not apply something.
    KeptAsideThere,
    /// The line is up and what waits there does not get less.
    NotShrinking,
    /// The disk is nearly full.
    Disk,
    /// The clock is wrong.
    Clock,
    /// Not heard for long.
    Silent,
    /// The list of devices that are shut out is not the newest.
    RevocationsOld,
    /// Another dataset is not the newest.
    DatasetOld,
    /// The certificate ends soon.
    CertificateEnds,
    /// The replicated schema is another one.
    SchemaApart,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Which device.
    pub device: DeviceId,
    /// What it is about.
    pub kind: AlertKind,
    /// How urgent.
    pub level: AlertLevel,
    /// Since when, milliseconds since 1970, where it is known.
    pub since_unix_ms: Option<u64>,
    /// Reason, name or number, English, without personal data.
    pub detail: String,
}

/// Against what devices are judged.
#[derive(Debug, Clone, Copy)]
pub struct Standard<'a> {
    /// What is published.
    pub published: &'a [DatasetAge],
    /// Version of head office's replicated schema.
    pub schema: u32,
    /// The time, milliseconds since 1970.
    pub now_unix_ms: u64,
}

impl AlertKind {
    /// Its name in data, which never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled_back",
            Self::KeptAsideHere => "kept_aside_here",
            Self::KeptAsideThere => "kept_aside_there",
            Self::NotShrinking => "not_shrinking",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Silent => "silent",
            Self::RevocationsOld => "revocations_old",
            Self::DatasetOld => "dataset_old",
            Self::CertificateEnds => "certificate_ends",
            Self::SchemaApart => "schema_apart",
        }
    }
}

impl AlertLevel {
    /// Its name in data, which never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Act => "act",
        }
    }
}

/// Everything to look at, the most urgent first.
pub fn alerts(fleet: &[CounterState], standard: Standard<'_>) -> Vec<Alert> {
    let mut found = Vec::new();
    for one in fleet {
        if one.line == CounterLine::Revoked {
            continue;
        }
        let mut judged = Judged {
            one,
            found: Vec::new(),
        };
        judged.records();
        judged.machine(standard.now_unix_ms);
        judged.versions(standard);
        found.append(&mut judged.found);
    }
    found.sort_by_key(|alert| (std::cmp::Reverse(alert.level), alert.kind));
    found
}

/// One device while it is looked at.
struct Judged<'a> {
    one: &'a CounterState,
    found: Vec<Alert>,
}

impl Judged<'_> {
    fn say(&mut self, kind: AlertKind, level: AlertLevel, since: Option<u64>, detail: String) {
        self.found.push(Alert {
            device: self.one.device.device,
            kind,
            level,
            since_unix_ms: since,
            detail,
        });
    }

    fn records(&mut self) {
        if let Some(seen) = self.one.rolled_back {
            let detail = if seen.differs { "differs" } else { "older" };
            let since = Some(seen.first_unix_ms);
            self.say(
                AlertKind::RolledBack,
                AlertLevel::Act,
                since,
                detail.to_owned(),
            );
        }
        if let Some(row) = &self.one.kept_aside {
            let (since, reason) = (Some(row.received_unix_ms), row.reason.clone());
            self.say(AlertKind::KeptAsideHere, AlertLevel::Act, since, reason);
        }
        if let Some(told) = &self.one.report {
            for one in &told.report.kept_aside {
                let (since, reason) = (Some(one.since_unix_ms), one.reason.clone());
                self.say(AlertKind::KeptAsideThere, AlertLevel::Act, since, reason);
            }
        }
        // What is kept aside does not get less either, and has its own words.
        if self.one.is_stuck && self.found.is_empty() {
            let detail = self.one.to_come.to_string();
            self.say(AlertKind::NotShrinking, AlertLevel::Act, None, detail);
        }
    }

    fn machine(&mut self, now_unix_ms: u64) {
        let told = self.one.report.as_ref();
        if let Some(disk) = told.and_then(|told| told.report.disk)
            && disk.is_short()
        {
            let level = if disk.is_nearly_full() {
                AlertLevel::Act
            } else {
                AlertLevel::Look
            };
            let detail = (disk.free_bytes >> 20).to_string();
            self.say(AlertKind::Disk, level, None, detail);
        }
        if let Some(ahead) = self.one.clock_ahead_ms
            && ahead.unsigned_abs() > CLOCK_LOOK_MS
        {
            let level = level_at(ahead.unsigned_abs(), CLOCK_ACT_MS);
            self.say(AlertKind::Clock, level, None, (ahead / 1000).to_string());
        }
        let heard = self.one.contact.as_ref().map(|contact| contact.unix_ms);
        if let Some(heard) = heard
            && now_unix_ms.saturating_sub(heard) > SILENT_LOOK_MS
        {
            let silent = now_unix_ms.saturating_sub(heard);
            let level = level_at(silent, SILENT_ACT_MS);
            let days = (silent / DAY_MS).to_string();
            self.say(AlertKind::Silent, level, Some(heard), days);
        }
        let until = told.and_then(|told| told.report.certificate_until_unix_ms);
        if let Some(until) = until
            && until.saturating_sub(now_unix_ms) < CERTIFICATE_LOOK_MS
        {
            let days = (until.saturating_sub(now_unix_ms) / DAY_MS).to_string();
            self.say(AlertKind::CertificateEnds, AlertLevel::Look, None, days);
        }
    }

    fn versions(&mut self, standard: Standard<'_>) {
        let schema = self
            .one
            .contact
            .as_ref()
            .map_or(0, |contact| contact.schema);
        if schema != 0 && schema != standard.schema {
            let detail = schema.to_string();
            self.say(AlertKind::SchemaApart, AlertLevel::Look, None, detail);
        }
        let Some(told) = self.one.report.clone() else {
            return;
        };
        for behind in datasets_behind(&told.report, standard.published) {
            let confirmed = told.report.confirmed_unix_ms;
            let known = [behind.newest_since_unix_ms, confirmed];
            let Some(since) = known.into_iter().flatten().min() else {
                continue;
            };
            if standard.now_unix_ms.saturating_sub(since) <= BEHIND_LOOK_MS {
                continue;
            }
            let (kind, level) = if behind.name == REVOCATIONS {
                (AlertKind::RevocationsOld, AlertLevel::Act)
            } else {
                (AlertKind::DatasetOld, AlertLevel::Look)
            };
            self.say(kind, level, Some(since), behind.name);
        }
    }
}

fn level_at(figure: u64, act: u64) -> AlertLevel {
    if figure > act {
        AlertLevel::Act
    } else {
        AlertLevel::Look
    }
}

//! Reservations and move-out certificate data at the desk (予約・転出証明書情報): the list, what is
//! proposed for whoever stands here, taking one into the case, and who else uses it.
//!
//! What is prepared is read once when it arrives and kept; what is proposed follows from the case
//! and the pool alone, so it is right after every restart and every arrival.

mod links;
mod proposal;
mod taking;

use std::collections::BTreeMap;

use counter_api::{
    BesideValue, FlowView, Notice, PreparedAction, PreparedRow, PreparedView, TakenPrepared,
};
use counter_domain::date::FuzzyDate;
use counter_domain::draft::Source;
use counter_domain::ids::CaseId;
use counter_domain::prepared::{
    Newcomer, POOL_FORMAT, PREPARED_USES, PoolHeader, Prepared, PreparedKind, PreparedUse,
    PreparedUses, UsedAt, uses_of,
};
use counter_domain::protection::PROTECTION;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::desk::Desk;
use crate::desk::checks::shown;
use crate::desk::visit::Visit;
use crate::fields::{FieldDef, fields, split_member};
use crate::records::{Deed, Records};
use crate::texts::{Code, notice, sentence, word};

/// Rows the list shows at most.
const ROWS_MAX: usize = 100;
/// Longest search, in characters.
const QUERY_CHARS_MAX: usize = 100;

/// Everything prepared that arrived here, and the open list.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    pools: BTreeMap<PreparedKind, Pool>,
    /// What cases of the whole city use, as head office last said.
    city_uses: Vec<UsedAt>,
    uses_version: Option<u64>,
    list: Option<List>,
}

/// One dataset.
#[derive(Debug, Default)]
struct Pool {
    version: u64,
    protection: Option<u64>,
    as_of: String,
    entries: Vec<Waiting>,
}

/// Something prepared, with whether somebody of it is under protection.
#[derive(Debug)]
struct Waiting {
    prepared: Prepared,
    protected: bool,
}

/// What other cases use, sorted.
struct Uses(Vec<UsedAt>);

impl Uses {
    /// Receipt numbers of the cases that use one.
    fn of(&self, kind: PreparedKind, number: &str) -> Vec<String> {
        let key = |used: &UsedAt| (used.kind, used.number.as_str()).cmp(&(kind, number));
        let first = self.0.partition_point(|used| key(used).is_lt());
        let uses = self.0.iter().skip(first);
        uses.take_while(|used| key(used).is_eq())
            .map(|used| used.receipt_number.clone())
            .collect()
    }
}

/// The open list. It is lost with the process.
#[derive(Debug)]
struct List {
    day: Date,
    query: String,
    /// The reception it takes into.
    case: Option<CaseId>,
}

/// The source of what a kind of data says.
pub(super) const fn source_of(kind: PreparedKind) -> Source {
    match kind {
        PreparedKind::Reservation => Source::Reservation,
        PreparedKind::MoveOut => Source::Certificate,
    }
}

/// Where a differing value of a kind of data is kept until a person chose.
pub(super) fn beside_path(kind: PreparedKind, path: &str) -> String {
    ["beside", kind.code(), path].join(".")
}

/// Where the value is kept that a person gave up for one of prepared data: it comes back when those
/// are taken out again.
fn replaced_path(path: &str) -> String {
    ["beside.replaced", path].join(".")
}

impl<R: Records> Desk<R> {
    /// Reads what arrived; what is the same version stays.
    pub(super) fn load_prepared(&mut self) {
        let protection = self.records.dataset_version(PROTECTION);
        for kind in PreparedKind::ALL {
            let version = self.records.dataset_version(kind.dataset());
            let here = self.reservations.pools.get(&kind);
            let is_same = here
                .is_some_and(|pool| Some(pool.version) == version && pool.protection == protection);
            if version.is_none() || is_same {
                continue;
            }
            if let Some((version, bytes)) = self.records.dataset(kind.dataset()) {
                match self.read_pool(&bytes) {
                    Ok((as_of, entries)) => {
                        let pool = Pool {
                            version,
                            protection,
                            as_of,
                            entries,
                        };
                        self.reservations.pools.insert(kind, pool);
                    }
                    Err(error) => {
                        tracing::error!(kind = kind.code(), version, %error, "prepared data not readable, the old stay");
                    }
                }
            }
        }
        let version = self.records.dataset_version(PREPARED_USES);
        if version != self.reservations.uses_version
            && let Some((_, bytes)) = self.records.dataset(PREPARED_USES)
            && let Ok(uses) = serde_json::from_slice::<PreparedUses>(&bytes)
        {
            self.reservations.city_uses = uses.uses;
            self.reservations.uses_version = version;
        }
    }

    fn read_pool(&self, bytes: &[u8]) -> Result<(String, Vec<Waiting>), std::io::Error> {
        let text = zstd::decode_all(bytes)?;
        let mut lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let header: PoolHeader = serde_json::from_slice(lines.next().unwrap_or_default())?;
        if header.format > POOL_FORMAT {
            return Err(std::io::Error::other("of a newer program"));
        }
        let mut entries = Vec::new();
        for line in lines {
            let mut prepared: Prepared = serde_json::from_slice(line)?;
            if !prepared.is_valid() {
                continue;
            }
            let protected =
                prepared.place.is_none() || self.records.is_any_protected(&prepared.digests());
            if protected {
                prepared.withhold();
            }
            entries.push(Waiting {
                prepared,
                protected,
            });
        }
        Ok((header.as_of, entries))
    }

    /// Does what staff did with prepared data.
    pub(super) fn prepared_action(&mut self, deed: PreparedAction) -> Result<(), Notice> {
        match deed {
            PreparedAction::Open => self.open_prepared(),
            PreparedAction::Close => {
                self.reservations.list = None;
                Ok(())
            }
            PreparedAction::ShowDay { day } => match day.parse() {
                Ok(day) => self.show_day(day),
                Err(_) => Err(notice(Code::NotPossibleNow)),
            },
            PreparedAction::DayBefore => self.turn_to(-1),
            PreparedAction::DayAfter => self.turn_to(1),
            PreparedAction::Find { text } => self.find_prepared(&text),
            PreparedAction::Take {
                kind,
                number,
                anyway,
            } => self.take_one(kind, &number, anyway),
            PreparedAction::TakeProposed { anyway } => self.take_proposed(anyway),
            PreparedAction::Release { kind, number } => self.release(kind, &number),
            PreparedAction::ChooseBeside { path, kind } => self.choose_beside(&path, kind),
            PreparedAction::Link { receipt_number } => self.link(&receipt_number),
            PreparedAction::Unlink { case } => self.unlink(case),
        }
    }

    fn open_prepared(&mut self) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.visit.as_ref().map(Visit::case);
        if case.is_some() {
            self.editable()?;
        }
        self.load_prepared();
        self.records.audit(&by, Deed::SearchedPrepared, case);
        self.reservations.list = Some(List {
            day: self.today(),
            query: String::new(),
            case,
        });
        Ok(())
    }

    fn show_day(&mut self, day: Date) -> Result<(), Notice> {
        let list = self.reservations.list.as_mut();
        let list = list.ok_or_else(|| notice(Code::NotPossibleNow))?;
        list.day = day;
        list.query.clear();
        Ok(())
    }

    fn turn_to(&mut self, days: i32) -> Result<(), Notice> {
        let list = self.reservations.list.as_ref();
        let day = list.and_then(|list| list.day.checked_add(days.days()).ok());
        self.show_day(day.ok_or_else(|| notice(Code::NotPossibleNow))?)
    }

    fn find_prepared(&mut self, text: &str) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.visit.as_ref().map(Visit::case);
        let list = self.reservations.list.as_mut();
        let list = list.ok_or_else(|| notice(Code::NotPossibleNow))?;
        list.query = text.trim().chars().take(QUERY_CHARS_MAX).collect();
        self.records.audit(&by, Deed::SearchedPrepared, case);
        Ok(())
    }

    fn waiting(&self, kind: PreparedKind, number: &str) -> Option<&Waiting> {
        let entries = &self.reservations.pools.get(&kind)?.entries;
        entries.iter().find(|one| one.prepared.number == number)
    }

    fn all(&self) -> impl Iterator<Item = &Waiting> {
        let pools = self.reservations.pools.values();
        pools.flat_map(|pool| &pool.entries)
    }

    /// What the other cases use, here or anywhere in the city: read once for a whole view.
    fn uses(&self) -> Uses {
        let own = self.visit.as_ref().map(Visit::receipt_number);
        let mut uses = self.records.prepared_uses();
        uses.extend_from_slice(&self.reservations.city_uses);
        uses.retain(|used| Some(&used.receipt_number) != own.as_ref());
        uses.sort();
        uses.dedup();
        Uses(uses)
    }

    /// The list, while it is open and belongs to what is on the screen.
    pub(super) fn prepared_view(&self) -> Option<PreparedView> {
        self.door.at_screen()?;
        let list = self.reservations.list.as_ref()?;
        if list.case != self.visit.as_ref().map(Visit::case) {
            return None;
        }
        let searched = !list.query.is_empty();
        let day = list.day.to_string();
        let mut found: Vec<&Waiting> = self
            .all()
            .filter(|one| {
                if searched {
                    one.prepared.fits(&list.query)
                } else {
                    one.prepared.day == day
                }
            })
            .collect();
        found.sort_by_key(|one| (one.prepared.day.clone(), one.prepared.number.clone()));
        let message = self.list_message(list, found.len());
        let uses = self.uses();
        found.truncate(ROWS_MAX);
        Some(PreparedView {
            day: if searched { String::new() } else { day },
            day_words: self.day_in_words(list.day),
            query: list.query.clone(),
            rows: found
                .into_iter()
                .map(|one| self.prepared_row(one, &uses))
                .collect(),
            message,
            as_of: self.pools_in_words(),
            receipt_number: self
                .visit
                .as_ref()
                .map_or_else(String::new, Visit::receipt_number),
        })
    }

    fn list_message(&self, list: &List, count: usize) -> String {
        let name = match (self.reservations.pools.is_empty(), list.query.is_empty()) {
            (true, _) => "no_pool",
            (false, true) if count == 0 => "nobody_that_day",
            (false, false) if count == 0 => "nobody",
            (false, _) if count > ROWS_MAX => "more",
            (false, _) => "found",
        };
        sentence("prepared", name, &[("count", &count.to_string())])
    }

    fn day_in_words(&self, day: Date) -> String {
        let words = FuzzyDate::known(day).wareki();
        let away = (day - self.today()).get_days();
        let name = match away {
            0 => "today",
            1.. => "ahead",
            _ => "past",
        };
        let days = away.abs().to_string();
        sentence("prepared", name, &[("day", &words), ("days", &days)])
    }

    fn pools_in_words(&self) -> String {
        let of = |kind: PreparedKind| {
            let pool = self.reservations.pools.get(&kind);
            let as_of = pool.map(|pool| in_words(&pool.as_of));
            sentence(
                "prepared",
                if as_of.is_some() { "as_of" } else { "never" },
                &[
                    ("kind", &word("prepared", kind.code())),
                    ("day", as_of.as_deref().unwrap_or_default()),
                ],
            )
        };
        PreparedKind::ALL.map(of).join("　")
    }

    fn prepared_row(&self, entry: &Waiting, others: &Uses) -> PreparedRow {
        let one = &entry.prepared;
        let place = one.place.as_ref().filter(|_| !entry.protected);
        let places = place.map_or_else(String::new, |place| {
            let new = [place.new.as_str(), &place.building].join("　");
            let values = [("old", place.old.as_str()), ("new", new.trim())];
            sentence(
                "prepared",
                if new.trim().is_empty() {
                    "from"
                } else {
                    "from_to"
                },
                &values,
            )
        });
        let uses = self.visit.as_ref().map(|visit| uses_of(visit.draft()));
        PreparedRow {
            kind: one.kind,
            number: one.number.clone(),
            title: word("prepared", one.kind.code()),
            day: sentence(
                "prepared",
                match one.kind {
                    PreparedKind::Reservation => "visit_on",
                    PreparedKind::MoveOut => "planned_on",
                },
                &[("day", &in_words(&one.day))],
            ),
            people: one
                .people
                .iter()
                .map(|person| self.person_in_words(person))
                .collect(),
            places,
            wishes: wishes_in_words(one),
            caution: self.caution(one),
            used_by: others.of(one.kind, &one.number),
            in_case: uses.is_some_and(|uses| {
                uses.iter()
                    .any(|used| used.kind == one.kind && used.number == one.number)
            }),
            protected: entry.protected,
        }
    }

    fn person_in_words(&self, person: &Newcomer) -> String {
        let birth = self.birth_in_words(&person.birth_date);
        let sex = fields().chosen("sex", &person.sex).0;
        let parts = [person.name.as_str(), &person.kana, &birth, &sex];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("　")
    }

    /// What staff must know before taking it.
    fn caution(&self, one: &Prepared) -> String {
        let day = one.day.parse::<Date>().ok();
        let last = day.and_then(|day| day.checked_add(30.days()).ok());
        let name = match one.kind {
            PreparedKind::MoveOut if last.is_some_and(|last| last < self.today()) => "too_late",
            PreparedKind::MoveOut if one.advance => "advance",
            PreparedKind::MoveOut | PreparedKind::Reservation => return String::new(),
        };
        word("prepared", name)
    }

    /// What is prepared for the case, while it is a move-in.
    pub(super) fn flow_view(&self, visit: &Visit) -> Option<FlowView> {
        if !is_move_in(visit) {
            return None;
        }
        let taken = uses_of(visit.draft());
        let others = self.uses();
        Some(FlowView {
            proposal: self
                .proposal(visit, &others)
                .filter(|_| visit.is_editable()),
            taken: taken
                .iter()
                .map(|used| TakenPrepared {
                    kind: used.kind,
                    number: used.number.clone(),
                    title: sentence(
                        "prepared",
                        "taken",
                        &[
                            ("kind", &word("prepared", used.kind.code())),
                            ("number", &used.number),
                            (
                                "version",
                                used.version.split('/').next().unwrap_or_default(),
                            ),
                        ],
                    ),
                    caution: self.taken_caution(used, &others),
                })
                .collect(),
        })
    }

    fn taken_caution(&self, used: &PreparedUse, others: &Uses) -> String {
        let others = others.of(used.kind, &used.number);
        if !others.is_empty() {
            return sentence("prepared", "also_used", &[("numbers", &others.join("、"))]);
        }
        let taken = used.version.split('/').nth(1);
        let taken: Option<u32> = taken.and_then(|text| text.parse().ok());
        match (self.waiting(used.kind, &used.number), taken) {
            (None, _) => word("prepared", "gone"),
            (Some(now), Some(taken)) if now.prepared.revision > taken => {
                word("prepared", "changed")
            }
            (Some(_), _) => String::new(),
        }
    }
}

/// Whether a case is a move-in from another city.
pub(super) fn is_move_in(visit: &Visit) -> bool {
    visit.event().0 == "move_in"
}

fn in_words(day: &str) -> String {
    day.parse::<FuzzyDate>()
        .map_or_else(|_| day.to_owned(), |day| day.wareki())
}

fn wishes_in_words(one: &Prepared) -> String {
    let wishes = one.wishes.iter().map(|code| word("wish", code));
    let parts = wishes.chain(std::iter::once(one.note.clone()));
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("、")
}

/// What prepared data say differently about a field.
pub(super) fn beside(visit: &Visit, def: &FieldDef, path: &str) -> Vec<BesideValue> {
    let of = |kind: PreparedKind| {
        let value = visit.text(&beside_path(kind, path));
        (!value.is_empty() && value != visit.text(path)).then(|| BesideValue {
            kind,
            source: source_of(kind),
            value: shown(def, value),
        })
    };
    PreparedKind::ALL.into_iter().filter_map(of).collect()
}

/// Whether prepared data say something differently about a field.
pub(super) fn is_contradicted(visit: &Visit, path: &str) -> bool {
    PreparedKind::ALL.into_iter().any(|kind| {
        let value = visit.text(&beside_path(kind, path));
        !value.is_empty() && value != visit.text(path)
    })
}

/// Where a typed value comes from: with a paper certificate before them, staff copy from it what
/// such a certificate has.
pub(super) fn source_of_typing(visit: &Visit, path: &str) -> Source {
    const ON_PAPER: [&str; 4] = [
        "address.old",
        "head.old",
        "domicile.place",
        "domicile.register_head",
    ];
    const OF_PERSON: [&str; 7] = [
        "name",
        "kana",
        "birth_date",
        "sex",
        "nationality",
        "former_name",
        "relation_before",
    ];
    let of_person = split_member(path).is_some_and(|(_, name)| OF_PERSON.contains(&name));
    let is_paper = visit.event() == ("move_in", "paper");
    if is_paper && (of_person || ON_PAPER.contains(&path)) {
        Source::PaperCertificate
    } else {
        Source::Staff
    }
}

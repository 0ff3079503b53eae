//! Whole cases on their way to a branch they were handed to.
//!
//! The vectors of a branch's counters count what was written before the hand-over as held, because
//! it was not theirs to see. So the case comes whole, from head office, beside the changes: rows
//! with the site and version they were written with, which cr-sqlite merges like any other. Taking
//! them twice, or beside changes that bring the same rows, changes nothing.

use std::collections::BTreeSet;

use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use sync_engine::{CasePart, CaseTurn, CaseWant, Peer, PeerRole};
use sync_protocol::limits::CASES_MAX;
use sync_protocol::{CellValue, Change, SiteId, VersionVector};

use crate::database::Replica;
use crate::error::StoreError;
use crate::incoming::{insert_once, is_own_fault, move_clock};
use crate::outgoing::size_of;
use crate::stream::AuditAction;
use crate::validate::{Meaning, Origin, Refusal, check};
use crate::{blob, parked, scope};

/// How a case that came by itself stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyState {
    /// Parts are still missing.
    Coming,
    /// All of it is here.
    Whole,
    /// It was here and is overwritten.
    Overwritten,
    /// The order is forgotten. A file from before it may still come for some weeks.
    Forgotten,
}

impl CopyState {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Coming => 0,
            Self::Whole => 1,
            Self::Overwritten => 2,
            Self::Forgotten => 3,
        }
    }

    fn of_code(code: i64) -> Self {
        match code {
            1 => Self::Whole,
            2 => Self::Overwritten,
            3 => Self::Forgotten,
            _ => Self::Coming,
        }
    }
}

/// What is noted of a case that came by itself.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) turn: u64,
    pub(crate) state: CopyState,
    pub(crate) next: Vec<u8>,
}

impl Copy {
    pub(crate) fn is_overwritten(&self) -> bool {
        match self.state {
            CopyState::Overwritten | CopyState::Forgotten => true,
            CopyState::Coming | CopyState::Whole => false,
        }
    }
}

pub(crate) fn copy(connection: &Connection, case: CaseId) -> Result<Option<Copy>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT turn, state, next FROM case_copy WHERE case_id = :case")?;
    let found = statement.query_row([case.0], |row| {
        Ok(Copy {
            turn: row.get(0)?,
            state: CopyState::of_code(row.get(1)?),
            next: row.get(2)?,
        })
    });
    Ok(found.optional()?)
}

pub(crate) fn note_copy(
    connection: &Connection,
    case: CaseId,
    copy: &Copy,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO case_copy (case_id, turn, state, next) VALUES (:case, :turn, :state, :next)
         ON CONFLICT (case_id) DO UPDATE SET turn = excluded.turn, state = excluded.state,
             next = excluded.next",
    )?;
    statement.execute(named_params! {
        ":case": case.0, ":turn": copy.turn, ":state": copy.state.code(), ":next": copy.next,
    })?;
    Ok(())
}

/// Whether the case was overwritten here and has not come back.
pub(crate) fn is_overwritten(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    Ok(copy(connection, case)?.is_some_and(|copy| copy.is_overwritten()))
}

/// Every branch that has or had the case and still may have a copy of it.
///
/// # Errors
/// When the database cannot be read.
pub fn branches_of(connection: &Connection, case: CaseId) -> Result<Vec<BranchCode>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT branch FROM case_branch WHERE case_id = :case ORDER BY branch")?;
    let branches = statement.query_map([case.0], |row| row.get(0).map(BranchCode))?;
    Ok(branches.collect::<Result<_, _>>()?)
}

impl Replica {
    /// Cases that came to the peer's branch and that this device did not say it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case_offers(&self, peer: &Peer) -> Result<Vec<CaseTurn>, StoreError> {
        if peer.role == PeerRole::Hub {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT t.case_id, t.turn FROM case_turn t
             WHERE t.branch = :branch AND NOT EXISTS (
                 SELECT 1 FROM case_held h
                 WHERE h.device = :device AND h.case_id = t.case_id AND h.turn >= t.turn)
             ORDER BY t.turn LIMIT :count",
        )?;
        let count = i64::try_from(CASES_MAX).unwrap_or(i64::MAX);
        let ask = named_params! { ":branch": peer.branch, ":device": peer.site.0, ":count": count };
        let offers = statement.query_map(ask, |row| {
            Ok(CaseTurn {
                case: row.get(0)?,
                turn: row.get(1)?,
            })
        })?;
        Ok(offers.collect::<Result<_, _>>()?)
    }

    /// Which offered cases are wanted here, and from where.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cases_wanted(&self, offers: &[CaseTurn]) -> Result<Vec<CaseWant>, StoreError> {
        let mut wants = Vec::new();
        for CaseTurn { case, turn } in offers {
            let here = copy(&self.connection, CaseId(*case))?;
            let after = match here {
                Some(here) if here.turn > *turn => continue,
                Some(here) if here.turn == *turn => match here.state {
                    CopyState::Coming => here.next,
                    CopyState::Whole | CopyState::Overwritten | CopyState::Forgotten => continue,
                },
                Some(_) | None => Vec::new(),
            };
            wants.push(CaseWant {
                case: *case,
                turn: *turn,
                after,
            });
        }
        Ok(wants)
    }

    /// Which offered cases are whole here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cases_whole(&self, offers: &[CaseTurn]) -> Result<Vec<CaseTurn>, StoreError> {
        let mut whole = Vec::new();
        for offer in offers {
            let here = copy(&self.connection, CaseId(offer.case))?;
            let is_whole = |here: Copy| here.state == CopyState::Whole && here.turn >= offer.turn;
            if here.is_some_and(is_whole) {
                whole.push(*offer);
            }
        }
        Ok(whole)
    }

    /// The next rows of a case, about `bytes_max` bytes and at least one; `None` when the case is
    /// not the peer's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case_part(
        &self,
        peer: &Peer,
        want: &CaseWant,
        bytes_max: usize,
    ) -> Result<Option<CasePart>, StoreError> {
        let case = CaseId(want.case);
        if peer.role == PeerRole::Hub || !scope::visible(&self.connection, peer, case)? {
            return Ok(None);
        }
        let rows = rows_of(&self.connection, case)?;
        let mut part = CasePart {
            case: want.case,
            turn: want.turn,
            rows: Vec::new(),
            next: Vec::new(),
        };
        let mut bytes = 0;
        let mut last = Vec::new();
        for (place, site, change) in rows.into_iter().filter(|(place, _, _)| *place > want.after) {
            bytes += size_of(&change);
            if !part.rows.is_empty() && bytes > bytes_max {
                part.next = last;
                break;
            }
            last = place;
            part.rows.push((site, change));
        }
        Ok(Some(part))
    }

    /// Notes which cases a device has whole.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn cases_held(&mut self, peer: &Peer, held: &[CaseTurn]) -> Result<(), StoreError> {
        self.write_local(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO case_held (device, case_id, turn)
                 SELECT :device, case_id, turn FROM case_turn
                 WHERE case_id = :case AND turn <= :turn AND branch = :branch
                 ON CONFLICT (device, case_id) DO UPDATE SET turn = max(turn, excluded.turn)",
            )?;
            for CaseTurn { case, turn } in held {
                let turn = (*turn).min(1 << 62);
                statement.execute(named_params! {
                    ":device": peer.site.0, ":case": case, ":turn": turn, ":branch": peer.branch,
                })?;
            }
            Ok(())
        })
    }

    /// Takes rows of a case from head office, which held the versions of a vector when it said them,
    /// all or none; `project` keeps the lists once the case is whole. Returns how many rows there
    /// were.
    ///
    /// # Errors
    /// When the database cannot be written; nothing was taken then.
    pub fn take_case(
        &mut self,
        peer: &Peer,
        (part, held): (&CasePart, &VersionVector),
        project: impl FnOnce(&Connection, &BTreeSet<CaseId>) -> Result<(), StoreError>,
    ) -> Result<usize, StoreError> {
        let case = CaseId(part.case);
        let known = copy(&self.connection, case)?;
        let begins = known.as_ref().is_none_or(|known| known.turn < part.turn);
        let goes_on =
            known.is_some_and(|known| known.turn == part.turn && known.state == CopyState::Coming);
        let late = !begins && !goes_on;
        if peer.role != PeerRole::Hub || late || part.turn > 1 << 62 {
            return Ok(0);
        }
        let now_unix_ms = self.around.unix_ms();
        let taken = self.write_local(|write| {
            take_rows(&write.transaction, part, now_unix_ms)??;
            let state = if part.next.is_empty() {
                CopyState::Whole
            } else {
                CopyState::Coming
            };
            let (turn, next) = (part.turn, part.next.clone());
            note_copy(&write.transaction, case, &Copy { turn, state, next })?;
            forget_orders_before(&write.transaction, case, turn)?;
            if begins {
                ask_again(&write.transaction, held)?;
            }
            if state == CopyState::Whole {
                scope::settle(&write.transaction, case)?;
                project(&write.transaction, &BTreeSet::from([case]))?;
                // So that a copy of this disk that takes a case in is told by its log.
                write.audit(&StaffId::from("-"), AuditAction::CaseArrived, Some(case))?;
            }
            Ok(part.rows.len())
        });
        match taken {
            Ok(count) => Ok(count),
            Err(NotTaken::Refused(refusal)) => {
                tracing::warn!(%case, %refusal, "part of a case not taken");
                Ok(0)
            }
            Err(NotTaken::Store(error)) => Err(error),
        }
    }
}

/// Why a part of a case was not taken.
enum NotTaken {
    /// Something in it is not what it should be.
    Refused(Refusal),
    /// The database failed.
    Store(StoreError),
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// While a case was overwritten here, what was told of it counted as held and was left out; that it
/// was overwritten may be forgotten since. What head office had of it when it said the first part
/// comes with the case, although that may have been a while ago; everything behind that is asked for
/// again, from whoever has it. Other records among them are here already, and stay as they are.
fn ask_again(connection: &Connection, held: &VersionVector) -> Result<(), StoreError> {
    let mut sites = connection.prepare_cached("SELECT site FROM peer_vector")?;
    let sites = sites.query_map([], |row| row.get(0).map(SiteId))?;
    let sites: Vec<SiteId> = sites.collect::<Result<_, _>>()?;
    let mut lower = connection
        .prepare_cached("UPDATE peer_vector SET through = min(through, :had) WHERE site = :site")?;
    for site in sites {
        let had = held.get(&site).copied().unwrap_or(0).min(1 << 62);
        lower.execute(named_params! { ":site": site.0, ":had": had })?;
    }
    Ok(())
}

/// The case is this branch's again: an order given before it came is void, and no neighbour is to be
/// told of it any more.
fn forget_orders_before(
    connection: &Connection,
    case: CaseId,
    turn: u64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM purge_order WHERE case_id = :case AND turn < :turn AND issued_by = ''",
    )?;
    statement.execute(named_params! { ":case": case.0, ":turn": turn })?;
    Ok(())
}

/// Checks every row like any foreign change, and hands it to cr-sqlite.
fn take_rows(
    transaction: &Transaction<'_>,
    part: &CasePart,
    now_unix_ms: u64,
) -> Result<Result<(), Refusal>, StoreError> {
    let mut newest = Hlc::default();
    for (site, change) in &part.rows {
        let origin = Origin {
            site: *site,
            role: PeerRole::Hub,
            now_unix_ms,
        };
        let checked = match check(change, origin) {
            Ok(checked) if checked.case.0 == part.case => checked,
            Ok(_) => return Ok(Err(Refusal::Key)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        newest = newest.max(checked.at);
        match &checked.meaning {
            Meaning::Parked => {
                parked::park(transaction, *site, change)?;
                continue;
            }
            Meaning::Blob(hash, what) => blob::want(transaction, *hash, what)?,
            Meaning::Started(branch) => scope::claim(transaction, checked.case, branch)?,
            Meaning::Moved(_) | Meaning::Other => {}
        }
        match insert_once(transaction, *site, change) {
            Ok(()) => {}
            Err(error) if is_own_fault(&error) || transaction.is_autocommit() => {
                return Err(error.into());
            }
            Err(_) => return Ok(Err(Refusal::Database)),
        }
    }
    move_clock(transaction, newest, now_unix_ms)?;
    Ok(Ok(()))
}

/// A row with its place in the order they are sent in, and the site that wrote it.
type Placed = (Vec<u8>, SiteId, Change);

/// Place of the step a case begins with: behind everything else. A case goes on to another branch
/// while it is half here, and the rest never comes; without its beginning it is on no list, and
/// nobody reckons from half of the moves who has it.
const LAST_RANK: u8 = u8::MAX;

fn is_start(doc: &[u8]) -> bool {
    serde_json::from_slice::<CaseEvent>(doc)
        .is_ok_and(|event| matches!(event.what, CaseStep::Started { .. }))
}

/// One question a table, in the order they are sent: the history last.
const ROWS: [(&str, &str); 4] = [
    (
        "draft",
        "SELECT crsql_pack_columns(d.case_id, d.path, d.counter), d.doc,
             c.col_version, c.db_version, s.site_id, c.seq, c.ts
         FROM draft d
         JOIN draft__crsql_pks p
             ON p.case_id = d.case_id AND p.path = d.path AND p.counter = d.counter
         JOIN draft__crsql_clock c ON c.key = p.__crsql_key AND c.col_name = 'doc'
         JOIN crsql_site_id s ON s.ordinal = c.site_id
         WHERE d.case_id = :case",
    ),
    (
        "snapshot",
        "SELECT crsql_pack_columns(d.case_id, d.hash), d.doc,
             c.col_version, c.db_version, s.site_id, c.seq, c.ts
         FROM snapshot d
         JOIN snapshot__crsql_pks p ON p.case_id = d.case_id AND p.hash = d.hash
         JOIN snapshot__crsql_clock c ON c.key = p.__crsql_key AND c.col_name = 'doc'
         JOIN crsql_site_id s ON s.ordinal = c.site_id
         WHERE d.case_id = :case",
    ),
    (
        "blob_ref",
        "SELECT crsql_pack_columns(d.case_id, d.hash), d.doc,
             c.col_version, c.db_version, s.site_id, c.seq, c.ts
         FROM blob_ref d
         JOIN blob_ref__crsql_pks p ON p.case_id = d.case_id AND p.hash = d.hash
         JOIN blob_ref__crsql_clock c ON c.key = p.__crsql_key AND c.col_name = 'doc'
         JOIN crsql_site_id s ON s.ordinal = c.site_id
         WHERE d.case_id = :case",
    ),
    (
        "case_event",
        "SELECT crsql_pack_columns(d.case_id, d.event_id), d.doc,
             c.col_version, c.db_version, s.site_id, c.seq, c.ts
         FROM case_event d
         JOIN case_event__crsql_pks p ON p.case_id = d.case_id AND p.event_id = d.event_id
         JOIN case_event__crsql_clock c ON c.key = p.__crsql_key AND c.col_name = 'doc'
         JOIN crsql_site_id s ON s.ordinal = c.site_id
         WHERE d.case_id = :case",
    ),
];

/// Every row of the case, sorted by place. `crsql_changes` is not asked: it can only be searched by
/// site and version, and would read its whole log.
fn rows_of(connection: &Connection, case: CaseId) -> Result<Vec<Placed>, StoreError> {
    let mut rows = parked_of(connection, case)?;
    for (rank, (table, question)) in (1_u8..).zip(ROWS) {
        let mut statement = connection.prepare_cached(question)?;
        let mut found = statement.query([case.0])?;
        while let Some(row) = found.next()? {
            let key: Vec<u8> = row.get(0)?;
            let doc: Vec<u8> = row.get(1)?;
            let begins = table == "case_event" && is_start(&doc);
            let mut place = vec![if begins { LAST_RANK } else { rank }];
            place.extend(&key);
            let change = Change {
                table: table.to_owned(),
                key,
                column: "doc".to_owned(),
                value: CellValue::Blob(doc),
                column_version: row.get(2)?,
                version: row.get(3)?,
                causal_length: 1,
                sequence: row.get(5)?,
                at: row.get(6)?,
            };
            rows.push((place, SiteId(row.get(4)?), change));
        }
    }
    rows.sort_by(|one, next| one.0.cmp(&next.0));
    Ok(rows)
}

/// Rows of a newer schema: handed on as they came.
fn parked_of(connection: &Connection, case: CaseId) -> Result<Vec<Placed>, StoreError> {
    let parked = parked::parked(connection)?.into_iter();
    let of_case = parked.filter(|(_, change)| scope::case_of(&change.key) == Some(case));
    Ok(of_case
        .map(|(site, change)| {
            let mut place = vec![0];
            place.extend(site.0);
            place.extend(change.version.to_be_bytes());
            place.extend(change.sequence.to_be_bytes());
            (place, site, change)
        })
        .collect())
}

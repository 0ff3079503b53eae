//! Finding filings.

use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::resident::{QueryError, ResidentQuery, Term};
use replica::StoreError;
use rusqlite::{Connection, Row, Rows, named_params};

use crate::keys::Keys;
use crate::tokens;

/// Filings looked at for one answer; a page that found too few goes on behind the last of them.
const LOOKED_AT_MAX: usize = 20_000;

/// What is looked for. Everything named must hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ArchiveQuery {
    /// The words typed; `None` for every filing.
    pub words: Option<ResidentQuery>,
    /// Only this office.
    pub branch: Option<String>,
    /// Only this event, for example `move_in`.
    pub kind: Option<String>,
    /// Only what this member of staff handed in.
    pub staff: Option<String>,
    /// Filed on this day or later, ISO 8601.
    pub from: Option<String>,
    /// Filed on this day or earlier, ISO 8601.
    pub to: Option<String>,
    /// Only behind this place: [`Found::next`] of the page before.
    pub before: Option<i64>,
    /// Filings on a page.
    pub limit: usize,
}

impl std::fmt::Debug for ArchiveQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ArchiveQuery({} words)", self.terms().len())
    }
}

impl ArchiveQuery {
    /// A query by what people type: names, readings, birth dates, receipt numbers and addresses,
    /// with spaces between; nothing means every filing.
    ///
    /// # Errors
    /// When there are too many words.
    pub fn new(words: &str, limit: usize) -> Result<Self, QueryError> {
        let words = match ResidentQuery::parse(words, "") {
            Ok(words) => Some(words),
            Err(QueryError::Empty) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            words,
            limit,
            ..Self::default()
        })
    }

    /// The words typed.
    pub(crate) fn terms(&self) -> &[Term] {
        self.words.as_ref().map_or(&[], ResidentQuery::terms)
    }
}

/// One filing of the archive.
#[derive(Clone, PartialEq, Eq)]
pub struct Filing {
    /// Its place in the archive; newer filings have higher ones.
    pub id: i64,
    /// The case.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// The office that took it in.
    pub branch: BranchCode,
    /// Value of the field `event.type`.
    pub kind: String,
    /// Who handed it in.
    pub staff: StaffId,
    /// Filing date (届出日), ISO 8601.
    pub filed_on: String,
    /// Where the case stands.
    pub state: CaseState,
    /// Names as written, in the order of the members.
    pub persons: Vec<String>,
    /// Somebody in it is under protection: never show where they live.
    pub protected: bool,
}

impl std::fmt::Debug for Filing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filing({}, {:?})", self.case, self.state)
    }
}

/// A page of filings, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The filings.
    pub filings: Vec<Filing>,
    /// Where the next page begins; `None` when there is none.
    pub next: Option<i64>,
}

/// Of one shelf.
const BY_TOKENS: &str = "
    SELECT f.id, f.case_id, f.receipt_number, f.branch, f.kind, f.staff, f.filed_on, f.state,
        f.persons, f.keys
    FROM filing_token t CROSS JOIN filing f ON f.id = t.rowid
    WHERE filing_token MATCH :tokens AND t.rowid < :before
    ORDER BY t.rowid DESC";

const ALL: &str = "
    SELECT f.id, f.case_id, f.receipt_number, f.branch, f.kind, f.staff, f.filed_on, f.state,
        f.persons, f.keys
    FROM filing f WHERE f.id < :before ORDER BY f.id DESC";

/// Filings that fit, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection, query: &ArchiveQuery) -> Result<Found, StoreError> {
    let before = query.before.unwrap_or(i64::MAX);
    let mut search = Search {
        connection,
        query,
        last: before,
        looked_at: 0,
        found: Found::default(),
    };
    if tokens::of_query(0, query).is_none() {
        let mut all = connection.prepare_cached(ALL)?;
        let rows = all.query(named_params! { ":before": before })?;
        search.take(rows)?;
        return Ok(search.found);
    }
    let newest: Option<i64> =
        connection.query_row("SELECT max(id) FROM filing", [], |row| row.get(0))?;
    let Some(newest) = newest else {
        return Ok(search.found);
    };
    let mut statement = connection.prepare_cached(BY_TOKENS)?;
    let first = newest.min(before.saturating_sub(1));
    for shelf in (0..=tokens::shelf(first)).rev() {
        let tokens = tokens::of_query(shelf, query);
        let rows = statement.query(named_params! { ":tokens": tokens, ":before": before })?;
        if search.take(rows)? {
            break;
        }
    }
    Ok(search.found)
}

/// A page that is being filled.
struct Search<'s> {
    connection: &'s Connection,
    query: &'s ArchiveQuery,
    /// The filing looked at last.
    last: i64,
    looked_at: usize,
    found: Found,
}

impl Search<'_> {
    /// Takes what fits; whether the page is full and there may be more.
    fn take(&mut self, mut rows: Rows<'_>) -> Result<bool, StoreError> {
        while let Some(row) = rows.next()? {
            if self.found.filings.len() == self.query.limit || self.looked_at == LOOKED_AT_MAX {
                self.found.next = Some(self.last);
                return Ok(true);
            }
            self.looked_at += 1;
            self.last = row.get(0)?;
            self.look_at(row)?;
        }
        Ok(false)
    }

    fn look_at(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let filed_on: String = row.get(6)?;
        if !within(self.query, &filed_on) {
            return Ok(());
        }
        let keys: String = row.get(9)?;
        let receipt_number: String = row.get(2)?;
        let case = CaseId(row.get(1)?);
        let protected = replica::is_case_protected(self.connection, case)?;
        let keys: Keys = serde_json::from_str(&keys)?;
        let fits = |term: &Term| keys.fits(term, &receipt_number, !protected);
        if self.query.terms().iter().all(fits) {
            self.found.filings.push(Filing {
                id: self.last,
                case,
                receipt_number,
                branch: BranchCode(row.get(3)?),
                kind: row.get(4)?,
                staff: StaffId(row.get(5)?),
                filed_on,
                state: serde_json::from_value(serde_json::Value::String(row.get(7)?))?,
                persons: serde_json::from_str(&row.get::<_, String>(8)?)?,
                protected,
            });
        }
        Ok(())
    }
}

/// Every case that was ever handed in, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn all_cases(connection: &Connection) -> Result<Vec<CaseId>, StoreError> {
    let mut statement = connection.prepare("SELECT case_id FROM filing ORDER BY id")?;
    let cases = statement.query_map([], |row| row.get(0).map(CaseId))?;
    Ok(cases.collect::<Result<_, _>>()?)
}

fn within(query: &ArchiveQuery, filed_on: &str) -> bool {
    query.from.as_deref().is_none_or(|from| filed_on >= from)
        && query.to.as_deref().is_none_or(|to| filed_on <= to)
}

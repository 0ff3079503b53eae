//! Which branch has a case, and what is left of it at the others: the panel of the case page, and
//! what a reviewer does there.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::case::{CaseEvent, CaseStep, CaseSummary, HEAD_OFFICE, MOVE_REASON_CHARS_MAX};
use counter_domain::ids::{BranchCode, CaseId};
use hub_store::{
    BranchCopy, CopyState, CounterCopy, Move, ProtectionKnown, candidates, taken_back_to,
};

use super::data::{CaseFile, MoveDeed, MoveRefused, Names};
use super::pages::{Chip, icon};
use super::rights::{Approves, By, Sent, SignedIn};
use super::session::Viewer;
use super::{Shared, pages, texts};
use crate::clock::in_japan;

type Fields = HashMap<String, String>;

/// A branch to choose.
pub(crate) struct Choice {
    pub code: String,
    pub name: String,
}

/// What a branch has of the case.
pub(crate) struct CopyLine {
    pub code: String,
    pub name: String,
    pub state: Chip,
    pub counters: Vec<CounterLine>,
    pub order: String,
    /// A counter has not said yet that it followed the order.
    pub waits: bool,
    /// The viewer may order its copy overwritten.
    pub may_revoke: bool,
}

/// What a counter has of the case.
pub(crate) struct CounterLine {
    pub name: String,
    pub state: String,
}

/// The panel.
pub(crate) struct MovesView {
    /// The branch that has it.
    pub holder: String,
    /// Since when and from where; empty when it began there.
    pub since: String,
    /// Where it may go; empty when nothing is left to do with it, or the viewer may not.
    pub targets: Vec<Choice>,
    /// The branch it may go back to.
    pub back_to: Option<String>,
    /// Branches to decide between, after two offices moved it at once.
    pub contested: Vec<Choice>,
    /// Somebody in it is under protection: it is moved knowingly.
    pub asks_for_protection: bool,
    pub copies: Vec<CopyLine>,
}

impl MovesView {
    /// Whether a counter has not said yet that it followed an order.
    pub(crate) fn waits(&self) -> bool {
        self.copies.iter().any(|copy| copy.waits)
    }

    /// Whether it ever was anywhere but where it began.
    pub(crate) fn has_history(&self) -> bool {
        !self.since.is_empty() || self.copies.len() > 1 || !self.contested.is_empty()
    }
}

/// Draws the panel.
pub(crate) fn view(file: &CaseFile, viewer: &Viewer, names: &Names) -> MovesView {
    let summary = &file.summary;
    let may_move = viewer.may_review() && (!file.is_protected || viewer.may_approve());
    let choice = |code: BranchCode| Choice {
        name: names.branch(&code),
        code: code.0,
    };
    let targets = if may_move && summary.is_movable() && summary.contested.is_empty() {
        targets(summary, names)
    } else {
        Vec::new()
    };
    let contested = candidates(summary)
        .into_iter()
        .filter(|_| viewer.may_review());
    MovesView {
        holder: summary
            .branch
            .as_ref()
            .map_or_else(String::new, |code| names.branch(code)),
        since: since(summary, names),
        targets: targets.into_iter().map(choice).collect(),
        back_to: taken_back_to(summary)
            .filter(|_| may_move)
            .map(|code| names.branch(&code)),
        contested: contested.map(choice).collect(),
        asks_for_protection: file.is_protected,
        copies: file
            .copies
            .iter()
            .map(|copy| copy_line(copy, viewer, names))
            .collect(),
    }
}

/// Every branch but the one that has it; head office too.
fn targets(summary: &CaseSummary, names: &Names) -> Vec<BranchCode> {
    let published = names.branches().map(|(code, _)| code);
    let mut codes: Vec<&str> = published.filter(|code| *code != HEAD_OFFICE).collect();
    codes.push(HEAD_OFFICE);
    let held = summary.branch.as_ref().map(BranchCode::as_str);
    let others = codes.into_iter().filter(|code| Some(*code) != held);
    others.map(BranchCode::from).collect()
}

fn since(summary: &CaseSummary, names: &Names) -> String {
    summary.last_move().map_or_else(String::new, |last| {
        let at = in_japan(last.at.unix_ms(), "%-m月%-d日 %H:%M");
        let from = last.from.as_ref().map(|from| names.branch(from));
        texts::held_since(&at, from.as_deref(), &last.reason)
    })
}

fn copy_line(copy: &BranchCopy, viewer: &Viewer, names: &Names) -> CopyLine {
    let waits = copy
        .counters
        .iter()
        .any(|one| matches!(one.state, CopyState::Ordered));
    let state = match (&copy.order, copy.holds) {
        (_, true) => Chip::new("chip-info", "person", texts::COPY_HELD),
        (None, false) => Chip::new("", "description", texts::COPY_KEPT),
        (Some(order), false) if order.closed => {
            Chip::new("chip-done", "task_alt", texts::COPY_GONE)
        }
        (Some(_), false) if waits => Chip::new("chip-doubt", "schedule", texts::COPY_ORDERED),
        (Some(_), false) => Chip::new("chip-done", "task_alt", texts::COPY_GONE),
    };
    let order = copy.order.as_ref().map_or_else(String::new, |order| {
        let at = in_japan(order.issued_unix_ms, "%-m月%-d日 %H:%M");
        texts::purge_ordered(&at, &names.staff(&order.by), &order.reason)
    });
    CopyLine {
        code: copy.branch.0.clone(),
        name: names.branch(&copy.branch),
        state,
        counters: copy
            .counters
            .iter()
            .filter(|_| copy.order.is_some())
            .map(counter_line)
            .collect(),
        order,
        waits: waits && !copy.holds,
        may_revoke: viewer.may_approve() && copy.order.is_none(),
    }
}

fn counter_line(counter: &CounterCopy) -> CounterLine {
    let state = match counter.state {
        CopyState::Kept => texts::COPY_KEPT.to_owned(),
        CopyState::Ordered => texts::COUNTER_ORDERED.to_owned(),
        CopyState::Overwritten { unix_ms } => {
            texts::overwritten_at(&in_japan(unix_ms, "%-m月%-d日 %H:%M"))
        }
        CopyState::ShutOut => texts::COUNTER_SHUT_OUT.to_owned(),
    };
    CounterLine {
        name: counter.name.clone(),
        state,
    }
}

/// The copies alone, drawn anew while an order is being followed.
#[derive(Template)]
#[template(path = "copies.html")]
struct CopiesPart {
    page: CopiesOfCase,
}

struct CopiesOfCase {
    case: String,
    moves: MovesView,
}

/// How far the orders are. The page itself was the look that counts.
pub(crate) async fn copies(
    State(desk): State<Shared>,
    By(viewer, _): By<SignedIn>,
    Path(case): Path<String>,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(&desk, Some(&viewer)).await;
    };
    match desk.data.read(&viewer, case).await {
        Ok(Some((file, names))) => {
            let page = CopiesOfCase {
                case: case.to_string(),
                moves: view(&file, &viewer, &names),
            };
            pages::html(StatusCode::OK, &CopiesPart { page })
        }
        Ok(None) => pages::missing(&desk, Some(&viewer)).await,
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// A move of the history in words; `None` for every other step.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a kind of move that a newer program knows stands there without words"
)]
pub(crate) fn in_words(event: &CaseEvent, summary: &CaseSummary, names: &Names) -> Option<String> {
    let words = match &event.what {
        CaseStep::Transferred(handing) => {
            let (from, to) = (names.branch(&handing.from), names.branch(&handing.to));
            texts::handed_on(&from, &to, &handing.reason)
        }
        CaseStep::TakenBack(handing) => {
            let (from, to) = (names.branch(&handing.from), names.branch(&handing.to));
            texts::taken_back(&from, &to, &handing.reason)
        }
        CaseStep::HolderSettled(settling) => texts::holder_settled(&names.branch(&settling.branch)),
        other => return other.is_move().then(String::new),
    };
    let open = summary.contested.iter().any(|one| one.event == event.id);
    Some(if open {
        texts::contested_move(&words)
    } else {
        words
    })
}

/// Gives it to another branch.
pub(crate) async fn hand_on(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = reason(&fields).and_then(|reason| {
        Ok(MoveDeed::HandOn(Move {
            to: branch(&fields, "to")?,
            reason,
            protection: protection(&fields),
        }))
    });
    answer(&desk, &viewer, &case, deed, "moved").await
}

/// Gives it back to the branch it came from.
pub(crate) async fn take_back(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = reason(&fields).map(|reason| MoveDeed::TakeBack {
        reason,
        protection: protection(&fields),
    });
    answer(&desk, &viewer, &case, deed, "taken-back").await
}

/// Decides which branch has it.
pub(crate) async fn settle(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<SignedIn>,
) -> Response {
    let deed = branch(&fields, "branch").map(MoveDeed::Settle);
    answer(&desk, &viewer, &case, deed, "settled").await
}

/// Orders a branch's copy overwritten.
pub(crate) async fn revoke(
    State(desk): State<Shared>,
    Path(case): Path<String>,
    Sent { viewer, fields, .. }: Sent<Approves>,
) -> Response {
    let deed = reason(&fields).and_then(|reason| {
        let branch = branch(&fields, "branch")?;
        Ok(MoveDeed::Revoke { branch, reason })
    });
    answer(&desk, &viewer, &case, deed, "revoked").await
}

async fn answer(
    desk: &Shared,
    viewer: &Viewer,
    case: &str,
    deed: Result<MoveDeed, &'static str>,
    done: &'static str,
) -> Response {
    let Ok(case) = case.parse::<CaseId>() else {
        return pages::missing(desk, Some(viewer)).await;
    };
    let code = match deed {
        Err(code) => code,
        Ok(deed) => match desk
            .data
            .move_case(viewer, case, deed, &desk.workbench)
            .await
        {
            Ok(()) => done,
            Err(MoveRefused::Missing) => return pages::missing(desk, Some(viewer)).await,
            Err(MoveRefused::Failed) => return pages::internal(desk, Some(viewer)).await,
            Err(MoveRefused::Protected) => "protection-unsaid",
            Err(MoveRefused::NotAllowed) => "not-allowed",
        },
    };
    // Who may see the other branch's cases only has lost sight of it.
    let still_there = desk
        .data
        .read(viewer, case)
        .await
        .is_ok_and(|one| one.is_some());
    let back = if still_there {
        format!("/case/{case}")
    } else {
        "/queue".to_owned()
    };
    Redirect::to(&format!("{back}?notice={code}")).into_response()
}

fn branch(fields: &Fields, name: &str) -> Result<BranchCode, &'static str> {
    let code = fields.get(name).map(String::as_str).unwrap_or_default();
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_code {
        Ok(BranchCode::from(code))
    } else {
        Err("no-branch")
    }
}

fn reason(fields: &Fields) -> Result<String, &'static str> {
    let reason = fields.get("reason").map(|text| text.trim());
    match reason.unwrap_or_default() {
        "" => Err("no-reason"),
        reason if reason.chars().count() > MOVE_REASON_CHARS_MAX => Err("too-long"),
        reason => Ok(reason.to_owned()),
    }
}

fn protection(fields: &Fields) -> ProtectionKnown {
    if fields.contains_key("protection") {
        ProtectionKnown::Said
    } else {
        ProtectionKnown::Unsaid
    }
}

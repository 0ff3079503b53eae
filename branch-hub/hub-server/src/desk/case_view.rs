//! A case as its page shows it. Pure: domain types in, words out.

mod changes;
mod fields;
mod remarks;
mod wait;

use askama::Template;
use counter_domain::case::{CaseState, CaseStep, CaseSummary};
use counter_domain::ids::{BlobHash, SnapshotHash};
use counter_domain::snapshot::Snapshot;

use super::answers::Answers;
use super::data::{CaseFile, Names};
use super::moves::{self, MovesView};
use super::pages::{Banner, Chip, Frame, icon};
use super::protection::{self, ProtectionView};
use super::session::Viewer;
use super::{labels, signature};
use crate::clock::in_japan;
use changes::{Changes, changes};
use fields::{Group, groups, name_of, raw, with_strips};
use remarks::{RemarkLine, last_remarks, named_remark};

pub(crate) use wait::Wait;

/// A submission with the words for its answers.
#[derive(Clone, Copy)]
struct Content<'a> {
    snapshot: &'a Snapshot,
    answers: &'a Answers,
}

/// A case, drawn.
#[derive(Template)]
#[template(path = "case.html")]
pub(crate) struct CasePage {
    /// Header.
    pub frame: Frame,
    /// What a deed led to.
    pub banner: Option<Banner>,
    /// Token of the forms.
    pub csrf: String,
    /// The case.
    pub page: CaseView,
}

/// Everything on the page.
pub(crate) struct CaseView {
    pub case: String,
    pub receipt_number: String,
    pub state: Chip,
    pub event: String,
    pub branch: String,
    pub filed_on: String,
    pub taken_in_by: String,
    /// Cases of the same visit: id and receipt number.
    pub links: Vec<(String, String)>,
    pub wait: Option<Wait>,
    pub submission: String,
    pub form_title: &'static str,
    pub has_pdf: bool,
    pub protection: Option<ProtectionView>,
    /// Who has it, and what is left of it elsewhere.
    pub moves: MovesView,
    /// Pages of the paper the resident brought, and whether there is a picture of each.
    pub papers: Vec<(usize, bool)>,
    pub signature: Option<String>,
    pub signed_line: String,
    pub returned_remarks: Vec<RemarkLine>,
    pub changes: Option<Changes>,
    pub groups: Vec<Group>,
    pub procedures: Vec<ProcedureLine>,
    pub history: Vec<HistoryLine>,
    pub categories: Vec<CategoryOption>,
    pub bar_line: String,
    /// What the person may do now.
    pub buttons: Vec<Button>,
}

/// What a person may do with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Button {
    /// Take it for review.
    Claim,
    /// Remark, return, hold.
    Review,
    /// Accept or refuse.
    Accept,
    /// Take it up again.
    Release,
    /// Write it into a hand-over file.
    HandOver,
}

impl CaseView {
    fn may_claim(&self) -> bool {
        self.buttons.contains(&Button::Claim)
    }

    fn may_review(&self) -> bool {
        self.buttons.contains(&Button::Review)
    }

    fn may_accept(&self) -> bool {
        self.buttons.contains(&Button::Accept)
    }

    fn may_release(&self) -> bool {
        self.buttons.contains(&Button::Release)
    }

    fn may_hand_over(&self) -> bool {
        self.buttons.contains(&Button::HandOver)
    }

    fn allow(&mut self, button: Button, allowed: bool) {
        if allowed {
            self.buttons.push(button);
        }
    }
}

/// A kind of remark to choose.
pub(crate) struct CategoryOption {
    pub value: &'static str,
    pub label: &'static str,
}

/// One procedure.
pub(crate) struct ProcedureLine {
    pub state: Chip,
    pub name: String,
    pub member: String,
    pub deadline: String,
    pub reason: String,
}

/// One step of the history.
pub(crate) struct HistoryLine {
    pub at: String,
    pub by: String,
    pub what: String,
}

/// The newest signature on a snapshot: strokes and form.
pub(crate) fn signed_blobs(file: &CaseFile, of: SnapshotHash) -> Option<(BlobHash, BlobHash)> {
    file.events
        .iter()
        .filter_map(|event| {
            let CaseStep::Signed {
                snapshot,
                strokes,
                form,
            } = &event.what
            else {
                return None;
            };
            (*snapshot == of).then_some((event.at, *strokes, *form))
        })
        .max_by_key(|(at, _, _)| *at)
        .map(|(_, strokes, form)| (strokes, form))
}

/// Draws a case for `viewer`.
pub(crate) fn view(file: &CaseFile, viewer: &Viewer, names: &Names, now_ms: u64) -> CaseView {
    let summary = &file.summary;
    let snapshot = file.current.as_ref().map(|(_, snapshot)| snapshot);
    let content = |snapshot| Content {
        snapshot,
        answers: &names.answers,
    };
    let text = |path: &str| snapshot.map_or_else(String::new, |one| raw(one, path));
    let form_title = snapshot.map_or("届出書", |one| labels::form(&one.form));
    let changes = file
        .current
        .as_ref()
        .zip(file.previous.as_ref())
        .map(|((_, now), before)| changes(content(before), content(now), &last_remarks(file)));
    let mut page = CaseView {
        case: file.case.to_string(),
        receipt_number: summary.receipt_number.clone().unwrap_or_default(),
        state: state(summary, viewer, names, now_ms),
        event: labels::event(&text("event.type"), &text("event.flow")),
        branch: summary
            .branch
            .as_ref()
            .map_or_else(String::new, |code| names.branch(code)),
        filed_on: snapshot.map_or_else(String::new, |one| labels::date(&one.filed_on)),
        taken_in_by: summary
            .submitted_by
            .as_ref()
            .map_or_else(String::new, |id| names.staff(id)),
        links: summary
            .links
            .iter()
            .map(|(case, number)| (case.to_string(), number.clone()))
            .collect(),
        wait: wait(summary, now_ms),
        submission: summary
            .in_force()
            .map_or_else(String::new, |hash| hash.to_string()),
        form_title,
        has_pdf: file.has_form,
        protection: protection::view(&file.protection, viewer, names),
        moves: moves::view(file, viewer, names),
        papers: papers(file),
        signature: file.strokes.as_deref().and_then(signature::svg),
        signed_line: signed_line(file),
        returned_remarks: Vec::new(),
        groups: snapshot.map_or_else(Vec::new, |one| {
            let groups = groups(content(one), changes.as_ref(), &summary.remarks);
            with_strips(groups, file.reading.as_ref())
        }),
        procedures: snapshot.map_or_else(Vec::new, procedures),
        history: history(file, names),
        categories: categories(),
        changes,
        bar_line: String::new(),
        buttons: Vec::new(),
    };
    if let (CaseState::Returned, Some(snapshot)) = (summary.state, snapshot) {
        page.returned_remarks = summary
            .remarks
            .iter()
            .map(|one| named_remark(one, content(snapshot)))
            .collect();
    }
    allow(&mut page, summary, viewer, now_ms);
    page
}

fn papers(file: &CaseFile) -> Vec<(usize, bool)> {
    let pages = file.reading.iter().flat_map(|reading| &reading.pages);
    let pages = pages.map(|page| page.picture.is_some());
    pages.enumerate().collect()
}

/// Decides which buttons there are; the store decides again when one is pressed.
fn allow(page: &mut CaseView, summary: &CaseSummary, viewer: &Viewer, now_ms: u64) {
    let claimed = summary.claimed_by(now_ms);
    let mine = claimed == Some(&viewer.staff);
    let free = claimed.is_none();
    match summary.state {
        CaseState::Submitted | CaseState::Resubmitted | CaseState::CoreRejected => {
            page.allow(Button::Claim, viewer.may_review());
        }
        CaseState::UnderReview => {
            page.allow(Button::Claim, viewer.may_review() && free);
            page.allow(Button::Review, viewer.may_review() && mine);
            let four_eyes = !summary.taken_in_by.contains(&viewer.staff);
            page.allow(Button::Accept, viewer.may_approve() && four_eyes && !free);
            if viewer.may_approve() && !four_eyes {
                "自分が受け付けた届出は受理できません。ほかの決裁の担当者に頼んでください。"
                    .clone_into(&mut page.bar_line);
            } else if mine && !viewer.may_approve() {
                "受理は決裁の担当者が行います。".clone_into(&mut page.bar_line);
            }
        }
        CaseState::OnHold => {
            page.allow(Button::Release, viewer.may_review());
            page.bar_line = summary.reason.clone().unwrap_or_default();
        }
        CaseState::Accepted if page.protection.is_some() => {
            "支援措置対象の方がいるため、引き継ぎファイルには書き出しません。手で引き継いでください。"
                .clone_into(&mut page.bar_line);
        }
        CaseState::Accepted => page.allow(Button::HandOver, viewer.may_review()),
        CaseState::Returned => {
            "支所で直しています。再提出されると一覧に戻ります。".clone_into(&mut page.bar_line);
        }
        CaseState::Refused => page.bar_line = summary.reason.clone().unwrap_or_default(),
        CaseState::Draft
        | CaseState::Signed
        | CaseState::HandedOver
        | CaseState::Completed
        | CaseState::Withdrawn
        | CaseState::CancelRequested
        | CaseState::Cancelled => {}
    }
}

fn wait(summary: &CaseSummary, now_ms: u64) -> Option<Wait> {
    let waiting = matches!(
        summary.state,
        CaseState::Submitted
            | CaseState::UnderReview
            | CaseState::Returned
            | CaseState::Resubmitted
            | CaseState::OnHold
            | CaseState::CancelRequested
    );
    summary
        .submitted_at
        .filter(|_| waiting)
        .map(|since| Wait::between(since.unix_ms(), now_ms))
}

/// The state; while somebody reviews it, who.
fn state(summary: &CaseSummary, viewer: &Viewer, names: &Names, now_ms: u64) -> Chip {
    match summary.claimed_by(now_ms) {
        Some(by) if *by == viewer.staff => Chip::new("chip-info", "person", "自分が審査中"),
        Some(by) => Chip::new(
            "chip-info",
            "person",
            format!("{}さんが審査中", names.staff(by)),
        ),
        None => labels::state(summary.state),
    }
}

fn signed_line(file: &CaseFile) -> String {
    let Some((hash, _)) = file.current.as_ref() else {
        return String::new();
    };
    let signed = file.events.iter().filter(
        |event| matches!(&event.what, CaseStep::Signed { snapshot, .. } if snapshot == hash),
    );
    let at = signed.map(|event| event.at);
    let short: String = hash.to_string().chars().take(12).collect();
    at.max().map_or_else(String::new, |at| {
        format!(
            "{} に署名　内容の指紋 {short}",
            in_japan(at.unix_ms(), "%Y年%-m月%-d日 %H:%M")
        )
    })
}

fn procedures(snapshot: &Snapshot) -> Vec<ProcedureLine> {
    let line = |one: &counter_domain::snapshot::SnapshotProcedure| ProcedureLine {
        state: if one.to_confirm {
            Chip::new("chip-doubt", "warning", "要確認")
        } else {
            Chip::new("chip-info", "check", "必要")
        },
        name: one.name.clone(),
        member: one
            .member
            .map_or_else(String::new, |member| name_of(snapshot, member)),
        deadline: one.deadline.clone(),
        reason: one.reason.clone(),
    };
    snapshot.procedures.iter().map(line).collect()
}

fn history(file: &CaseFile, names: &Names) -> Vec<HistoryLine> {
    let mut events: Vec<_> = file.events.iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id)));
    let line = |event: &&counter_domain::case::CaseEvent| {
        let overruled = if file.summary.overruled.contains(&event.id) {
            "（同時に行われたほかの処理が優先されました）"
        } else {
            ""
        };
        HistoryLine {
            at: in_japan(event.at.unix_ms(), "%-m月%-d日 %H:%M"),
            by: names.staff(&event.by),
            what: match moves::in_words(event, &file.summary, names) {
                Some(moved) => moved,
                None => format!("{}{overruled}", labels::step(&event.what)),
            },
        }
    };
    events.iter().map(line).collect()
}

fn categories() -> Vec<CategoryOption> {
    labels::CATEGORIES
        .into_iter()
        .map(|one| CategoryOption {
            value: labels::category_code(one),
            label: labels::category(one),
        })
        .collect()
}

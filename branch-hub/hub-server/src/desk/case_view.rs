//! A case as its page shows it. Pure: domain types in, words out.

use std::collections::BTreeMap;

use askama::Template;
use counter_domain::case::{CaseState, CaseStep, CaseSummary, Remark};
use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::ids::{BlobHash, SnapshotHash};
use counter_domain::snapshot::{Snapshot, SnapshotField};

use super::data::{CaseFile, Names};
use super::pages::{Banner, Chip, Frame, icon};
use super::session::Viewer;
use super::{labels, signature};
use crate::clock::in_japan;

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
    pub wait: Option<Wait>,
    pub submission: String,
    pub form_title: &'static str,
    pub has_pdf: bool,
    pub signature: Option<String>,
    pub signed_line: String,
    pub returned_remarks: Vec<RemarkLine>,
    pub changes: Option<Changes>,
    pub groups: Vec<Group>,
    pub procedures: Vec<ProcedureLine>,
    pub history: Vec<HistoryLine>,
    pub categories: Vec<CategoryOption>,
    pub bar_line: String,
    pub may_claim: bool,
    pub may_review: bool,
    pub may_accept: bool,
    pub may_release: bool,
    pub may_hand_over: bool,
}

/// How long somebody has been waiting.
pub(crate) struct Wait {
    pub class: &'static str,
    pub text: String,
}

/// Orange from here, in minutes.
const LATE_MIN: u64 = 10;
/// Red from here, in minutes.
const OVER_MIN: u64 = 15;

impl Wait {
    /// The time between two instants, in whole minutes or hours.
    pub(crate) fn between(since_ms: u64, now_ms: u64) -> Self {
        let minutes = now_ms.saturating_sub(since_ms) / 60_000;
        let class = match minutes {
            0..LATE_MIN => "",
            LATE_MIN..OVER_MIN => "late",
            _ => "over",
        };
        let text = match minutes {
            0..60 => format!("{minutes} 分"),
            60..1440 => format!("{} 時間 {} 分", minutes / 60, minutes % 60),
            _ => format!("{} 日", minutes / 1440),
        };
        Self { class, text }
    }
}

/// A remark in words.
#[derive(Clone)]
pub(crate) struct RemarkLine {
    pub label: String,
    pub category: &'static str,
    pub text: String,
}

/// A kind of remark to choose.
pub(crate) struct CategoryOption {
    pub value: &'static str,
    pub label: &'static str,
}

/// What is new since the snapshot before.
pub(crate) struct Changes {
    pub rows: Vec<ChangeLine>,
    pub open_remarks: Vec<RemarkLine>,
    pub procedures: Vec<String>,
    pub unchanged: usize,
}

/// One changed field.
pub(crate) struct ChangeLine {
    pub path: String,
    pub label: String,
    pub old: String,
    pub new: String,
    pub exact: bool,
    pub source: Option<Chip>,
    pub remarks: Vec<RemarkLine>,
}

/// Fields of one person, or of the move.
pub(crate) struct Group {
    pub icon: &'static str,
    pub title: String,
    pub rows: Vec<FieldLine>,
}

/// One field.
pub(crate) struct FieldLine {
    pub path: String,
    pub label: String,
    pub value: String,
    pub exact: bool,
    pub source: Option<Chip>,
    pub remarks: Vec<RemarkLine>,
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
        .filter_map(|event| match &event.what {
            CaseStep::Signed {
                snapshot,
                strokes,
                form,
            } if *snapshot == of => Some((event.at, *strokes, *form)),
            _ => None,
        })
        .max_by_key(|(at, _, _)| *at)
        .map(|(_, strokes, form)| (strokes, form))
}

/// Draws a case for `viewer`.
pub(crate) fn view(file: &CaseFile, viewer: &Viewer, names: &Names, now_ms: u64) -> CaseView {
    let summary = &file.summary;
    let snapshot = file.current.as_ref().map(|(_, snapshot)| snapshot);
    let text = |path: &str| snapshot.map_or_else(String::new, |one| raw(one, path));
    let form_title = snapshot.map_or("届出書", |one| labels::form(&one.form));
    let changes = file
        .current
        .as_ref()
        .zip(file.previous.as_ref())
        .map(|((_, now), before)| changes(before, now, &last_remarks(file)));
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
        wait: wait(summary, now_ms),
        submission: summary
            .in_force()
            .map_or_else(String::new, |hash| hash.to_string()),
        form_title,
        has_pdf: file.has_form,
        signature: file.strokes.as_deref().and_then(signature::svg),
        signed_line: signed_line(file),
        returned_remarks: Vec::new(),
        groups: snapshot.map_or_else(Vec::new, |one| {
            groups(one, changes.as_ref(), &summary.remarks)
        }),
        procedures: snapshot.map_or_else(Vec::new, |one| procedures(one)),
        history: history(file, names),
        categories: categories(),
        changes,
        bar_line: String::new(),
        may_claim: false,
        may_review: false,
        may_accept: false,
        may_release: false,
        may_hand_over: false,
    };
    if summary.state == CaseState::Returned {
        page.returned_remarks = summary
            .remarks
            .iter()
            .map(|one| named_remark(one, snapshot))
            .collect();
    }
    allow(&mut page, summary, viewer, now_ms);
    page
}

/// Decides which buttons there are; the store decides again when one is pressed.
fn allow(page: &mut CaseView, summary: &CaseSummary, viewer: &Viewer, now_ms: u64) {
    let claimed = summary.claimed_by(now_ms);
    let mine = claimed == Some(&viewer.staff);
    let free = claimed.is_none();
    match summary.state {
        CaseState::Submitted | CaseState::Resubmitted | CaseState::CoreRejected => {
            page.may_claim = viewer.may_review();
        }
        CaseState::UnderReview => {
            page.may_claim = viewer.may_review() && free;
            page.may_review = viewer.may_review() && mine;
            let four_eyes = !summary.taken_in_by.contains(&viewer.staff);
            page.may_accept = viewer.may_approve() && four_eyes && !free;
            if viewer.may_approve() && !four_eyes {
                page.bar_line =
                    "自分が受け付けた届出は受理できません。ほかの決裁の担当者に頼んでください。"
                        .to_owned();
            } else if mine && !viewer.may_approve() {
                page.bar_line = "受理は決裁の担当者が行います。".to_owned();
            }
        }
        CaseState::OnHold => {
            page.may_release = viewer.may_review();
            page.bar_line = summary.reason.clone().unwrap_or_default();
        }
        CaseState::Accepted => page.may_hand_over = viewer.may_review(),
        CaseState::Returned => {
            "支所で直しています。再提出されると一覧に戻ります。".clone_into(&mut page.bar_line)
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
    let at = file.events.iter().filter_map(|event| match &event.what {
        CaseStep::Signed { snapshot, .. } if snapshot == hash => Some(event.at),
        _ => None,
    });
    let short: String = hash.to_string().chars().take(12).collect();
    at.max().map_or_else(String::new, |at| {
        format!(
            "{} に署名　内容の指紋 {short}",
            in_japan(at.unix_ms(), "%Y年%-m月%-d日 %H:%M")
        )
    })
}

fn raw(snapshot: &Snapshot, path: &str) -> String {
    let field = snapshot.fields.get(&FieldPath::from(path));
    field
        .and_then(|field| field.value.as_text())
        .unwrap_or_default()
        .to_owned()
}

fn remark_line(remark: &Remark) -> RemarkLine {
    RemarkLine {
        label: labels::field(remark.path.as_str()),
        category: labels::category(remark.category),
        text: remark.text.clone(),
    }
}

/// A remark in a list that mixes persons.
fn named_remark(remark: &Remark, snapshot: Option<&Snapshot>) -> RemarkLine {
    let line = remark_line(remark);
    match snapshot {
        Some(snapshot) => RemarkLine {
            label: labelled(&remark.path, snapshot),
            ..line
        },
        None => line,
    }
}

fn remarks_on(remarks: &[Remark], path: &FieldPath) -> Vec<RemarkLine> {
    remarks
        .iter()
        .filter(|remark| remark.path == *path)
        .map(remark_line)
        .collect()
}

/// Remarks of the newest return, also after the case came back.
fn last_remarks(file: &CaseFile) -> Vec<Remark> {
    file.events
        .iter()
        .filter_map(|event| match &event.what {
            CaseStep::Returned { remarks } => Some((event.at, remarks)),
            _ => None,
        })
        .max_by_key(|(at, _)| *at)
        .map(|(_, remarks)| remarks.clone())
        .unwrap_or_default()
}

fn changes(before: &Snapshot, now: &Snapshot, remarks: &[Remark]) -> Changes {
    let differences = hub_store::difference(before, now);
    let changed: Vec<&FieldPath> = differences.iter().map(|one| &one.path).collect();
    let rows = differences
        .iter()
        .map(|one| ChangeLine {
            path: one.path.to_string(),
            label: labelled(&one.path, now),
            old: shown(&one.path, one.before.as_ref(), before),
            new: shown(&one.path, one.after.as_ref(), now),
            exact: labels::is_exact(one.path.as_str()),
            source: one.after.as_ref().map(|field| labels::source(field.source)),
            remarks: remarks_on(remarks, &one.path),
        })
        .collect();
    let open_remarks = remarks
        .iter()
        .filter(|remark| !changed.contains(&&remark.path))
        .map(|remark| named_remark(remark, Some(now)))
        .collect();
    let unchanged = now
        .fields
        .keys()
        .filter(|path| !changed.contains(path))
        .count();
    Changes {
        rows,
        open_remarks,
        procedures: procedure_changes(before, now),
        unchanged,
    }
}

fn procedure_changes(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let keys = |snapshot: &Snapshot| -> BTreeMap<(String, Option<u8>), String> {
        snapshot
            .procedures
            .iter()
            .map(|one| ((one.id.clone(), one.member), one.name.clone()))
            .collect()
    };
    let (old, new) = (keys(before), keys(now));
    let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
    let added = added.map(|(_, name)| format!("手続きが増えました：{name}"));
    added
        .chain(gone.map(|(_, name)| format!("手続きがなくなりました：{name}")))
        .collect()
}

fn shown(path: &FieldPath, field: Option<&SnapshotField>, snapshot: &Snapshot) -> String {
    field.map_or_else(
        || "（なし）".to_owned(),
        |field| value(path, field, snapshot),
    )
}

/// A value in words; a member is named.
fn value(path: &FieldPath, field: &SnapshotField, snapshot: &Snapshot) -> String {
    let number = match (&field.value, path.as_str()) {
        (FieldValue::Count(number), "notifier.member") => u8::try_from(*number).ok(),
        (FieldValue::Text(number), "notifier.member") => number.parse().ok(),
        _ => None,
    };
    number.map_or_else(
        || labels::value(path.as_str(), &field.value),
        |number| name_of(snapshot, number),
    )
}

/// Label with the person before it, for lists that mix persons.
fn labelled(path: &FieldPath, snapshot: &Snapshot) -> String {
    let label = labels::field(path.as_str());
    match member_of(path).or_else(|| labels::answering_member(path.as_str())) {
        Some(member) => format!("{} {label}", name_of(snapshot, member)),
        None => label,
    }
}

fn member_of(path: &FieldPath) -> Option<u8> {
    path.as_str()
        .strip_prefix("member.")?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn name_of(snapshot: &Snapshot, member: u8) -> String {
    let name = raw(snapshot, &format!("member.{member}.name"));
    if name.is_empty() {
        format!("{member} 人目")
    } else {
        name
    }
}

/// Fields by person; first the move, then the persons, then identity and answers. Fields already
/// shown as changed are left out.
fn groups(snapshot: &Snapshot, changes: Option<&Changes>, remarks: &[Remark]) -> Vec<Group> {
    let mut found: BTreeMap<(u8, u8), Group> = BTreeMap::new();
    for (path, field) in &snapshot.fields {
        if changes.is_some_and(|all| all.rows.iter().any(|row| row.path == path.as_str())) {
            continue;
        }
        let (order, icon, title) = place(path, snapshot);
        let group = found.entry(order).or_insert_with(|| Group {
            icon,
            title,
            rows: Vec::new(),
        });
        group.rows.push(line(path, field, snapshot, remarks));
    }
    let mut groups: Vec<Group> = found.into_values().collect();
    for group in &mut groups {
        group.rows.sort_by_key(|row| rank(&row.path));
    }
    groups
}

fn place(path: &FieldPath, snapshot: &Snapshot) -> ((u8, u8), &'static str, String) {
    let root = path.as_str().split('.').next().unwrap_or_default();
    match (root, member_of(path)) {
        ("member", Some(member)) => ((1, member), "person", name_of(snapshot, member)),
        ("answer", _) => ((3, 0), "record_voice_over", "聞き取り".to_owned()),
        ("identity", _) => ((2, 0), "description", "本人確認".to_owned()),
        _ => ((0, 0), "location_city", "異動の内容".to_owned()),
    }
}

/// Order inside a group: as on the form.
fn rank(path: &str) -> usize {
    const ORDER: [&str; 24] = [
        "event.type",
        "event.flow",
        "event.date",
        "address.new",
        "address.new.building",
        "head.new",
        "address.old",
        "address.old.building",
        "head.old",
        "domicile.place",
        "domicile.register_head",
        "notifier.member",
        "notifier.role",
        "notifier.phone",
        "name",
        "kana",
        "birth_date",
        "sex",
        "relation",
        "relation_before",
        "nationality",
        "resident_code",
        "identity.kind",
        "identity.method",
    ];
    let leaf = path
        .strip_prefix("member.")
        .and_then(|rest| rest.split_once('.'))
        .map_or(path, |(_, leaf)| leaf);
    ORDER
        .iter()
        .position(|known| *known == leaf)
        .unwrap_or(ORDER.len())
}

fn line(
    path: &FieldPath,
    field: &SnapshotField,
    snapshot: &Snapshot,
    remarks: &[Remark],
) -> FieldLine {
    // A person's own group does not name the person again; answers stand in one group for all.
    let label = match member_of(path) {
        Some(_) => labels::field(path.as_str()),
        None => labelled(path, snapshot),
    };
    FieldLine {
        path: path.to_string(),
        label,
        value: value(path, field, snapshot),
        exact: labels::is_exact(path.as_str()),
        source: Some(labels::source(field.source)),
        remarks: remarks_on(remarks, path),
    }
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
            what: format!("{}{overruled}", labels::step(&event.what)),
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

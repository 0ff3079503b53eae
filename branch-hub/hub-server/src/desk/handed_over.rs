//! What came back of what was handed over (取込結果と突き合わせ): what nobody answered, what was
//! refused, and where an answer does not fit.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use counter_domain::ids::CaseId;
use hub_store::{Mismatch, MismatchKind};

use super::data::{AnswersTaken, CameBack, Names};
use super::pages::{self, Banner, Frame, Tone, icon};
use super::rights::{By, Reviews, Sent};
use super::session::Viewer;
use super::{Shared, labels};
use crate::clock::in_japan;

/// Lines to correct that the page shows; all of them are told by `todoke-hub handover answers`.
const PROBLEMS_MAX: usize = 20;
/// Bytes of answers the page takes.
pub(crate) const FILE_BYTES_MAX: usize = 8 << 20;

type Fields = std::collections::HashMap<String, String>;

#[derive(Template)]
#[template(path = "answers.html")]
struct AnswersPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    problems: Vec<String>,
    unanswered: Vec<Line>,
    refused: Vec<Line>,
    unfitting: Vec<UnfittingLine>,
    broken: Vec<(String, Vec<String>)>,
}

struct Line {
    case: CaseId,
    receipt_number: String,
    office: String,
    what: String,
}

struct UnfittingLine {
    id: i64,
    case: Option<CaseId>,
    kind: &'static str,
    item: String,
    ours: String,
    theirs: String,
    place: String,
}

/// Everything that somebody has to look at.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Reviews>,
    Query(query): Query<Fields>,
) -> Response {
    let banner = query.get("notice").and_then(|code| after(code, &query));
    list(&desk, &viewer, banner, Vec::new()).await
}

async fn list(
    desk: &Shared,
    viewer: &Viewer,
    banner: Option<Banner>,
    problems: Vec<String>,
) -> Response {
    let Ok((came, names)) = desk.data.came_back(viewer, &desk.hand_over_folder).await else {
        return pages::internal(desk, Some(viewer)).await;
    };
    let page = AnswersPage {
        frame: pages::frame(desk, Some(viewer), "/hand-over").await,
        banner,
        csrf: viewer.csrf.clone(),
        problems,
        unanswered: unanswered(&came, &names),
        refused: refused(&came, &names),
        unfitting: came.unfitting.into_iter().map(unfitting).collect(),
        broken: came.broken,
    };
    pages::html(StatusCode::OK, &page)
}

fn unanswered(came: &CameBack, names: &Names) -> Vec<Line> {
    let lines = came.unanswered.iter().map(|(row, written)| Line {
        case: row.case,
        receipt_number: row.receipt_number.clone(),
        office: names.branch(&row.branch),
        what: in_japan(*written, "%-m月%-d日 %H:%M"),
    });
    lines.collect()
}

fn refused(came: &CameBack, names: &Names) -> Vec<Line> {
    let lines = came.refused.iter().map(|(row, reason)| Line {
        case: row.case,
        receipt_number: row.receipt_number.clone(),
        office: names.branch(&row.branch),
        what: reason.clone(),
    });
    lines.collect()
}

fn unfitting(one: Mismatch) -> UnfittingLine {
    let in_words = |text: String| match text.as_str() {
        "taken" => "取り込んだ".to_owned(),
        _ => text,
    };
    let of_a_value = one.kind == MismatchKind::Value;
    UnfittingLine {
        id: one.id,
        case: one.case,
        kind: labels::mismatch(one.kind),
        item: if of_a_value {
            labels::field(&one.item, &super::answers::Answers::default())
        } else {
            one.item
        },
        ours: if of_a_value {
            one.ours
        } else {
            state_in_words(&one.ours)
        },
        theirs: in_words(one.theirs),
        place: format!(
            "{}（{}行目）",
            in_japan(one.found_unix_ms, "%-m月%-d日"),
            one.line
        ),
    }
}

fn state_in_words(state: &str) -> String {
    let state = serde_json::from_value(serde_json::Value::String(state.to_owned()));
    state.map_or_else(|_| String::new(), |state| labels::state(state).text)
}

/// Takes a file of answers, as text.
pub(crate) async fn take(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Reviews>,
) -> Response {
    let text = fields.get("file").cloned().unwrap_or_default();
    if text.trim().is_empty() {
        let banner = Banner::new(
            Tone::Caution,
            "ファイルが選ばれていません。",
            "住民記録システムが出した取込結果のファイルを選んでください。",
        );
        return list(&desk, &viewer, Some(banner), Vec::new()).await;
    }
    match desk
        .data
        .take_answers(&viewer, text, &desk.hand_over_folder)
        .await
    {
        Ok(AnswersTaken::Done(done)) => Redirect::to(&format!(
            "/answers?notice=taken&noted={}&refused={}&known={}&listed={}",
            done.noted, done.refused, done.known, done.listed
        ))
        .into_response(),
        Ok(AnswersTaken::Problems(mut problems)) => {
            let count = problems.len();
            problems.truncate(PROBLEMS_MAX);
            let banner = Banner::new(
                Tone::Wrong,
                format!("読めない行が {count} 行あり、1件も取り込んでいません。"),
                "下の行を直して、もう一度選んでください。",
            );
            list(&desk, &viewer, Some(banner), problems).await
        }
        Ok(AnswersTaken::OtherFile(why)) => {
            let banner = Banner::new(Tone::Wrong, "取込結果のファイルとして読めません。", why);
            list(&desk, &viewer, Some(banner), Vec::new()).await
        }
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// Notes that somebody put something right.
pub(crate) async fn settle(
    State(desk): State<Shared>,
    Path(id): Path<i64>,
    Sent { viewer, .. }: Sent<Reviews>,
) -> Response {
    match desk.data.settle_mismatch(&viewer, id).await {
        Ok(()) => Redirect::to("/answers?notice=settled").into_response(),
        Err(_) => pages::internal(&desk, Some(&viewer)).await,
    }
}

/// Writes the cases of an earlier file again.
pub(crate) async fn again(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Reviews>,
) -> Response {
    let file = fields.get("file").cloned().unwrap_or_default();
    let written = desk
        .data
        .hand_over_again(&viewer, file, &desk.hand_over_folder)
        .await;
    let code = match written {
        Ok(Some(_)) => "written-again",
        Ok(None) => "not-written",
        Err(_) => return pages::internal(&desk, Some(&viewer)).await,
    };
    Redirect::to(&format!("/hand-over?notice={code}")).into_response()
}

fn after(code: &str, query: &Fields) -> Option<Banner> {
    let count = |name: &str| {
        let text = query.get(name).map(String::as_str).unwrap_or_default();
        text.parse::<u64>().unwrap_or_default()
    };
    match code {
        "settled" => Some(Banner::new(
            Tone::Done,
            "直したことを記録しました。",
            "一覧から外れました。だれがいつ直したかは残ります。",
        )),
        "taken" => {
            let (noted, refused) = (count("noted"), count("refused"));
            let what = format!(
                "取込結果を読みました：取り込まれた届出 {} 件、受け取られなかった届出 {refused} 件、前に読んだもの {} 件。",
                noted.saturating_sub(refused),
                count("known"),
            );
            let (tone, advice) = match (count("listed"), refused) {
                (0, 0) => (
                    Tone::Done,
                    "することはありません。支所の画面にも出ます。".to_owned(),
                ),
                (0, _) => (
                    Tone::Caution,
                    "受け取られなかった届出を開いて、理由を確かめてください。".to_owned(),
                ),
                (listed, _) => (
                    Tone::Caution,
                    format!("合わないところが {listed} か所あります。下の一覧を確かめてください。"),
                ),
            };
            Some(Banner::new(tone, what, advice))
        }
        _ => None,
    }
}

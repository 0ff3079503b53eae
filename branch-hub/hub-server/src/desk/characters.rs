//! The characters chosen at the counters (文字同定の一覧), for the city to check.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use counter_characters::{Characters, Identity, Target, written};
use counter_domain::character_choice::{
    CharacterChoice, CharacterChoices, ChoiceStanding, ChoiceSubject, GLYPH,
};

use super::data::{DataFailed, Names};
use super::pages::{self, Banner, Chip, Frame, icon};
use super::rights::{Approves, By, Either, Operates, Reviews, Sent};
use super::{Shared, labels, texts};
use crate::characters::{self, Verdict};
use crate::clock::in_japan;

type Fields = HashMap<String, String>;

/// The character tables, opened at the first use.
#[derive(Default)]
pub(crate) struct Tables(OnceLock<Option<Characters>>);

impl Tables {
    fn get(&self) -> Option<&Characters> {
        let open = || {
            Characters::open(&counter_characters::tables::file())
                .map_err(|error| tracing::error!(event = "characters_failed", %error, "character tables cannot be opened"))
                .ok()
        };
        self.0.get_or_init(open).as_ref()
    }
}

#[derive(Template)]
#[template(path = "characters.html")]
struct CharactersPage {
    frame: Frame,
    banner: Option<Banner>,
    csrf: String,
    may_settle: bool,
    lines: Vec<Line>,
    left: usize,
}

struct Line {
    /// As forms carry it back.
    system: String,
    written: Shape,
    chosen: Shape,
    purpose: String,
    cases: u32,
    by: String,
    at: String,
    state: Chip,
    settled: String,
    confirmed: bool,
    withdrawn: bool,
}

/// A character with its outline and its numbers.
struct Shape {
    text: String,
    svg: String,
    number: String,
}

/// The list.
pub(crate) async fn page(
    State(desk): State<Shared>,
    By(viewer, _): By<Either<Reviews, Operates>>,
    Query(query): Query<Fields>,
) -> Response {
    let found = desk.data.characters().await;
    let Ok((choices, names)) = found else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let drawing = Arc::clone(&desk);
    let lines = tokio::task::spawn_blocking(move || lines(&drawing, &choices, &names)).await;
    let Ok(lines) = lines else {
        return pages::internal(&desk, Some(&viewer)).await;
    };
    let page = CharactersPage {
        frame: pages::frame(&desk, Some(&viewer), "/characters").await,
        banner: query.get("notice").and_then(|code| texts::characters(code)),
        may_settle: viewer.may_approve(),
        csrf: viewer.csrf,
        left: lines
            .iter()
            .filter(|one| !one.confirmed && !one.withdrawn)
            .count(),
        lines,
    };
    pages::html(StatusCode::OK, &page)
}

/// Confirms or withdraws one choice.
pub(crate) async fn settle(
    State(desk): State<Shared>,
    Sent { viewer, fields, .. }: Sent<Approves>,
) -> Response {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let standing = match field("standing").as_str() {
        "confirmed" => ChoiceStanding::Confirmed,
        "withdrawn" => ChoiceStanding::Withdrawn,
        _ => return pages::missing(&desk, Some(&viewer)).await,
    };
    let verdict = Verdict {
        subject: ChoiceSubject::in_system(field("system"), field("written")),
        chosen: field("chosen"),
        standing,
    };
    let (bench, by) = (Arc::clone(&desk.workbench), viewer.staff.clone());
    let now = desk.clock.unix_ms();
    let done = desk
        .data
        .run(move |store| characters::settle(store, &verdict, (&by, now), bench.signer()))
        .await;
    let code = match done {
        Ok(Ok(true)) if standing == ChoiceStanding::Confirmed => "confirmed",
        Ok(Ok(true)) => "withdrawn",
        Ok(Ok(false)) => "gone",
        Ok(Err(error)) => {
            tracing::error!(event = "characters_not_published", error = %format!("{error:#}"), "a character was not settled");
            return pages::internal(&desk, Some(&viewer)).await;
        }
        Err(DataFailed) => return pages::internal(&desk, Some(&viewer)).await,
    };
    desk.data.wake_counters();
    Redirect::to(&format!("/characters?notice={code}")).into_response()
}

/// What nobody checked yet first, then the newest.
fn lines(desk: &Shared, choices: &CharacterChoices, names: &Names) -> Vec<Line> {
    let mut all: Vec<&CharacterChoice> = choices.choices.iter().collect();
    all.sort_by_key(|one| {
        let checked = one.standing != ChoiceStanding::Open;
        (checked, std::cmp::Reverse(one.at_unix_ms))
    });
    all.into_iter().map(|one| line(desk, one, names)).collect()
}

fn line(desk: &Shared, one: &CharacterChoice, names: &Names) -> Line {
    let day = |unix_ms: u64| labels::date(&in_japan(unix_ms, "%Y-%m-%d"));
    let settled = one
        .settled_by
        .as_ref()
        .zip(one.settled_unix_ms)
        .map(|(by, at)| format!("{}　{}", day(at), names.staff(by)));
    Line {
        system: one.subject.system.clone(),
        written: shape(desk, &one.subject.written),
        chosen: shape(desk, &one.chosen),
        purpose: purpose(&one.subject.system).to_owned(),
        cases: one.cases,
        by: names.staff(&one.by),
        at: day(one.at_unix_ms),
        state: match one.standing {
            ChoiceStanding::Open => Chip::new("chip-info", "schedule", "未確認"),
            ChoiceStanding::Confirmed => Chip::new("chip-done", "check", "確認済み"),
            ChoiceStanding::Withdrawn => Chip::new("", "block", "取り下げ"),
        },
        settled: settled.unwrap_or_default(),
        confirmed: one.standing == ChoiceStanding::Confirmed,
        withdrawn: one.standing == ChoiceStanding::Withdrawn,
    }
}

/// What a choice is for, in words.
fn purpose(system: &str) -> &'static str {
    if system == GLYPH {
        return "届書に印刷する字形";
    }
    match Target::ALL.into_iter().find(|one| one.key() == system) {
        Some(Target::Cp932) => "シフトJISの引き継ぎファイル",
        Some(Target::JisX0208) => "JIS第1・第2水準だけのシステム",
        Some(Target::JisX0213) => "JIS第1〜第4水準のシステム",
        Some(Target::ResidentNetwork) => "住基ネット",
        Some(Target::FamilyRegister) => "戸籍",
        Some(Target::MjPlus) => "行政事務標準文字のシステム",
        Some(Target::Mj) => "MJ文字のシステム",
        None => "ほかのシステム",
    }
}

fn shape(desk: &Shared, text: &str) -> Shape {
    let code_points: Vec<String> = written(text)
        .map(counter_characters::Written::code_points)
        .collect();
    let path = desk.previews.outline(text);
    let svg = path.map_or_else(String::new, |path| {
        format!(r#"<svg class="glyph" viewBox="0 0 1000 1000" aria-hidden="true"><path d="{path}"/></svg>"#)
    });
    let tables = desk.character_tables.get();
    let mj = tables.and_then(|tables| {
        let only = written(text).next()?;
        match tables.identify(only) {
            Identity::Glyph(glyph) => Some(glyph.number.to_string()),
            Identity::Plain
            | Identity::OtherCollection(_)
            | Identity::UnknownSequence
            | Identity::MjPlus(_)
            | Identity::PrivateUse
            | Identity::OutsideTable
            | Identity::NotACharacter => None,
        }
    });
    let numbers = mj.into_iter().chain([code_points.join(" ")]);
    Shape {
        text: text.to_owned(),
        svg,
        number: numbers.collect::<Vec<_>>().join("　"),
    }
}

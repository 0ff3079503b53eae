//! A comparison as people read it.

use std::fmt::Write as _;

use super::{Comparison, HouseholdChange, ProcedureChange, RowChange};
use crate::guide::RowState;

/// The comparison in Japanese, one line a change.
pub fn told_ja(comparison: &Comparison) -> String {
    let mut out = String::new();
    if comparison.is_empty() {
        line(&mut out, "結果の変わるものはありません。");
    }
    if !comparison.procedures.is_empty() {
        line(&mut out, "■ 一覧そのものの変更");
    }
    for change in &comparison.procedures {
        let what = change.what_ja();
        line(
            &mut out,
            &format!("  {} {}（{what}）", change.procedure, change.name),
        );
    }
    line(
        &mut out,
        &format!(
            "■ 模範世帯 {}件のうち、{}件で結果が変わります",
            comparison.households_seen,
            comparison.households.len()
        ),
    );
    for household in &comparison.households {
        tell_household(&mut out, household);
    }
    tell_cases(&mut out, comparison);
    out
}

fn tell_household(out: &mut String, household: &HouseholdChange) {
    line(
        out,
        &format!("  {}　{}", household.household, household.why),
    );
    for row in &household.rows {
        line(out, &format!("    {}", row.told_ja()));
    }
    for (sign, facts) in [
        ("増える質問", &household.questions_added),
        ("なくなる質問", &household.questions_removed),
    ] {
        if !facts.is_empty() {
            line(out, &format!("    {sign}：{}", facts.join("・")));
        }
    }
    for claim in &household.broken {
        line(out, &format!("    ！ 決まりに合わなくなります：{claim}"));
    }
}

fn tell_cases(out: &mut String, comparison: &Comparison) {
    let cases = &comparison.cases;
    if cases.cases == 0 && cases.left_out == 0 {
        return;
    }
    line(
        out,
        &format!(
            "■ 実際の届出 {}件のうち、{}件で変わります（支援措置の対象の方がいる{}件は見ていません）",
            cases.cases, cases.changed, cases.left_out
        ),
    );
    for count in &cases.procedures {
        let (before, after) = (count.before, count.after);
        line(
            out,
            &format!(
                "    {} {}　{before}件 → {after}件",
                count.procedure, count.name
            ),
        );
    }
    line(
        out,
        &format!(
            "    残る質問　{}問 → {}問",
            cases.questions_before, cases.questions_after
        ),
    );
}

impl RowChange {
    /// What happens to the procedure, with the reason.
    pub fn told_ja(&self) -> String {
        let sign = match (self.before, self.after) {
            (_, RowState::Needed) => "＋ 案内する",
            (_, RowState::ToConfirm) => "？ 確認になる",
            (_, RowState::NotNeeded) => "－ 案内しない",
        };
        let whom = self
            .member
            .as_ref()
            .map(|member| format!("（{member}）"))
            .unwrap_or_default();
        format!(
            "{sign} {} {}{whom}：{}",
            self.procedure, self.name, self.reason
        )
    }
}

impl ProcedureChange {
    /// What differs, in words.
    pub fn what_ja(&self) -> String {
        let what: Vec<&str> = self.what.iter().copied().map(what_ja).collect();
        what.join("・")
    }
}

/// A key of an entry as people call it.
fn what_ja(key: &str) -> &str {
    match key {
        "new" => "新しい手続き",
        "gone" => "なくなる手続き",
        "name" => "名前",
        "section" => "担当",
        "form_no" => "様式",
        "when" => "条件",
        "deadline" => "期限",
        "documents" => "持ち物",
        "why" => "説明",
        "late" => "遅れたとき",
        "place" => "窓口",
        "interview" => "担当課の質問",
        "note" => "職員への注意",
        "find" => "探す言葉",
        other => other,
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string never fails.
    writeln!(out, "{text}").unwrap_or_default();
}

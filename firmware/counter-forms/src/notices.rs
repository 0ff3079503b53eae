//! Texts of this crate for people, in one place.

use std::path::Path;

use crate::definition::{FieldKind, FieldRule};

pub(crate) const TOO_MANY: &str =
    "1件の届に書ける人数を超えています。2件に分けて受け付けてください。";
pub(crate) const INTERNAL: &str =
    "様式を作れませんでした。入力は残っています。システム担当へ連絡してください。";
pub(crate) const NOT_IN_FORCE: &str =
    "この様式は届出日には使われていません。届出日を確かめるか、今の様式を選んでください。";
pub(crate) const FILING_DATE: &str =
    "届出日が日付ではありません。年月日を 2026-11-21 の形で入れてください。";

pub(crate) fn overflow(label: &str) -> String {
    format!(
        "「{label}」の文字が枠に入りません。欄の内容を確かめ、書ききれない分は備考へ移してください。入力は残っています。"
    )
}

pub(crate) fn missing(label: &str) -> String {
    format!("「{label}」が入っていません。入力してからもう一度進んでください。")
}

pub(crate) fn wrong(label: &str, expected: &str) -> String {
    format!("「{label}」には{expected}を入れてください。")
}

pub(crate) fn unknown_form(form: &str) -> String {
    format!("様式 {form} はありません。todoke form list で番号を確かめてください。")
}

/// What a field of this kind holds, in words.
pub(crate) fn expected(rule: &FieldRule) -> String {
    match rule.kind {
        FieldKind::Text | FieldKind::Exact => "文字".to_owned(),
        FieldKind::Kana => "漢字を含まない読み（カナ）".to_owned(),
        FieldKind::Date => "暦にある年月日（2026-11-21 の形。不明な月日は 00）".to_owned(),
        FieldKind::Count => "0以上の整数".to_owned(),
        FieldKind::Flag => "はい・いいえ（true・false）".to_owned(),
        FieldKind::Choices if !rule.alone.is_empty() => format!(
            "決められた値（{}。ただし {} は1つだけで）",
            rule.values.join("・"),
            rule.alone.join("・")
        ),
        FieldKind::Choice | FieldKind::Choices => {
            format!("決められた値（{}）", rule.values.join("・"))
        }
        FieldKind::Digits if rule.length > 0 => format!("{}桁の数字", rule.length),
        FieldKind::Digits => "数字".to_owned(),
        FieldKind::List if rule.length > 0 => format!("{}件までの一覧", rule.length),
        FieldKind::List => "一覧".to_owned(),
    }
}

pub(crate) fn glyph_missing(label: &str, character: &str) -> String {
    format!(
        "「{label}」の字（{character}）は市の書体に字形がないため印字できません。文字の選び直し、または外字の担当への連絡をしてください。"
    )
}

pub(crate) fn prefill_wrong(field: &str) -> String {
    format!(
        "meta.toml の prefill「{field}」が、この様式の項目・値・写し元のどれかに合いません。項目名、value（または from）、fact と is を直してください。"
    )
}

pub(crate) fn ask_wrong(field: &str) -> String {
    format!(
        "meta.toml の asks「{field}」は、窓口で聞けません。この様式の項目にして、選択肢には values と同じ数の words（紙面の言葉）を書いてください。"
    )
}

pub(crate) fn ask_language(field: &str) -> String {
    format!(
        "meta.toml の asks「{field}」に英語がありません。label_en と、選択肢があれば values と同じ数の words_en を書いてください。"
    )
}

pub(crate) fn ask_easy(field: &str) -> String {
    format!(
        "meta.toml の asks「{field}」にやさしい日本語がありません。label と違う言葉の label_easy と、選択肢があれば values と同じ数の words_easy を書いてください。"
    )
}

pub(crate) fn ask_hard(field: &str, word: &str) -> String {
    format!(
        "meta.toml の asks「{field}」のやさしい日本語に、読みのない長い漢語「{word}」があります。言いかえるか、すぐ後ろに（よみ）を付けてください。"
    )
}

pub(crate) fn alone_wrong(field: &str) -> String {
    format!(
        "meta.toml の「{field}」の alone が正しくありません。kind = \"choices\" の項目に、values にある値を書いてください。"
    )
}

pub(crate) fn alone_missing(field: &str, value: &str) -> String {
    format!(
        "meta.toml の asks「{field}」の「{value}」は「なし」なのに、ほかと一緒に選べます。alone = [\"{value}\"] を書いてください。"
    )
}

pub(crate) fn font_missing(family: &str, package: &str) -> String {
    format!("書体 {family} が見つかりません。パッケージ {package} を入れてください。")
}

pub(crate) fn added_font_unreadable(path: &Path) -> String {
    format!(
        "市の追加文字の書体 {} を使えません。配られた書体ファイルを置き直すか、設定から外してください。",
        path.display()
    )
}

pub(crate) fn templates_unreadable(path: &Path) -> String {
    format!(
        "様式の {} を読めません。場所と権限を確かめてください。",
        path.display()
    )
}

pub(crate) fn template_broken(form: &str, file: &str, message: &str) -> String {
    format!(
        "様式 {form} の {file} が正しくありません。直してからもう一度確かめてください。\n{message}"
    )
}

pub(crate) fn key_unknown(path: &str, meant: Option<&str>) -> String {
    let what = format!("項目「{path}」はこの様式にないため、印字されません。");
    match meant {
        Some(meant) => format!("{what}「{meant}」の間違いではありませんか。"),
        None => what,
    }
}

// --- check of a folder of forms ------------------------------------------------------------------

pub(crate) fn sample_missing(sample: &str) -> String {
    format!("見本 samples/{sample}.json がありません。4つの見本をそろえてください。")
}

pub(crate) fn sample_broken(sample: &str) -> String {
    format!("見本 samples/{sample}.json が JSON として読めません。")
}

pub(crate) fn field_unknown(path: &str) -> String {
    format!("項目 {path} の名前と型が fields.toml にも meta.toml の [fields] にもありません。")
}

pub(crate) fn date_wrong(name: &str) -> String {
    format!("meta.toml の {name} が年月日（2026-11-21 の形）ではありません。")
}

pub(crate) const DATES_SWAPPED: &str = "meta.toml の valid_to が valid_from より前です。";

pub(crate) fn twice(number: &str, version: u16) -> String {
    format!("様式番号 {number} の第{version}版が2つあります。版を上げてください。")
}

pub(crate) fn template_fault(place: &str, message: &str) -> String {
    format!("テンプレートの誤り {place}: {message}")
}

pub(crate) fn path_unknown(place: &str, path: &str, meant: Option<&str>) -> String {
    let what = format!(
        "項目 {path} は fields.toml にも meta.toml にも見本にもないため、いつも空欄になります（{place}）。"
    );
    match meant {
        Some(meant) => format!("{what}{meant} の間違いではありませんか。"),
        None => what,
    }
}

pub(crate) fn no_form(dir: &Path) -> String {
    format!(
        "{} に様式がありません。meta.toml と form.typ のあるフォルダーか、その上のフォルダーを指定してください。",
        dir.display()
    )
}

pub(crate) fn file_missing(form: &str, file: &str) -> String {
    format!(
        "様式 {form} に使える {file} がありません。ファイルを置いてからもう一度確かめてください。"
    )
}

pub(crate) fn not_utf_8(path: &Path) -> String {
    format!(
        "{} は UTF-8 の文字ファイルではありません。文字コードを UTF-8 にして保存し直してください。",
        path.display()
    )
}

pub(crate) fn font_unknown(place: &str, family: &str) -> String {
    format!(
        "書体 {family} は入っていません（{place}）。氏名と住所は exact-font、ほかは label-font を指定してください。"
    )
}

pub(crate) fn reached_from(fault: &str, place: &str) -> String {
    format!("{fault}（使っている所：{place}）")
}

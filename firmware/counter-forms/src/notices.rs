//! Texts of this crate for people, in one place.

use std::path::Path;

pub(crate) const OVERFLOW: &str = "文字が枠に入りません。欄の内容を確かめ、書ききれない分は備考へ移してください。入力は残っています。";
pub(crate) const MISSING: &str =
    "届に必要な項目が入っていません。入力してからもう一度進んでください。";
pub(crate) const TOO_MANY: &str =
    "1件の届に書ける人数を超えています。2件に分けて受け付けてください。";
pub(crate) const INTERNAL: &str =
    "様式を作れませんでした。入力は残っています。システム担当へ連絡してください。";

pub(crate) fn glyph_missing(character: &str) -> String {
    format!(
        "この字（{character}）は市の書体に字形がないため印字できません。文字の選び直し、または外字の担当への連絡をしてください。"
    )
}

pub(crate) fn font_missing(family: &str, package: &str) -> String {
    format!("書体 {family} が見つかりません。パッケージ {package} を入れてください。")
}

pub(crate) fn templates_unreadable(path: &Path) -> String {
    format!(
        "様式のフォルダー {} を読めません。場所と権限を確かめてください。",
        path.display()
    )
}

pub(crate) fn template_broken(form: &str) -> String {
    format!("様式 {form} の定義が正しくありません。meta.toml と form.typ を確かめてください。")
}

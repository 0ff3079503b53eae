//! Words of the pages about forms.

use counter_forms::{PublishFormError, SampleKind};

use super::labels;
use super::pages::{Banner, Tone};
use crate::form_drafts::{FormRefused, ReceivedRefused};
use crate::zip_file::ZipRefused;

/// What became of a form, shown after the page was opened anew.
pub(crate) fn after(code: &str) -> Option<Banner> {
    let banner = match code {
        "published" => Banner::new(
            Tone::Done,
            "様式を公開しました。",
            "つながっている窓口には数秒で届きます。使い始めの日より前の届出は、これまでの版で印字されます。",
        ),
        "gone" => Banner::new(
            Tone::Done,
            "直している様式を取り消しました。",
            "公開した版は変わっていません。",
        ),
        _ => return None,
    };
    Some(banner)
}

/// Why nothing was taken in.
pub(crate) fn not_received(refused: &ReceivedRefused) -> Banner {
    let (what, advice) = match refused {
        ReceivedRefused::Nothing => (
            "様式が選ばれていません。".to_owned(),
            "様式のフォルダーか、それを固めた zip ファイルを選んでください。",
        ),
        ReceivedRefused::Zip(ZipRefused::Locked) => (
            "zip ファイルを開けません。".to_owned(),
            "暗証番号を付けずに、ふつうの方法で固めなおしてください。",
        ),
        ReceivedRefused::Zip(ZipRefused::Damaged) => (
            "zip ファイルが壊れています。".to_owned(),
            "もう一度固めて、選びなおしてください。",
        ),
        ReceivedRefused::Zip(ZipRefused::TooLarge) | ReceivedRefused::TooLarge => (
            "様式としては大きすぎます。".to_owned(),
            "form.typ、meta.toml、samples のほかのファイルを除いてください。全部で 1 MB、64 ファイルまでです。",
        ),
        ReceivedRefused::Unreadable => (
            "フォルダーの中身を読めませんでした。".to_owned(),
            "ファイルを UTF-8 で保存して、選びなおしてください。",
        ),
        ReceivedRefused::Definitions(0) => (
            "meta.toml がありません。".to_owned(),
            "form.typ と meta.toml の入った、様式1つのフォルダーを選んでください。",
        ),
        ReceivedRefused::Definitions(_) => (
            "様式がいくつも入っています。".to_owned(),
            "様式1つのフォルダーを選んでください。",
        ),
        ReceivedRefused::Name(name) => (
            format!("ファイル名「{name}」は使えません。"),
            "英字・数字・ハイフンの名前にして、UTF-8 で保存してください。",
        ),
        ReceivedRefused::Unknown => (
            "知らない様式番号です。".to_owned(),
            "meta.toml の number を、一覧にある番号にしてください。",
        ),
    };
    Banner::new(Tone::Caution, what, advice)
}

/// No such folder.
pub(crate) fn no_draft() -> Banner {
    Banner::new(
        Tone::Caution,
        "その様式は、直している様式の中にありません。",
        "フォルダーを選びなおしてください。",
    )
}

/// No day was chosen.
pub(crate) fn no_day() -> Banner {
    Banner::new(
        Tone::Caution,
        "使い始めの日がないため、公開していません。",
        "届出日で数えて、いつから使うかを選んでください。",
    )
}

/// What was looked at is not what there is.
pub(crate) fn changed_meanwhile() -> Banner {
    Banner::new(
        Tone::Caution,
        "見ている間に様式が変わったため、公開していません。",
        "もう一度「確かめる」を押して、いまの中身を見てください。",
    )
}

/// Why it was not published; `None` when the machine failed.
pub(crate) fn not_published(refused: &FormRefused) -> Option<Banner> {
    let advice = "何も変わっていません。直してから、もう一度公開してください。";
    match refused {
        FormRefused::Form(error) => Some(Banner::new(Tone::Caution, self::refused(error), advice)),
        FormRefused::Meanwhile => Some(Banner::new(
            Tone::Caution,
            "ほかの人が様式を公開したところです。",
            "何も変わっていません。一覧を見て、もう一度公開してください。",
        )),
        FormRefused::Failed(_) => None,
    }
}

/// Why a form is not the next version.
pub(crate) fn refused(error: &PublishFormError) -> String {
    match error {
        PublishFormError::Folder(error) => error.operator_text(),
        PublishFormError::Unknown { .. } => {
            "番号と名前が、いまの様式と違います。meta.toml の number をもとに戻してください。".to_owned()
        }
        PublishFormError::Version { version, newest, .. } => format!(
            "版が上がっていません（第 {version} 版）。meta.toml の version を {} にしてください。",
            newest.saturating_add(1)
        ),
        PublishFormError::Day { .. } => {
            "使い始めの日は、あした以降にしてください。きょうまでの届出は、もう署名されているかもしれません。".to_owned()
        }
        PublishFormError::Earlier { version, from } => format!(
            "第 {version} 版が{}から使われます。それより前の日からにはできません。",
            labels::date(from)
        ),
        PublishFormError::Bounds => "様式としては大きすぎるか、公開した版が多すぎます。".to_owned(),
        PublishFormError::Findings(findings) => {
            let mut texts = findings.iter().map(|one| one.text.as_str());
            let first = texts.next().unwrap_or_default();
            format!("直すところが {} 件あります。{first}", findings.len())
        }
        _ => "この様式は公開できません。".to_owned(),
    }
}

/// A paper as people call it.
pub(crate) fn paper(name: &str) -> String {
    match name {
        "jis-b5" => "B5".to_owned(),
        "jis-b4" => "B4".to_owned(),
        other => other.to_uppercase(),
    }
}

/// A sample in words.
pub(crate) fn sample(kind: SampleKind) -> &'static str {
    match kind {
        SampleKind::Typical => "ふつう",
        SampleKind::Longest => "いちばん長い",
        SampleKind::Smallest => "いちばん少ない",
        SampleKind::Foreigner => "外国人住民",
    }
}

/// Samples by their names; none of them is the definition itself.
pub(crate) fn samples_named(kinds: &[SampleKind]) -> String {
    match kinds {
        [] => "meta.toml".to_owned(),
        all if all.len() == SampleKind::ALL.len() => "どの見本でも".to_owned(),
        some => {
            let words = some.iter().map(|kind| sample(*kind));
            words.collect::<Vec<_>>().join("、")
        }
    }
}

//! Figures and alerts in words.

use hub_store::{Alert, AlertKind, AlertLevel, CounterLine};

use super::super::data::Operations;
use super::super::pages::Chip;
use super::super::texts;
use super::Notice;
use crate::clock::in_japan;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Not known, or nothing.
pub(super) const NONE: &str = "—";

/// How a line is.
pub(super) fn line(line: CounterLine) -> Chip {
    match line {
        CounterLine::Connected => Chip::new("chip-done", "check", "つながっています"),
        CounterLine::Silent => Chip::new("chip-late", "schedule", "応答がありません"),
        CounterLine::Never => Chip::new("", "info", "まだつながっていません"),
        CounterLine::Revoked => Chip::new("chip-stop", "block", "止めました"),
    }
}

/// Bytes as disks are sold: powers of ten, one decimal.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        Some((size, name)) => format!("{}.{} {name}", count / size, count % size * 10 / size),
        None => format!("{count} B"),
    }
}

/// How long ago.
pub(super) fn ago(unix_ms: u64, now_unix_ms: u64) -> String {
    let ms = now_unix_ms.saturating_sub(unix_ms);
    if ms < MINUTE_MS {
        "今".to_owned()
    } else {
        format!("{}前", span(ms))
    }
}

/// A length of time.
pub(super) fn span(ms: u64) -> String {
    if ms < HOUR_MS {
        format!("{} 分", ms / MINUTE_MS)
    } else if ms < 2 * DAY_MS {
        format!("{} 時間", ms / HOUR_MS)
    } else {
        format!("{} 日", ms / DAY_MS)
    }
}

/// A clock's offset.
pub(super) fn offset(ahead_ms: Option<i64>) -> String {
    let Some(ahead) = ahead_ms else {
        return NONE.to_owned();
    };
    let ms = ahead.unsigned_abs();
    if ms < 1000 {
        return "1 秒未満".to_owned();
    }
    let direction = if ahead < 0 { "遅れ" } else { "進み" };
    let length = if ms < MINUTE_MS {
        format!("{} 秒", ms / 1000)
    } else {
        span(ms)
    };
    format!("{length}{direction}")
}

/// Transactions, documents and bytes that wait.
pub(super) fn waiting(records: u64, more: bool, documents: u64, count: u64) -> String {
    if records == 0 && documents == 0 && count == 0 {
        return NONE.to_owned();
    }
    let mut parts = Vec::new();
    if records > 0 {
        let more = if more { "以上" } else { "" };
        parts.push(format!("変更 {records} 件{more}"));
    }
    if documents > 0 {
        parts.push(format!("書面 {documents} 件"));
    }
    if count > 0 {
        parts.push(bytes(count));
    }
    parts.join("・")
}

/// Share of the time a line was up, in tenths of a percent.
pub(super) fn share(permille: Option<u64>) -> String {
    permille.map_or_else(
        || "記録なし".to_owned(),
        |permille| format!("{}.{} %", permille / 10, permille % 10),
    )
}

/// The longest time a line was silent.
pub(super) fn longest_silence(ms: u64) -> String {
    if ms == 0 {
        "なし".to_owned()
    } else {
        span(ms)
    }
}

/// Most counters a notice names.
const PLACES_MAX: usize = 3;

/// Counters a notice is about.
pub(super) fn places(places: &[String]) -> String {
    let named = places.iter().take(PLACES_MAX).cloned();
    let named = named.collect::<Vec<_>>().join("、");
    match places.len().saturating_sub(PLACES_MAX) {
        0 => named,
        more => format!("{named} ほか {more} 台"),
    }
}

/// An alert: what it is, what to do, and what support wants to know.
pub(super) fn notice(alert: &Alert, found: &Operations) -> Notice {
    let device = found
        .city
        .fleet
        .iter()
        .find(|one| one.device.device == alert.device);
    let place = device.map_or_else(String::new, |one| {
        let branch = found.names.branch(&one.device.branch);
        format!("{branch}　{}", one.device.name)
    });
    let (what, advice) = told(alert);
    let since = alert
        .since_unix_ms
        .map(|ms| in_japan(ms, "%-m月%-d日 %H:%M から　"));
    let detail = format!("{}{}", since.unwrap_or_default(), detail(alert));
    let (tone, icon, level) = match alert.level {
        AlertLevel::Act => ("wrong", "error", "今日のうちに"),
        AlertLevel::Look => ("caution", "warning", "手のあいたときに"),
    };
    Notice {
        tone,
        icon,
        level,
        place,
        what,
        advice,
        detail,
    }
}

fn told(alert: &Alert) -> (String, &'static str) {
    let detail = &alert.detail;
    match alert.kind {
        AlertKind::RolledBack => {
            let (what, advice) = texts::rolled_back(detail == "differs");
            (what.to_owned(), advice)
        }
        AlertKind::KeptAsideHere => {
            let (what, advice) = texts::kept_aside(detail);
            (what.to_owned(), advice)
        }
        AlertKind::KeptAsideThere => (
            "本庁からの変更を、この窓口が取り込めずに分けて置いています。".to_owned(),
            "窓口のプログラムの版を確かめ、続くときは下の理由を添えて開発元へ知らせてください。",
        ),
        AlertKind::NotShrinking => (
            format!("つながっているのに、窓口の変更 {detail} 件が15分以上届きません。"),
            "窓口のプログラムを起動し直してください。直らないときは本庁のログを見てください。",
        ),
        AlertKind::Disk => (
            format!("窓口の空き容量が少なくなっています（残り {detail} MiB）。"),
            "いらないファイルを消すか、ディスクを大きくしてください。いっぱいになると保存できません。",
        ),
        AlertKind::Clock => (
            format!(
                "窓口の時計が本庁と合っていません（{}）。",
                offset(detail.parse::<i64>().ok().map(|s| s.saturating_mul(1000)))
            ),
            "窓口の時刻合わせ（NTP）を確かめてください。すべての窓口で出るときは本庁の時計です。",
        ),
        AlertKind::Silent => (
            format!("{detail} 日のあいだ連絡がありません。"),
            "電源と回線を確かめてください。7日を過ぎると、窓口でのサインインに責任者の許しがいります。",
        ),
        AlertKind::RevocationsOld => (
            "止めた装置の一覧が古いままです。止めた装置を、この窓口はまだ相手にするかもしれません。"
                .to_owned(),
            "回線をつなぐか、運搬ファイルで新しい一覧を届けてください。",
        ),
        AlertKind::DatasetOld => (
            format!("公開したデータ（{}）が古いままです。", dataset(detail)),
            "窓口の空き容量と回線を確かめてください。届くと自動で入れ替わります。",
        ),
        AlertKind::CertificateEnds => (
            format!("窓口の証明書があと {detail} 日で切れます。"),
            "回線がつながれば自動で新しくなります。つながっているのに出るときはログを見てください。",
        ),
        AlertKind::SchemaApart => (
            "プログラムの版が本庁と違います。".to_owned(),
            "本庁を先に、次に窓口を新しくしてください。一つ違いまでは一緒に動きます。",
        ),
    }
}

fn detail(alert: &Alert) -> String {
    match alert.kind {
        AlertKind::RolledBack => {
            let id: String = alert.device.to_string().chars().take(8).collect();
            format!("todoke-hub device recover {id}")
        }
        AlertKind::KeptAsideHere | AlertKind::KeptAsideThere | AlertKind::SchemaApart => {
            alert.detail.clone()
        }
        AlertKind::NotShrinking
        | AlertKind::Disk
        | AlertKind::Clock
        | AlertKind::Silent
        | AlertKind::RevocationsOld
        | AlertKind::DatasetOld
        | AlertKind::CertificateEnds => String::new(),
    }
}

/// A dataset's name in words.
pub(super) fn dataset(name: &str) -> String {
    match name {
        "devices" => "止めた装置の一覧",
        "staff" => "職員",
        "settings" => "設定",
        "catalogue" => "手続きの一覧",
        "resident-copy" => "住民記録の副本",
        "resident-copy-changes" => "住民記録の副本の変更分",
        "protection" => "支援措置",
        "city-places" => "市内の番地と建物",
        "address-dictionary" => "全国の町名",
        "reservations" => "転入予約",
        "move-outs" => "転出証明書情報",
        "prepared-uses" => "使用済みの予約",
        "character-choices" => "文字の同定",
        "gaiji-tables" => "外字対応表",
        "forms" => "様式",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_say_their_unit() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_260_000), "1.2 MB");
        assert_eq!(ago(0, 59_999), "今");
        assert_eq!(ago(0, 3 * HOUR_MS), "3 時間前");
        assert_eq!(ago(0, 5 * DAY_MS), "5 日前");
        assert_eq!(offset(Some(-61_250)), "1 分遅れ");
        assert_eq!(offset(Some(2_000)), "2 秒進み");
        assert_eq!(offset(Some(40)), "1 秒未満");
        assert_eq!(offset(None), "—");
        assert_eq!(waiting(0, false, 0, 0), "—");
        assert_eq!(
            waiting(12, true, 2, 8_400),
            "変更 12 件以上・書面 2 件・8.4 kB"
        );
        assert_eq!(share(Some(985)), "98.5 %");
        assert_eq!(longest_silence(0), "なし");
    }
}

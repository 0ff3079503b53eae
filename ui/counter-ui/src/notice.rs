//! Notices as Slint sees them.

use counter_api::{Notice, Tone};

use crate::ui::{NoticeData, ToneKind};

impl From<&Notice> for NoticeData {
    fn from(notice: &Notice) -> Self {
        Self {
            shown: true,
            tone: tone(notice.tone),
            what: notice.what.as_str().into(),
            advice: notice.advice.as_str().into(),
            code: notice.code.as_str().into(),
            about_device: is_about_a_device(&notice.code),
        }
    }
}

/// How loud something is, for Slint.
pub(crate) const fn tone(tone: Tone) -> ToneKind {
    match tone {
        Tone::Done => ToneKind::Done,
        Tone::Info => ToneKind::Info,
        Tone::Caution => ToneKind::Caution,
        Tone::Wrong => ToneKind::Wrong,
    }
}

/// Codes are stable; the device page says more about these.
fn is_about_a_device(code: &str) -> bool {
    const OTHERS: [&str; 5] = [
        "CARD-NO-READER",
        "RECEIPT-NO-PRINTER",
        "RECEIPT-UNSET",
        "PRINT-STUCK",
        "DISPLAY-MISSING",
    ];
    code.starts_with("DEVICE-") || OTHERS.contains(&code)
}

/// The notice, or an empty one that is not drawn.
pub(crate) fn shown(notice: Option<&Notice>) -> NoticeData {
    notice.map_or_else(NoticeData::default, NoticeData::from)
}

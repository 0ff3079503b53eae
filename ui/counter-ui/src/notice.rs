//! Notices as Slint sees them.

use counter_api::{Notice, Tone};

use crate::ui::{NoticeData, ToneKind};

impl From<&Notice> for NoticeData {
    fn from(notice: &Notice) -> Self {
        Self {
            shown: true,
            tone: match notice.tone {
                Tone::Done => ToneKind::Done,
                Tone::Info => ToneKind::Info,
                Tone::Caution => ToneKind::Caution,
                Tone::Wrong => ToneKind::Wrong,
            },
            what: notice.what.as_str().into(),
            advice: notice.advice.as_str().into(),
            code: notice.code.as_str().into(),
        }
    }
}

/// The notice, or an empty one that is not drawn.
pub(crate) fn shown(notice: Option<&Notice>) -> NoticeData {
    notice.map_or_else(NoticeData::default, NoticeData::from)
}

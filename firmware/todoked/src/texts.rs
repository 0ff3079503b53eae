//! The texts of the daemon for people: catalogues in `texts/`, keyed by stable codes.
//!
//! Texts of the screens themselves (buttons, headings) belong to `counter-ui`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use counter_api::{Language, Notice, Tone, WhoActs};
use serde::Deserialize;

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        /// Stable code of a notice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`")] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as people read it to support.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    SignInFirst = "SIGN-IN-FIRST",
    SignInWrong = "SIGN-IN-WRONG",
    SignInWait = "SIGN-IN-WAIT",
    SignInNoStaff = "SIGN-IN-NO-STAFF",
    SignInNotHere = "SIGN-IN-NOT-HERE",
    SignInEnded = "SIGN-IN-ENDED",
    SignInTooLongOffline = "SIGN-IN-TOO-LONG-OFFLINE",
    SignInNotSupervisor = "SIGN-IN-NOT-SUPERVISOR",
    CardNoReader = "CARD-NO-READER",
    CardEmpty = "CARD-EMPTY",
    CardUnknown = "CARD-UNKNOWN",
    CardPinWrong = "CARD-PIN-WRONG",
    CardPinLastTry = "CARD-PIN-LAST-TRY",
    CardPinLastTryStaff = "CARD-PIN-LAST-TRY-STAFF",
    CardPinLocked = "CARD-PIN-LOCKED",
    CardPinLockedResident = "CARD-PIN-LOCKED-RESIDENT",
    CardPinSkipped = "CARD-PIN-SKIPPED",
    CardPinFourDigits = "CARD-PIN-FOUR-DIGITS",
    CardNumberBDigits = "CARD-NUMBER-B-DIGITS",
    CardNumberBWrong = "CARD-NUMBER-B-WRONG",
    CardNumberBLocked = "CARD-NUMBER-B-LOCKED",
    CardPulled = "CARD-PULLED",
    CardUnreadable = "CARD-UNREADABLE",
    CardBusy = "CARD-BUSY",
    CardRead = "CARD-READ",
    CardReadDiffers = "CARD-READ-DIFFERS",
    CardReadToCheck = "CARD-READ-TO-CHECK",
    CardForged = "CARD-FORGED",
    CardFaceDiffers = "CARD-FACE-DIFFERS",
    CardNumberForm = "CARD-NUMBER-FORM",
    CardNumberWrong = "CARD-NUMBER-WRONG",
    CardNumberBLastTry = "CARD-NUMBER-B-LAST-TRY",
    CardLicencePinLocked = "CARD-LICENCE-PIN-LOCKED",
    CardLicencePinLockedResident = "CARD-LICENCE-PIN-LOCKED-RESIDENT",
    CardSecondPinWrong = "CARD-SECOND-PIN-WRONG",
    CardSecondPinLocked = "CARD-SECOND-PIN-LOCKED",
    CardPassportForm = "CARD-PASSPORT-FORM",
    CardPassportWrong = "CARD-PASSPORT-WRONG",
    CardNeedsPace = "CARD-NEEDS-PACE",
    PaperRead = "PAPER-READ",
    PaperReadToLook = "PAPER-READ-TO-LOOK",
    PaperTwice = "PAPER-TWICE",
    PaperNotMasked = "PAPER-NOT-MASKED",
    PaperDiscarded = "PAPER-DISCARDED",
    PaperStopped = "PAPER-STOPPED",
    PaperUnset = "PAPER-UNSET",
    PaperNotMoveIn = "PAPER-NOT-MOVE-IN",
    PaperNothingFound = "PAPER-NOTHING-FOUND",
    PaperNoModels = "PAPER-NO-MODELS",
    PaperBrokenModels = "PAPER-BROKEN-MODELS",
    PaperUnreadable = "PAPER-UNREADABLE",
    PaperTrayEmpty = "PAPER-TRAY-EMPTY",
    PaperTrayBroken = "PAPER-TRAY-BROKEN",
    PaperEmpty = "PAPER-EMPTY",
    PaperJammed = "PAPER-JAMMED",
    PaperCoverOpen = "PAPER-COVER-OPEN",
    PaperScannerBusy = "PAPER-SCANNER-BUSY",
    PaperNoScanner = "PAPER-NO-SCANNER",
    PaperScannerRefused = "PAPER-SCANNER-REFUSED",
    PaperScannerBroken = "PAPER-SCANNER-BROKEN",
    PaperScannerNotInstalled = "PAPER-SCANNER-NOT-INSTALLED",
    ResidentTaken = "RESIDENT-TAKEN",
    CharacterTaken = "CHARACTER-TAKEN",
    PreparedTaken = "PREPARED-TAKEN",
    PreparedReleased = "PREPARED-RELEASED",
    PreparedUsed = "PREPARED-USED",
    PreparedGone = "PREPARED-GONE",
    PreparedNotMoveIn = "PREPARED-NOT-MOVE-IN",
    LinkNotFound = "LINK-NOT-FOUND",
    SaveDiskFull = "SAVE-DISK-FULL",
    SaveFailed = "SAVE-FAILED",
    CaseNotOpen = "CASE-NOT-OPEN",
    CaseNotFound = "CASE-NOT-FOUND",
    CaseFrozen = "CASE-FROZEN",
    CaseReturned = "CASE-RETURNED",
    CaseElsewhere = "CASE-ELSEWHERE",
    CaseHandedHere = "CASE-HANDED-HERE",
    CaseContested = "CASE-CONTESTED",
    CaseArrived = "CASE-ARRIVED",
    CaseLeft = "CASE-LEFT",
    CaseOverwritten = "CASE-OVERWRITTEN",
    FieldUnknown = "FIELD-UNKNOWN",
    FieldTooLong = "FIELD-TOO-LONG",
    MemberLimit = "MEMBER-LIMIT",
    MemberFirstStays = "MEMBER-FIRST-STAYS",
    UndoNothing = "UNDO-NOTHING",
    AnswerNotAllowed = "ANSWER-NOT-ALLOWED",
    SignNotReady = "SIGN-NOT-READY",
    SignObjected = "SIGN-OBJECTED",
    SignEmpty = "SIGN-EMPTY",
    SignTooLarge = "SIGN-TOO-LARGE",
    SignChanged = "SIGN-CHANGED",
    SignFormFailed = "SIGN-FORM-FAILED",
    SignHeld = "SIGN-HELD",
    SignDone = "SIGN-DONE",
    SubmitNotSigned = "SUBMIT-NOT-SIGNED",
    SubmitNoIdentity = "SUBMIT-NO-IDENTITY",
    ReceiptNoPrinter = "RECEIPT-NO-PRINTER",
    ReceiptUnset = "RECEIPT-UNSET",
    LineRefused = "LINE-REFUSED",
    LineClockWrong = "LINE-CLOCK-WRONG",
    LineVersion = "LINE-VERSION",
    RecordsOlderCopy = "RECORDS-OLDER-COPY",
    RecoveryGoing = "RECOVERY-GOING",
    RecoveryDone = "RECOVERY-DONE",
    CatalogueMissing = "CATALOGUE-MISSING",
    ScreenVersion = "SCREEN-VERSION",
    ScreenReplaced = "SCREEN-REPLACED",
    PurposeChanged = "PURPOSE-CHANGED",
    CodeForeign = "CODE-FOREIGN",
    CodeReceiptWrong = "CODE-RECEIPT-WRONG",
    CodeDamaged = "CODE-DAMAGED",
    CodeNewer = "CODE-NEWER",
    CodeUnknownKey = "CODE-UNKNOWN-KEY",
    CodeForged = "CODE-FORGED",
    CodeNotAllowed = "CODE-NOT-ALLOWED",
    CodeExpired = "CODE-EXPIRED",
    CodeNotYet = "CODE-NOT-YET",
    CodeCaseElsewhere = "CODE-CASE-ELSEWHERE",
    CodeEventUnknown = "CODE-EVENT-UNKNOWN",
    CodeNoticeRead = "CODE-NOTICE-READ",
    CodeApplicationRead = "CODE-APPLICATION-READ",
    CodeApplicationDiffers = "CODE-APPLICATION-DIFFERS",
    DeviceMissing = "DEVICE-MISSING",
    DeviceNoService = "DEVICE-NO-SERVICE",
    DeviceMute = "DEVICE-MUTE",
    DeviceHeld = "DEVICE-HELD",
    DeviceUnset = "DEVICE-UNSET",
    DeviceUnreachable = "DEVICE-UNREACHABLE",
    DeviceNoAnswer = "DEVICE-NO-ANSWER",
    DeviceBroken = "DEVICE-BROKEN-OFF",
    DeviceNotThis = "DEVICE-NOT-THIS",
    DeviceRefused = "DEVICE-REFUSED",
    DevicePaperLow = "DEVICE-PAPER-LOW",
    DevicePaperEnd = "DEVICE-PAPER-END",
    DeviceCoverOpen = "DEVICE-COVER-OPEN",
    DeviceJam = "DEVICE-JAM",
    DeviceTonerLow = "DEVICE-TONER-LOW",
    DeviceTonerEmpty = "DEVICE-TONER-EMPTY",
    DeviceStopped = "DEVICE-STOPPED",
    DeviceFault = "DEVICE-FAULT",
    DeviceSpaceLow = "DEVICE-SPACE-LOW",
    DeviceGone = "DEVICE-GONE",
    DeviceNoSheet = "DEVICE-NO-SHEET",
    DeviceTested = "DEVICE-TESTED",
    CodeSeparator = "CODE-SEPARATOR",
    PaperKept = "PAPER-KEPT",
    PrintStuck = "PRINT-STUCK",
    PrintUnsure = "PRINT-UNSURE",
    PrintNotMade = "PRINT-NOT-MADE",
    PrintUnset = "PRINT-UNSET",
    PrintProtected = "PRINT-PROTECTED",
    DisplayMissing = "DISPLAY-MISSING",
    LineDown = "LINE-DOWN",
    LineUnset = "LINE-UNSET",
    NotPossibleNow = "NOT-POSSIBLE-NOW",
}

/// A text in the two shipped languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Both {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Both {
    /// The text in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    who: WhoActs,
    tone: Tone,
    what: Both,
    advice: Both,
}

/// The catalogues are part of the program; a test parses them.
static NOTICES: LazyLock<BTreeMap<String, Entry>> =
    LazyLock::new(|| toml::from_str(include_str!("../texts/notices.toml")).unwrap_or_default());
static WORDS: LazyLock<BTreeMap<String, BTreeMap<String, Word>>> =
    LazyLock::new(|| toml::from_str(include_str!("../texts/words.toml")).unwrap_or_default());

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Word {
    One(String),
    Two(Both),
}

/// A notice for staff.
pub fn notice(code: Code) -> Notice {
    notice_with(code, Language::Japanese, &[])
}

/// A notice in a language, with its `{name}`s filled in.
pub fn notice_with(code: Code, language: Language, values: &[(&str, &str)]) -> Notice {
    let entry = NOTICES.get(code.as_str());
    let text = |pick: fn(&Entry) -> &Both| {
        entry.map_or_else(String::new, |entry| {
            fill(pick(entry).in_language(language), values)
        })
    };
    Notice {
        code: code.as_str().to_owned(),
        who: entry.map_or(WhoActs::Support, |entry| entry.who),
        tone: entry.map_or(Tone::Wrong, |entry| entry.tone),
        what: text(|entry| &entry.what),
        advice: text(|entry| &entry.advice),
    }
}

/// A word of the daemon's views, for example `("state", "returned")`; empty when there is none.
pub fn word(group: &str, name: &str) -> String {
    match WORDS.get(group).and_then(|words| words.get(name)) {
        Some(Word::One(text)) => text.clone(),
        Some(Word::Two(both)) => both.ja.clone(),
        None => String::new(),
    }
}

/// The English half of a word that has two.
pub fn word_english(group: &str, name: &str) -> String {
    match WORDS.get(group).and_then(|words| words.get(name)) {
        Some(Word::Two(both)) => both.en.clone(),
        Some(Word::One(text)) => text.clone(),
        None => String::new(),
    }
}

/// A word with its `{name}`s filled in.
pub fn sentence(group: &str, name: &str, values: &[(&str, &str)]) -> String {
    fill(&word(group, name), values)
}

/// Puts values into `{name}` places.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&["{", name, "}"].concat(), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_both_halves_in_both_languages() {
        let parsed: BTreeMap<String, Entry> =
            toml::from_str(include_str!("../texts/notices.toml")).unwrap();
        for code in Code::ALL {
            let entry = parsed
                .get(code.as_str())
                .unwrap_or_else(|| panic!("{}", code.as_str()));
            for text in [
                &entry.what.ja,
                &entry.what.en,
                &entry.advice.ja,
                &entry.advice.en,
            ] {
                assert!(
                    !text.trim().is_empty(),
                    "{} has an empty half",
                    code.as_str()
                );
            }
        }
        assert_eq!(parsed.len(), Code::ALL.len(), "an entry has no code");
    }

    #[test]
    fn words_parse_and_fill() {
        let parsed: Result<BTreeMap<String, BTreeMap<String, Word>>, _> =
            toml::from_str(include_str!("../texts/words.toml"));
        assert!(parsed.is_ok(), "{parsed:?}");
        assert_eq!(word("state", "returned"), "差し戻し");
        assert_eq!(sentence("reply", "person", &[("number", "2")]), "2人目");
    }
}

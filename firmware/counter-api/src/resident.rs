//! What the resident sees and does. Texts of the screen itself are translated by the screen;
//! texts that come from data arrive here already in both languages.

use serde::{Deserialize, Serialize};

use crate::Notice;
use crate::secret::Digits;

/// Everything the resident's display shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResidentView {
    /// Language beside Japanese.
    pub language: Language,
    /// Name of the city, for the idle page.
    pub city: String,
    /// Where the visit stands, `(3, 5)`; `None` on the idle page.
    pub progress: Option<(u8, u8)>,
    /// The page.
    pub screen: ResidentScreen,
    /// Something to tell, if any.
    pub notice: Option<Notice>,
}

/// Languages of the resident's display.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Japanese only.
    #[default]
    Japanese,
    /// Japanese with English beside it.
    English,
}

/// Which PIN the resident enters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardPin {
    /// That of a My Number card.
    #[default]
    MyNumber,
    /// The first of a driver's licence (暗証番号1).
    Licence,
    /// The second of a driver's licence (暗証番号2), which opens its photo.
    LicenceSecond,
}

/// The resident's pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum ResidentScreen {
    /// Nobody is being served: city's name, no personal data.
    Idle,
    /// Please wait; staff are entering.
    Wait,
    /// Enter the four-digit PIN of the card.
    Pin {
        /// Tries left, as the card says.
        tries_left: Option<u8>,
        /// The card is being read; keep it still.
        reading: bool,
        /// Which PIN.
        #[serde(default)]
        which: CardPin,
    },
    /// Read what will be filed.
    Check {
        /// Which content this is.
        #[serde(default)]
        content: ContentId,
        /// Title of the form.
        title: String,
        /// Title in the resident's language.
        title_translated: String,
        /// What is on it.
        sections: Vec<CheckSection>,
        /// How many procedures follow.
        procedure_count: u32,
    },
    /// Sign it.
    Sign {
        /// Which content is signed.
        #[serde(default)]
        content: ContentId,
        /// One line that says what is signed.
        summary: String,
        /// The same in the resident's language.
        summary_translated: String,
        /// Signature is being stored.
        saving: bool,
    },
    /// Done: number and what happens next.
    Done {
        /// Receipt number (受付番号).
        receipt_number: String,
        /// Head office will get it when the line returns.
        sent_later: bool,
    },
}

/// Names what a resident was shown, so that nobody confirms or signs what came to the display while a
/// finger was on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentId(pub u64);

/// A group of rows, for example one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckSection {
    /// Heading in Japanese.
    pub title: String,
    /// Heading in the resident's language; empty for Japanese.
    pub title_translated: String,
    /// Its rows.
    pub rows: Vec<CheckRow>,
}

/// One line of what will be filed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Label in Japanese.
    pub label: String,
    /// Label in the resident's language; for Japanese empty, or in plain words.
    pub label_translated: String,
    /// The value as it will be filed, and below it the same in plain or other words.
    pub value: String,
    /// It is a name or address: drawn in the MJ font.
    pub exact_glyphs: bool,
    /// It changes by this filing, or since the last signature.
    pub changed: bool,
}

/// What the resident did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ResidentAction {
    /// Chose a language.
    SetLanguage {
        /// Which.
        language: Language,
    },
    /// Entered the PIN.
    Pin {
        /// The digits; sent to the card once and forgotten.
        digits: Digits,
    },
    /// Does not know the PIN.
    SkipPin,
    /// Read everything and it is right; go on to sign.
    ContentRight {
        /// What was read.
        content: ContentId,
    },
    /// Something is wrong; call staff.
    ContentWrong,
    /// Signed.
    Sign {
        /// What is signed.
        content: ContentId,
        /// Width of the pad in hundredths of a pixel.
        pad_width: u32,
        /// Height of the pad in hundredths of a pixel.
        pad_height: u32,
        /// The strokes.
        strokes: Vec<Stroke>,
    },
    /// Back to reading.
    BackToContent,
    /// Leaves the last page.
    Leave,
}

/// One stroke, pen down to pen up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    /// Its points, in time order.
    pub points: Vec<StrokePoint>,
}

/// Where the pen was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StrokePoint {
    /// From the left of the pad, hundredths of a pixel.
    pub x: i32,
    /// From the top of the pad, hundredths of a pixel.
    pub y: i32,
    /// Milliseconds since the first point.
    pub t: u32,
}

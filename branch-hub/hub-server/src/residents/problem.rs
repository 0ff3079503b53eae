//! What is wrong with a file, told to whoever must correct it: line, column, and what to do.
//! Never the value itself: reports are kept and passed on.

use std::fmt;

use crate::residents::layout::{Column, HeadingProblem};

/// A problem of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line of the file, from 1, the headings included.
    pub(crate) line: u64,
    /// Place of the column in the line, from 1, and its heading.
    pub(crate) column: Option<(usize, Column)>,
    /// What to do about it.
    pub(crate) what: Wrong,
    /// Whether the line can be left out without forgetting somebody's protection.
    pub(crate) protection: LineProtection,
}

/// What a bad line says about protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineProtection {
    /// Plainly none.
    None,
    /// It asks for it, or cannot be read: the line must be corrected.
    Perhaps,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    Width { has: usize, needs: usize },
    OpenQuote,
    TooLong,
    Encoding,
    Control,
    PrivateUse,
    Needed,
    Code(&'static str),
    Number(&'static str),
    Twice { first: u64 },
    Kana,
    Date(String),
    Relation,
    Qualification,
    Residents,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行目", self.line)?;
        if let Some((place, column)) = self.column {
            write!(f, " {place}列（{}）", column.heading())?;
        }
        write!(f, "：{}", self.what)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Width { has, needs } => write!(
                f,
                "列が{has}個あります。見出しと同じ{needs}個にしてください"
            ),
            Self::OpenQuote => f.write_str("引用符（\"）が閉じていません。項目の中に改行は使えません"),
            Self::TooLong => f.write_str("長すぎます。1項目は500文字までです"),
            Self::Encoding => f.write_str("この文字コードで読めない文字があります。--encoding で文字コードを指定するか、出力し直してください"),
            Self::Control => f.write_str("制御文字があります。取り除いてください"),
            Self::PrivateUse => f.write_str("外字（私用領域の文字）があります。文字情報基盤の文字に置き換えてください"),
            Self::Needed => f.write_str("空です。値を入れてください"),
            Self::Code(codes) => write!(f, "決められた番号ではありません。{codes} のどれかにしてください"),
            Self::Number(form) => write!(f, "番号の形が違います。{form}にしてください"),
            Self::Twice { first } => write!(f, "同じ宛名番号が{first}行目にもあります。一人を1行にしてください"),
            Self::Kana => f.write_str("カナではない文字があります。カタカナにしてください"),
            Self::Date(advice) => f.write_str(advice),
            Self::Relation => f.write_str("続柄として読めません。例：世帯主、妻、子、子の妻"),
            Self::Qualification => f.write_str("知らない資格の名前があります。仕様書の一覧の名前を「;」で区切ってください"),
            Self::Residents => f.write_str("住民の住所が空です。住所を入れるか、住民状態を直してください"),
        }
    }
}

impl fmt::Display for HeadingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndividualNumber => f.write_str(
                "個人番号の列があります。副本に個人番号は載せられません。列を除いて出力し直してください",
            ),
            Self::Unknown(place) => write!(
                f,
                "1行目 {place}列：知らない見出しです。仕様書（docs/reference/resident-copy.md）の見出しにしてください"
            ),
            Self::Twice(heading) => write!(f, "1行目：見出し {heading} が2回あります。1回にしてください"),
            Self::Missing(heading) => write!(f, "1行目：見出し {heading} がありません。列を加えてください"),
        }
    }
}

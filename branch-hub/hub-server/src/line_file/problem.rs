//! What is wrong with a line, told to whoever must correct it: line, column, and what to do.
//! Never the value itself: reports are kept and passed on.

use std::fmt;

use counter_characters::PrivateCode;

use super::Place;

/// A problem of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line of the file, from 1, the headings included.
    pub(crate) line: u64,
    /// Place of the column in the line, and its name.
    pub(crate) column: Option<(Place, &'static str)>,
    /// What to do about it.
    pub(crate) what: Wrong,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    Width {
        has: usize,
        needs: usize,
    },
    /// Of a fixed-width record.
    Bytes {
        has: usize,
        needs: usize,
    },
    OpenQuote,
    TooLong,
    Encoding,
    Control,
    /// Private characters that no table of the system explains.
    PrivateUse(Vec<PrivateCode>),
    Needed,
    Code(&'static str),
    /// The codes of the layout's table.
    OtherCode(String),
    Number(&'static str),
    /// The same key in another line, with what should be one line.
    Twice {
        key: &'static str,
        one: &'static str,
        first: u64,
    },
    Kana,
    Date(String),
    Relation,
    Qualification,
    /// Said by the importer that knows what the line means.
    Said(&'static str),
    /// Good itself, but belongs together with a bad line.
    With {
        line: u64,
    },
    /// Says another thing than the line it belongs together with.
    Differs {
        line: u64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行目", self.line)?;
        match self.column {
            None => {}
            Some((Place::Column(place), name)) => write!(f, " {place}列（{name}）")?,
            Some((Place::Byte(place), name)) => write!(f, " {place}バイト目（{name}）")?,
            Some((Place::Layout, name)) => write!(f, "（{name}）")?,
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
            Self::Bytes { has, needs } => write!(
                f,
                "{has}バイトあります。1件は{needs}バイトです。桁をそろえてください"
            ),
            Self::OpenQuote => {
                f.write_str("引用符（\"）が閉じていません。項目の中に改行は使えません")
            }
            Self::TooLong => f.write_str("長すぎます。1項目は500文字までです"),
            Self::Encoding => f.write_str(
                "この文字コードで読めない文字があります。--encoding で文字コードを指定するか、出力し直してください",
            ),
            Self::Control => f.write_str("制御文字があります。取り除いてください"),
            Self::PrivateUse(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "外字（{}）が外字対応表にありません。対応表に加えるか、文字情報基盤の文字に置き換えてください",
                    codes.join("・")
                )
            }
            Self::Needed => f.write_str("空です。値を入れてください"),
            Self::Code(codes) => write!(
                f,
                "決められた番号ではありません。{codes} のどれかにしてください"
            ),
            Self::OtherCode(codes) => write!(
                f,
                "レイアウトの表にない番号です。{codes} のどれかにするか、レイアウトの表に加えてください"
            ),
            Self::Number(form) => write!(f, "番号の形が違います。{form}にしてください"),
            Self::Twice { key, one, first } => write!(
                f,
                "同じ{key}が{first}行目にもあります。{one}を1行にしてください"
            ),
            Self::Kana => f.write_str("カナではない文字があります。カタカナにしてください"),
            Self::Date(advice) => f.write_str(advice),
            Self::Relation => f.write_str("続柄として読めません。例：世帯主、妻、子、子の妻"),
            Self::Qualification => f.write_str(
                "知らない資格の名前があります。仕様書の一覧の名前を「;」で区切ってください",
            ),
            Self::Said(words) => f.write_str(words),
            Self::With { line } => write!(
                f,
                "同じ番号の{line}行目に直すところがあります。直したあと、一緒に取り込んでください"
            ),
            Self::Differs { line } => {
                write!(f, "同じ番号の{line}行目と違います。同じ値にしてください")
            }
        }
    }
}

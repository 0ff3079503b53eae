//! Dates as registers write them: either calendar, with unknown parts.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::era::{Era, SOLAR_CALENDAR};
use crate::width::to_half;

/// A date of which parts may be unknown (不詳).
///
/// `to_string` gives the form that is stored (`1970-03-02`, `1985-00-00`, `1921-00-00@T`,
/// `2024-01-00~early`); it reads back to the same value. [`FuzzyDate::wareki`] and
/// [`FuzzyDate::western`] give what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FuzzyDate {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    /// Kept only while the day is unknown: 昭和64年 and 平成元年 are the same western year.
    era: Option<Era>,
    vague: Option<Vague>,
}

/// How an inexact date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Vague {
    /// 推定.
    Estimated,
    /// 上旬, until the tenth.
    Early,
    /// 中旬, 11th to 20th.
    Middle,
    /// 下旬, from the 21st.
    Late,
    /// 頃から…日頃までの間, the last day.
    Until(i8),
}

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DateError {
    /// Nothing was entered.
    #[error("the date is empty")]
    Empty,
    /// No known form.
    #[error("not a date in a known form")]
    Form,
    /// No such day in the calendar.
    #[error("there is no such day")]
    NoSuchDay,
    /// Before 1873 Japan had another calendar; such dates are kept as text elsewhere.
    #[error("the date is before the solar calendar of 1873")]
    BeforeSolarCalendar,
    /// The day exists, but not in the era entered.
    #[error("the day is in another era")]
    OtherEra {
        /// The same day in its own era.
        right: FuzzyDate,
    },
}

impl DateError {
    /// What to tell the person, in Japanese.
    pub fn advice_ja(&self) -> String {
        match self {
            Self::Empty => "日付を入力してください".to_owned(),
            Self::Form => {
                "日付として読めません。例：昭和45年3月2日、S45.3.2、1970-03-02".to_owned()
            }
            Self::NoSuchDay => "暦にない日付です".to_owned(),
            Self::BeforeSolarCalendar => "明治6年より前の日付は扱えません".to_owned(),
            Self::OtherEra { right } => {
                format!("その元号にない日付です。{}ではありませんか", right.wareki())
            }
        }
    }
}

impl FuzzyDate {
    /// Wholly unknown (年月日不詳).
    pub const UNKNOWN: Self = Self {
        year: None,
        month: None,
        day: None,
        era: None,
        vague: None,
    };

    /// A date known to the day.
    pub fn known(day: Date) -> Self {
        Self {
            year: Some(day.year()),
            month: Some(day.month()),
            day: Some(day.day()),
            ..Self::UNKNOWN
        }
    }

    /// The day, when it is known exactly.
    pub fn exact(&self) -> Option<Date> {
        if self.vague.is_some() {
            return None;
        }
        Date::new(self.year?, self.month?, self.day?).ok()
    }

    /// First and last day it can be; `None` when wholly unknown.
    pub fn interval(&self) -> Option<(Date, Date)> {
        let year = self.year?;
        let (mut from, mut to) = match self.month {
            None => (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?),
            Some(month) => self.days_of_month(year, month)?,
        };
        if let Some(era) = self.era {
            from = from.max(era.start().max(SOLAR_CALENDAR));
            to = to.min(era.end());
        }
        (from <= to).then_some((from, to))
    }

    fn days_of_month(&self, year: i16, month: i8) -> Option<(Date, Date)> {
        let first = Date::new(year, month, 1).ok()?;
        let last = first.last_of_month();
        let on = |day: i8| Date::new(year, month, day).ok();
        Some(match (self.day, self.vague) {
            (Some(day), Some(Vague::Until(until))) => (on(day)?, on(until)?),
            (Some(day), _) => (on(day)?, on(day)?),
            (None, Some(Vague::Early)) => (first, on(10)?),
            (None, Some(Vague::Middle)) => (on(11)?, on(20)?),
            (None, Some(Vague::Late)) => (on(21)?, last),
            (None, Some(Vague::Estimated | Vague::Until(_)) | None) => (first, last),
        })
    }

    /// Japanese calendar: `昭和45年3月2日`, `大正10年月日不詳`.
    pub fn wareki(&self) -> String {
        let year = self.year.map(|year| {
            let era = self.printed_era();
            format!("{}{}年", era.kanji(), era.year_text(year))
        });
        self.print(year)
    }

    /// Western calendar: `1970年3月2日`.
    pub fn western(&self) -> String {
        self.print(self.year.map(|year| format!("{year}年")))
    }

    /// Both calendars: `昭和45年（1970年）3月2日`.
    pub fn both(&self) -> String {
        let year = self.year.map(|year| {
            let era = self.printed_era();
            format!("{}{}年（{year}年）", era.kanji(), era.year_text(year))
        });
        self.print(year)
    }

    fn printed_era(&self) -> Era {
        self.era.unwrap_or_else(|| {
            self.interval()
                .map_or(Era::Reiwa, |(_, last)| Era::of(last))
        })
    }

    fn print(&self, year: Option<String>) -> String {
        let Some(year) = year else {
            return "年月日不詳".to_owned();
        };
        let month = self
            .month
            .map(|month| format!("{month}月"))
            .unwrap_or_default();
        let day = match (self.month, self.day, self.vague) {
            (_, Some(day), Some(Vague::Until(until))) => {
                format!("{day}日頃から{until}日頃までの間")
            }
            (_, Some(day), _) => format!("{day}日"),
            (Some(_), None, Some(Vague::Early)) => "上旬".to_owned(),
            (Some(_), None, Some(Vague::Middle)) => "中旬".to_owned(),
            (Some(_), None, Some(Vague::Late)) => "下旬".to_owned(),
            (_, None, Some(Vague::Estimated)) => String::new(),
            (Some(_), None, _) => "日不詳".to_owned(),
            (None, None, _) => "月日不詳".to_owned(),
        };
        let estimated = if self.vague == Some(Vague::Estimated) {
            "推定"
        } else {
            ""
        };
        format!("{estimated}{year}{month}{day}")
    }
}

/// The form that is stored.
impl fmt::Display for FuzzyDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (
            self.year.unwrap_or(0),
            self.month.unwrap_or(0),
            self.day.unwrap_or(0),
        );
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if let Some(era) = self.era {
            write!(f, "@{}", era.letter())?;
        }
        match self.vague {
            None => Ok(()),
            Some(Vague::Estimated) => f.write_str("~estimated"),
            Some(Vague::Early) => f.write_str("~early"),
            Some(Vague::Middle) => f.write_str("~middle"),
            Some(Vague::Late) => f.write_str("~late"),
            Some(Vague::Until(day)) => write!(f, "~until{day:02}"),
        }
    }
}

/// Reads everything staff type and documents print, and the stored form.
impl FromStr for FuzzyDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let text: String = to_half(text)
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        if text.is_empty() {
            return Err(DateError::Empty);
        }
        if matches!(
            text.as_str(),
            "年月日不詳" | "生年月日不詳" | "不詳" | "0000-00-00"
        ) {
            return Ok(Self::UNKNOWN);
        }
        let (text, vague) = take_vague(&text)?;
        let (text, stored_era) = take_stored_era(text)?;
        let (era, digits) = match Era::take(text) {
            Some((era, rest)) => (Some(era), rest),
            None => (None, text),
        };
        let [year, month, day] = take_parts(digits, era)?;
        let year = match era {
            Some(era) => {
                era.first_year() - 1 + year.filter(|year| *year > 0).ok_or(DateError::Form)?
            }
            None => year.filter(|year| *year >= 1000).ok_or(DateError::Form)?,
        };
        let date = Self {
            year: Some(year),
            month: narrow(month)?,
            day: narrow(day)?,
            era: era.or(stored_era),
            vague,
        };
        date.checked()
    }
}

impl FuzzyDate {
    fn checked(mut self) -> Result<Self, DateError> {
        if self.month.is_none() && self.day.is_some() {
            return Err(DateError::Form);
        }
        let era = self.era.take();
        let (from, to) = self.interval().ok_or(DateError::NoSuchDay)?;
        if to < SOLAR_CALENDAR {
            return Err(DateError::BeforeSolarCalendar);
        }
        if let Some(era) = era {
            if to < era.start() || from > era.end() {
                return Err(DateError::OtherEra { right: self });
            }
            if self.day.is_none() {
                self.era = Some(era);
            }
        }
        Ok(self)
    }
}

fn narrow(part: Option<i16>) -> Result<Option<i8>, DateError> {
    match part {
        None | Some(0) => Ok(None),
        Some(part) => i8::try_from(part)
            .map(Some)
            .map_err(|_| DateError::NoSuchDay),
    }
}

fn take_vague(text: &str) -> Result<(&str, Option<Vague>), DateError> {
    if let Some(rest) = text.strip_prefix("推定") {
        return Ok((rest, Some(Vague::Estimated)));
    }
    let endings = [
        ("上旬", Vague::Early),
        ("中旬", Vague::Middle),
        ("下旬", Vague::Late),
        ("~early", Vague::Early),
        ("~middle", Vague::Middle),
        ("~late", Vague::Late),
        ("~estimated", Vague::Estimated),
    ];
    for (ending, vague) in endings {
        if let Some(rest) = text.strip_suffix(ending) {
            return Ok((rest, Some(vague)));
        }
    }
    let until = text.split_once("~until").or_else(|| {
        let (from, until) = text.strip_suffix("日頃までの間")?.split_once("頃から")?;
        Some((from, until))
    });
    match until {
        None => Ok((text, None)),
        Some((from, until)) => {
            let day = until.parse().map_err(|_| DateError::Form)?;
            Ok((from, Some(Vague::Until(day))))
        }
    }
}

fn take_stored_era(text: &str) -> Result<(&str, Option<Era>), DateError> {
    let Some((date, letter)) = text.split_once('@') else {
        return Ok((text, None));
    };
    let mut letters = letter.chars();
    match (letters.next().and_then(Era::from_letter), letters.next()) {
        (Some(era), None) => Ok((date, Some(era))),
        (Some(_) | None, _) => Err(DateError::Form),
    }
}

/// Year, month and day from `45年3月2日`, `45.3.2`, `1970-03-02`, `450302` or `19700302`.
fn take_parts(text: &str, era: Option<Era>) -> Result<[Option<i16>; 3], DateError> {
    if text.is_ascii() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() >= 5 {
        return take_run(text, era);
    }
    let text = text.replace("元年", "1年");
    let text = text.trim_end_matches("月日不詳").trim_end_matches("日不詳");
    let marked = text.contains(['年', '月', '日']);
    let mut parts = [None; 3];
    let pieces = text
        .split(['年', '月', '日', '.', '/', '-', '・'])
        .filter(|piece| !piece.is_empty());
    for (count, piece) in pieces.enumerate() {
        let slot = parts.get_mut(count).ok_or(DateError::Form)?;
        *slot = Some(piece.parse().map_err(|_| DateError::Form)?);
    }
    let in_order = !marked || is_in_order(text);
    if in_order {
        Ok(parts)
    } else {
        Err(DateError::Form)
    }
}

/// Whether the marks 年, 月, 日 come at most once each and in this order.
fn is_in_order(text: &str) -> bool {
    let marks: Vec<usize> = text
        .chars()
        .filter_map(|c| "年月日".chars().position(|mark| mark == c))
        .collect();
    marks.iter().enumerate().all(|(at, mark)| at == *mark)
}

fn take_run(text: &str, era: Option<Era>) -> Result<[Option<i16>; 3], DateError> {
    let expected = if era.is_some() { 6 } else { 8 };
    if text.len() != expected {
        return Err(DateError::Form);
    }
    let number: i32 = text.parse().map_err(|_| DateError::Form)?;
    let part = |value: i32| i16::try_from(value).ok();
    Ok([
        part(number / 10_000),
        part(number / 100 % 100),
        part(number % 100),
    ])
}

impl Serialize for FuzzyDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FuzzyDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The `years`-th anniversary; 29 February falls on 1 March in other years.
pub fn anniversary(day: Date, years: i16) -> Option<Date> {
    let year = day.year().checked_add(years)?;
    Date::new(year, day.month(), day.day())
        .or_else(|_| Date::new(year, 3, 1))
        .ok()
}

/// The day before `day`.
pub(crate) fn day_before(day: Date) -> Option<Date> {
    day.checked_sub(1.day()).ok()
}

//! Statuses of residence (在留資格): which there are, which come with a period of stay, and which
//! give a resident record (住基法30条の45). The table is the catalogue's; this is what it means.

use jiff::civil::Date;

use crate::width::half_digits;

/// Longest stay that gives no record: three months, or as many days (入管法19条の3).
const SHORT_MONTHS: u32 = 3;
const SHORT_DAYS: u32 = 90;
/// Words of a residence card for a stay without an end.
const ENDLESS: [&str; 3] = ["無期限", "無制限", "期限なし"];

/// The class of the Basic Resident Registration Act (住基法30条の45) a status leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StayClass {
    /// 中長期在留者.
    MidLong,
    /// 特別永住者.
    SpecialPermanent,
    /// 一時庇護許可者・仮滞在許可者.
    TemporaryRefuge,
}

impl StayClass {
    /// Its value in a draft.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MidLong => "mid_long",
            Self::SpecialPermanent => "special_permanent",
            Self::TemporaryRefuge => "temporary_refuge",
        }
    }
}

/// A status of residence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidenceStatus {
    /// As the residence card has it.
    pub name: String,
    /// In English.
    pub english: String,
    /// The class it leads to.
    pub class: StayClass,
    /// Whether it comes with a period of stay.
    pub limited: bool,
    /// Whether it gives a resident record.
    pub record: bool,
    /// First day it exists, where that is to come or was not long ago.
    pub from: Option<Date>,
    /// Last day it is granted.
    pub to: Option<Date>,
}

/// Every status of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResidenceStatuses(Vec<ResidenceStatus>);

impl ResidenceStatuses {
    /// The statuses, in order.
    pub fn new(statuses: Vec<ResidenceStatus>) -> Self {
        Self(statuses)
    }

    /// The statuses, in order.
    pub fn iter(&self) -> impl Iterator<Item = &ResidenceStatus> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The status that is written like this on a day; digits in either width, signs and blanks
    /// between words do not count.
    pub fn find(&self, text: &str, on: Date) -> Option<&ResidenceStatus> {
        let sought = folded(text);
        let in_force = |one: &ResidenceStatus| {
            one.from.is_none_or(|from| from <= on) && one.to.is_none_or(|to| on <= to)
        };
        let mut known = self.0.iter();
        known.find(|one| folded(&one.name) == sought && in_force(one))
    }
}

fn folded(text: &str) -> String {
    let mut folded = half_digits(text);
    folded.retain(|c| !c.is_whitespace() && !matches!(c, '・' | '･' | '「' | '」' | '（' | '）'));
    folded
}

/// A period of stay (在留期間), as far as it is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Years, months and days, as months and days.
    Limited {
        /// Months, with twelve of each year.
        months: u32,
        /// Days.
        days: u32,
    },
    /// Without an end.
    Endless,
}

impl Period {
    /// `5年`, `4年3月`, `３か月`, `90日`, `無期限`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut text = half_digits(text);
        text.retain(|c| {
            !c.is_whitespace() && !matches!(c, 'か' | 'カ' | 'ヶ' | 'ケ' | 'ヵ' | '箇' | '間')
        });
        if ENDLESS.contains(&text.as_str()) {
            return Some(Self::Endless);
        }
        let (mut months, mut days) = (0_u32, 0_u32);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (count, behind) = rest.split_at_checked(end)?;
            let count: u32 = count.parse().ok()?;
            let unit = behind.chars().next()?;
            match unit {
                '年' => months = months.checked_add(count.checked_mul(12)?)?,
                '月' => months = months.checked_add(count)?,
                '日' => days = days.checked_add(count)?,
                _ => return None,
            }
            rest = behind.get(unit.len_utf8()..)?;
        }
        (months > 0 || days > 0).then_some(Self::Limited { months, days })
    }

    /// Whether it is too short for a resident record.
    pub const fn is_short(self) -> bool {
        match self {
            Self::Limited { months, days } => {
                (months <= SHORT_MONTHS && days == 0) || (months == 0 && days <= SHORT_DAYS)
            }
            Self::Endless => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn periods_are_read_as_cards_write_them() {
        let limited = |months, days| Some(Period::Limited { months, days });
        for (text, period) in [
            ("5年", limited(60, 0)),
            ("４年３月", limited(51, 0)),
            ("３か月", limited(3, 0)),
            ("90日", limited(0, 90)),
            ("無期限", Some(Period::Endless)),
            ("", None),
            ("0年", None),
            ("***", None),
            ("3", None),
            ("年", None),
            ("99999999999年", None),
        ] {
            assert_eq!(Period::parse(text), period, "{text}");
        }
    }

    #[test]
    fn three_months_are_short_and_a_day_more_is_not() {
        for (text, short) in [
            ("3月", true),
            ("90日", true),
            ("15日", true),
            ("3月1日", false),
            ("4月", false),
            ("6月", false),
            ("1年", false),
            ("無期限", false),
        ] {
            assert_eq!(Period::parse(text).unwrap().is_short(), short, "{text}");
        }
    }

    #[test]
    fn status_is_found_in_either_width_and_on_its_days() {
        let status = |name: &str, from| ResidenceStatus {
            name: name.to_owned(),
            english: String::new(),
            class: StayClass::MidLong,
            limited: true,
            record: true,
            from,
            to: None,
        };
        let known = ResidenceStatuses::new(vec![
            status("技能実習１号ロ", None),
            status("技術・人文知識・国際業務", None),
            status("育成就労", Some(date(2027, 4, 1))),
        ]);
        let today = date(2026, 11, 21);
        for text in ["技能実習1号ロ", "技能実習 １号ロ", "技術人文知識国際業務"]
        {
            assert!(known.find(text, today).is_some(), "{text}");
        }
        assert!(known.find("技能実習", today).is_none());
        assert!(known.find("育成就労", today).is_none());
        assert!(known.find("育成就労", date(2027, 4, 1)).is_some());
    }
}

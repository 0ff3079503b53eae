//! Eras of the Japanese calendar (和暦), from Meiji on.

use jiff::civil::Date;

/// An era, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// 明治.
    Meiji,
    /// 大正.
    Taisho,
    /// 昭和.
    Showa,
    /// 平成.
    Heisei,
    /// 令和.
    Reiwa,
}

/// First day of the solar calendar in Japan; earlier dates stay text.
pub(crate) const SOLAR_CALENDAR: Date = Date::constant(1873, 1, 1);

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Self; 5] = [
        Self::Meiji,
        Self::Taisho,
        Self::Showa,
        Self::Heisei,
        Self::Reiwa,
    ];

    /// First day.
    pub const fn start(self) -> Date {
        match self {
            Self::Meiji => Date::constant(1868, 1, 25),
            Self::Taisho => Date::constant(1912, 7, 30),
            Self::Showa => Date::constant(1926, 12, 25),
            Self::Heisei => Date::constant(1989, 1, 8),
            Self::Reiwa => Date::constant(2019, 5, 1),
        }
    }

    /// Last day still written in this era; the day of change belongs to both where the law read
    /// it so (1912-07-30 and 1926-12-25).
    pub const fn end(self) -> Date {
        match self {
            Self::Meiji => Date::constant(1912, 7, 30),
            Self::Taisho => Date::constant(1926, 12, 25),
            Self::Showa => Date::constant(1989, 1, 7),
            Self::Heisei => Date::constant(2019, 4, 30),
            Self::Reiwa => Date::MAX,
        }
    }

    /// The era a day is printed in; Meiji for everything before.
    pub fn of(day: Date) -> Self {
        Self::ALL
            .into_iter()
            .rev()
            .find(|era| era.start() <= day)
            .unwrap_or(Self::Meiji)
    }

    /// Name in kanji.
    pub const fn kanji(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// Letter used on forms.
    pub const fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// The era of a letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        let letter = letter.to_ascii_uppercase();
        Self::ALL.into_iter().find(|era| era.letter() == letter)
    }

    /// Western year of the era's first year.
    pub fn first_year(self) -> i16 {
        self.start().year()
    }

    /// Year of this era as printed: `元` for the first.
    pub fn year_text(self, western_year: i16) -> String {
        match western_year - self.first_year() + 1 {
            1 => "元".to_owned(),
            year => year.to_string(),
        }
    }

    /// Takes an era from the front of `text`: its name, its first kanji, its one-letter sign or
    /// its letter.
    pub(crate) fn take(text: &str) -> Option<(Self, &str)> {
        const SIGNS: [&str; 5] = ["㍾", "㍽", "㍼", "㍻", "㋿"];
        const FIRST: [&str; 5] = ["明", "大", "昭", "平", "令"];
        let by_text = |names: [&str; 5]| {
            Self::ALL
                .into_iter()
                .zip(names)
                .find_map(|(era, name)| text.strip_prefix(name).map(|rest| (era, rest)))
        };
        let by_letter = || {
            let mut letters = text.chars();
            let era = Self::from_letter(letters.next()?)?;
            Some((era, letters.as_str()))
        };
        by_text(Self::ALL.map(Self::kanji))
            .or_else(|| by_text(SIGNS))
            .or_else(|| by_text(FIRST))
            .or_else(by_letter)
    }
}

//! Ages. A person becomes n at the end of the day before the birthday (年齢計算ニ関スル法律), so
//! somebody born on 1 April belongs to the earlier school year.

use jiff::civil::Date;

use crate::date::{FuzzyDate, anniversary, day_before};

/// Full years on a day, counted by birthdays.
pub fn age_on(birth: Date, on: Date) -> i16 {
    let years = on.year() - birth.year();
    match anniversary(birth, years) {
        Some(birthday) if birthday <= on => years,
        Some(_) | None => years - 1,
    }
}

/// The day on which an age is attained in law: the day before the birthday.
pub fn attained_on(birth: Date, age: i16) -> Option<Date> {
    day_before(anniversary(birth, age)?)
}

/// Age on a day when all days `birth` may be agree; `None` otherwise.
pub fn known_age_on(birth: &FuzzyDate, on: Date) -> Option<i16> {
    agree(birth, |birth| Some(age_on(birth, on)))
}

/// Until the first 31 March on or after the day `age` is attained (18歳到達後最初の3月31日まで).
pub fn within_school_year_of(birth: &FuzzyDate, age: i16, on: Date) -> Option<bool> {
    agree(birth, |birth| {
        let attained = attained_on(birth, age)?;
        Some(on <= first_on_or_after(attained, 3, 31)?)
    })
}

/// Age of compulsory schooling: from the first 1 April after six is attained to the 31 March of
/// the school year in which fifteen is attained.
pub fn compulsory_school(birth: &FuzzyDate, on: Date) -> Option<bool> {
    agree(birth, |birth| {
        let from = first_on_or_after(anniversary(birth, 6)?, 4, 1)?;
        let until = first_on_or_after(attained_on(birth, 15)?, 3, 31)?;
        Some(from <= on && on <= until)
    })
}

fn first_on_or_after(day: Date, month: i8, day_of_month: i8) -> Option<Date> {
    let this_year = Date::new(day.year(), month, day_of_month).ok()?;
    if day <= this_year {
        return Some(this_year);
    }
    Date::new(day.year().checked_add(1)?, month, day_of_month).ok()
}

/// With an unknown day the rule must hold the same for both ends, otherwise nothing is known.
fn agree<T: PartialEq>(birth: &FuzzyDate, rule: impl Fn(Date) -> Option<T>) -> Option<T> {
    let (first, last) = birth.interval()?;
    let earliest = rule(first)?;
    (earliest == rule(last)?).then_some(earliest)
}

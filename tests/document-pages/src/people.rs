//! Invented households about to move: everything a move-out certificate says of them.

use counter_addresses::Addresses;
use fastrand::Rng;

use crate::names::{BUILDINGS, MEN, SURNAMES, WOMEN};

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_field_names,
    reason = "a day is said as year, month and day"
)]
pub(crate) struct Day {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl Day {
    /// `2026-10-07`.
    pub(crate) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    fn random(random: &mut Rng, years: std::ops::Range<u16>) -> Self {
        Self {
            year: random.u16(years),
            month: random.u8(1..=12),
            day: random.u8(1..=28),
        }
    }
}

/// From here on in the medical care of the very old.
const OLD_AGE: u16 = 75;
/// From here on insured for long-term care in their own right.
const CARE_AGE: u16 = 65;

/// One person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) surname: (&'static str, &'static str),
    pub(crate) given: (&'static str, &'static str),
    pub(crate) birth: Day,
    pub(crate) is_male: bool,
    pub(crate) relation: &'static str,
    pub(crate) individual_number: String,
    pub(crate) resident_code: String,
    pub(crate) health_insurance: bool,
    pub(crate) pension: &'static str,
    pub(crate) child_allowance: &'static str,
}

impl Person {
    /// Both parts with an ideographic space.
    pub(crate) fn name(&self) -> String {
        format!("{}\u{3000}{}", self.surname.0, self.given.0)
    }

    /// The same in kana.
    pub(crate) fn kana(&self) -> String {
        format!("{}\u{3000}{}", self.surname.1, self.given.1)
    }

    pub(crate) fn late_elderly(&self) -> bool {
        age(self.birth) >= OLD_AGE
    }

    pub(crate) fn long_term_care(&self) -> bool {
        age(self.birth) >= CARE_AGE
    }
}

/// A household.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) members: Vec<Person>,
    pub(crate) head: String,
    pub(crate) old_address: String,
    pub(crate) new_address: String,
    pub(crate) domicile: String,
    pub(crate) register_head: String,
    pub(crate) moves: Day,
    pub(crate) filed: Day,
    pub(crate) city: String,
    pub(crate) number: u32,
}

/// A household of `members` persons.
pub(crate) fn household(random: &mut Rng, towns: &Towns<'_>, members: usize) -> Household {
    let surname = *pick(random, &SURNAMES);
    let head_year = random.u16(1946..2004);
    let mut people: Vec<Person> = Vec::new();
    for place in 0..members {
        people.push(person(random, surname, place, head_year));
    }
    let head_moves = random.f32() < 0.8;
    if !head_moves && let Some(first) = people.first_mut() {
        first.relation = "子";
    }
    let stays = format!("{}\u{3000}{}", surname.0, pick(random, &MEN).0);
    let head = people
        .first()
        .filter(|_| head_moves)
        .map_or_else(|| stays.clone(), Person::name);
    let register_head = if random.f32() < 0.8 {
        head.clone()
    } else {
        stays
    };
    let (old_address, city) = towns.address(random, true);
    let (new_address, _) = towns.address(random, true);
    let (domicile, _) = towns.address(random, false);
    let moves = Day {
        year: 2026,
        month: random.u8(9..=12),
        day: random.u8(8..=28),
    };
    Household {
        head,
        old_address,
        new_address,
        domicile,
        register_head,
        moves,
        filed: Day {
            day: moves.day - random.u8(0..7),
            ..moves
        },
        city,
        number: random.u32(12..99_999),
        members: people,
    }
}

fn person(
    random: &mut Rng,
    surname: (&'static str, &'static str),
    place: usize,
    head_year: u16,
) -> Person {
    let (relation, is_male, years) = match place {
        0 => ("世帯主", random.f32() < 0.7, head_year..head_year + 1),
        1 => ("妻", false, head_year.max(1950) - 4..head_year + 5),
        5 => ("母", false, head_year - 30..head_year - 20),
        _ => (
            "子",
            random.bool(),
            (head_year + 22).min(2024)..(head_year + 34).clamp(2025, 2026),
        ),
    };
    let years = if years.is_empty() { 2020..2026 } else { years };
    let birth = Day::random(random, years);
    let age = age(birth);
    let given = if is_male {
        pick(random, &MEN)
    } else {
        pick(random, &WOMEN)
    };
    let insured = random.f32() < 0.45;
    Person {
        surname,
        given: *given,
        birth,
        is_male,
        relation,
        individual_number: checked_number(random, 11),
        resident_code: checked_number(random, 10),
        health_insurance: insured && age < OLD_AGE,
        pension: match age {
            20..60 if insured => "第1号",
            20..60 => pick::<&str>(random, &["第2号", "第3号", "無"]),
            _ => "無",
        },
        child_allowance: match (place, age) {
            (0, 20..50) => pick::<&str>(random, &["受給者", "無"]),
            (_, 0..18) => "対象児童",
            _ => "無",
        },
    }
}

/// Years in the year of the move.
fn age(birth: Day) -> u16 {
    2026_u16.saturating_sub(birth.year)
}

/// One of a list.
pub(crate) fn pick<'l, T>(random: &mut Rng, list: &'l [T]) -> &'l T {
    &list[random.usize(0..list.len())]
}

/// Random digits and the check digit of individual numbers and resident record codes (weights 2 to
/// 7 from the right, modulo eleven).
fn checked_number(random: &mut Rng, digits: usize) -> String {
    let mut number: Vec<u32> = (0..digits).map(|_| random.u32(0..10)).collect();
    let sum: u32 = number
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let rest = sum % 11;
    number.push(if rest <= 1 { 0 } else { 11 - rest });
    number.iter().map(u32::to_string).collect()
}

/// Towns to make addresses of.
pub(crate) struct Towns<'a> {
    all: Vec<(usize, &'a str)>,
    addresses: &'a Addresses,
}

impl<'a> Towns<'a> {
    pub(crate) fn new(addresses: &'a Addresses) -> Self {
        let all = addresses
            .towns()
            .filter(|town| !town.name.is_empty() && town.name.chars().count() < 9)
            .map(|town| {
                (
                    usize::try_from(town.municipality).unwrap_or(0),
                    town.name.as_str(),
                )
            })
            .collect();
        Self { all, addresses }
    }

    /// An address and its municipality. A registered domicile has no building.
    fn address(&self, random: &mut Rng, may_have_building: bool) -> (String, String) {
        let (municipality, town) = *pick(random, &self.all);
        let Some(city) = self.addresses.municipalities().get(municipality) else {
            return (String::new(), String::new());
        };
        let (one, two, three) = (random.u16(1..9), random.u16(1..40), random.u16(1..30));
        let number = match random.u8(0..6) {
            0 => format!("{one}丁目{two}番{three}号"),
            1 => format!("{two}番地"),
            2 => format!("{}番地の{three}", random.u16(100..3000)),
            3 if may_have_building => format!("{one}-{two}-{three}"),
            4 => format!("{}番地{three}", random.u16(10..900)),
            _ => format!("{}", random.u16(10..3000)) + if may_have_building { "" } else { "番" },
        };
        let building = if may_have_building && random.f32() < 0.35 {
            format!(
                "\u{3000}{}{}",
                pick(random, &BUILDINGS),
                random.u16(101..909)
            )
        } else {
            String::new()
        };
        let text = format!("{}{}{town}{number}{building}", city.prefecture, city.name);
        (text, city.name.clone())
    }
}

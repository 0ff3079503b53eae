//! How many questions the interview needs, beside fixed lists of questions.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "the means are for people to read")]

use counter_guide::catalogue::{Fact, FactType, Level};
use counter_guide::{AskGroup, Catalogue, FactValue, Facts, Guide, Session};

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(of.len()).unwrap());
        &of[usize::try_from(at).unwrap()]
    }
}

/// A household: what the documents say, and what its people would answer.
struct Household {
    known: Facts,
    truth: Facts,
}

const EVENTS: [&str; 12] = [
    "move_in",
    "move_in",
    "move_in",
    "move_in",
    "move_within",
    "move_within",
    "move_out",
    "move_out",
    "move_in_abroad",
    "birth",
    "death",
    "hh_head",
];

fn household(guide: &Guide, dice: &mut Dice) -> Household {
    let mut known = Facts::default();
    let event = *dice.one(&EVENTS);
    known.set("ev.type", None, event);
    let ages: &[i64] = match dice.below(8) {
        0 | 1 => &[27],
        2 => &[31, 29],
        3 => &[38, 36, 7],
        4 => &[44, 41, 14, 11, 5],
        5 => &[35, 4],
        6 => &[78, 75],
        _ => &[52, 47, 19, 16, 81],
    };
    for (number, age) in (1_u8..).zip(ages) {
        let foreign = dice.below(12) == 0;
        known.set("age", Some(number), *age);
        known.set("japanese", Some(number), !foreign);
        known.set("moving", Some(number), event != "hh_head" || number == 1);
        known.set("is_head", Some(number), number == 1);
        known.set("was_head", Some(number), number == 1);
        if number % 2 == 1 {
            known.set("pregnant", Some(number), false);
        }
    }
    let last = u8::try_from(ages.len()).unwrap();
    match event {
        "death" => known.set("deceased", Some(last), true),
        "birth" if last > 1 => {
            known.set("mother_new", Some(2), true);
            known.set("age", Some(last + 1), 0);
            known.set("newborn", Some(last + 1), true);
            known.set("moving", Some(last + 1), true);
        }
        _ => {}
    }
    let mut truth = known.clone();
    for fact in guide.catalogue().facts() {
        let members: Vec<u8> = known.members.iter().map(|member| member.number).collect();
        match fact.level {
            Level::Event | Level::Household => truth.set(&fact.name, None, answer(fact, dice)),
            Level::Member => {
                for number in members {
                    let said = answer(fact, dice);
                    truth.set(&fact.name, Some(number), said);
                }
            }
        }
    }
    Household { known, truth }
}

/// An answer, as often as the catalogue says; one in thirty does not know.
fn answer(fact: &Fact, dice: &mut Dice) -> FactValue {
    let percent = |name: &str| {
        let found = fact.likely.iter().find(|(of, _)| of == name);
        found.map(|(_, percent)| u64::from(*percent))
    };
    if dice.below(30) == 0 {
        return FactValue::Unknown;
    }
    let yes = dice.below(100) < percent("yes").unwrap_or(50);
    match fact.kind {
        FactType::Flag => yes.into(),
        FactType::Count => i64::from(yes).into(),
        FactType::Choice => {
            let mut left = dice.below(100);
            for (name, _) in &fact.values {
                let weight = percent(name).unwrap_or(1);
                if left < weight {
                    return name.as_str().into();
                }
                left -= weight;
            }
            fact.values[0].0.as_str().into()
        }
    }
}

/// Questions and answers until nothing is left to ask.
fn play(
    guide: &Guide,
    household: &Household,
    next: impl Fn(Vec<AskGroup>) -> AskGroup,
) -> (u32, u32, f64) {
    let mut session = Session::new(guide, &household.known);
    let (mut questions, mut rows, mut cost) = (0, 0, 0.0);
    loop {
        let open = session.guidance().questions;
        if open.is_empty() {
            return (questions, rows, cost);
        }
        let group = next(open);
        questions += 1;
        let fact = guide.catalogue().fact(&group.fact).unwrap();
        cost += f64::from(fact.cost_percent) / 100.0;
        let members: Vec<Option<u8>> = if group.members.is_empty() {
            vec![None]
        } else {
            group.members.iter().copied().map(Some).collect()
        };
        for member in members {
            rows += 1;
            let said = match member {
                None => household
                    .truth
                    .event
                    .get(&group.fact)
                    .or(household.truth.household.get(&group.fact)),
                Some(number) => {
                    let of = household
                        .truth
                        .members
                        .iter()
                        .find(|one| one.number == number);
                    of.and_then(|one| one.facts.get(&group.fact))
                }
            };
            session.answer(&group.fact, member, said.unwrap().clone());
        }
    }
}

/// Mean questions, rows and cost over all households.
fn mean(
    guide: &Guide,
    households: &[Household],
    next: impl Fn(Vec<AskGroup>) -> AskGroup,
) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for household in households {
        let (questions, rows, cost) = play(guide, household, &next);
        for (sum, one) in sums
            .iter_mut()
            .zip([f64::from(questions), f64::from(rows), cost])
        {
            *sum += one;
        }
    }
    sums.map(|sum| sum / f64::from(u32::try_from(households.len()).unwrap()))
}

fn first_of(order: &[String], open: Vec<AskGroup>) -> AskGroup {
    let place = |group: &AskGroup| order.iter().position(|fact| *fact == group.fact);
    open.into_iter().min_by_key(place).unwrap()
}

#[test]
fn interview_needs_fewer_questions_than_any_fixed_list() {
    let guide = Guide::new(Catalogue::bundled().unwrap());
    let mut dice = Dice(20_261_121);
    let households: Vec<_> = (0..150).map(|_| household(&guide, &mut dice)).collect();
    let best = mean(&guide, &households, |open| open.into_iter().next().unwrap());

    let in_catalogue: Vec<String> = guide
        .catalogue()
        .facts()
        .iter()
        .map(|fact| fact.name.clone())
        .collect();
    let mut by_readers = in_catalogue.clone();
    by_readers.sort_by_key(|fact| {
        let reads = |rule: &str| rule.contains(fact.as_str());
        std::cmp::Reverse(
            guide
                .catalogue()
                .procedures()
                .iter()
                .filter(|one| reads(&one.when))
                .count(),
        )
    });
    let mut orders = vec![in_catalogue.clone(), by_readers];
    for _ in 0..8 {
        let mut rest = in_catalogue.clone();
        let mut order = Vec::new();
        while !rest.is_empty() {
            let at = usize::try_from(dice.below(u64::try_from(rest.len()).unwrap())).unwrap();
            order.push(rest.swap_remove(at));
        }
        orders.push(order);
    }
    let fixed: Vec<[f64; 3]> = orders
        .iter()
        .map(|order| mean(&guide, &households, |open| first_of(order, open)))
        .collect();
    let least = |column: usize| {
        fixed
            .iter()
            .map(|means| means[column])
            .fold(f64::MAX, f64::min)
    };
    println!(
        "questions a household: {:.2} (best fixed order of {}: {:.2}, in catalogue order: {:.2}); answers {:.2} (best fixed: {:.2}); cost {:.2} (best fixed {:.2})",
        best[0],
        orders.len(),
        least(0),
        fixed[0][0],
        best[1],
        least(1),
        best[2],
        least(2),
    );
    assert!(best[0] < least(0), "{best:?} {fixed:?}");
    assert!(best[1] < least(1), "{best:?} {fixed:?}");
}

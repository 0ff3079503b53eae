//! What is proposed for whoever is in the case: the reservation and certificate data that match the
//! four basic items, or the paper when nothing does.

use std::cmp::Reverse;

use counter_api::FlowProposal;
use counter_domain::draft::Source;
use counter_domain::prepared::{FourItems, Item, Match, PreparedKind, uses_of};
use jiff::civil::Date;

use super::{Uses, Waiting, is_move_in};
use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::records::Records;
use crate::texts::{sentence, word};

impl<R: Records> Desk<R> {
    /// The proposal for a case; `None` while nobody is in it, or nothing is left to propose.
    pub(super) fn proposal(&self, visit: &Visit, others: &Uses) -> Option<FlowProposal> {
        if !is_move_in(visit) {
            return None;
        }
        let known = FourItems {
            name: visit.text("member.1.name"),
            address: visit.text("address.old"),
            birth_date: visit.text("member.1.birth_date"),
            sex: visit.text("member.1.sex"),
        };
        if known.name.is_empty() || known.birth_date.is_empty() {
            return None;
        }
        let uses = uses_of(visit.draft());
        let is_used = |kind| uses.iter().any(|used| used.kind == kind);
        let matches: Vec<(&Waiting, Match)> = PreparedKind::ALL
            .into_iter()
            .filter(|kind| !is_used(*kind))
            .filter_map(|kind| self.best(kind, &known))
            .collect();
        let flow = match matches.first() {
            Some((entry, _)) if entry.prepared.kind == PreparedKind::Reservation => "oss",
            Some(_) if is_used(PreparedKind::Reservation) => "oss",
            Some(_) => "card",
            None if uses.is_empty() => return self.nothing_found(visit),
            None => return None,
        };
        let differs: Vec<Item> = matches
            .iter()
            .flat_map(|(_, found)| found.differs.clone())
            .collect();
        let take: Vec<_> = matches
            .iter()
            .map(|(entry, _)| self.prepared_row(entry, others))
            .collect();
        let title = match take.as_slice() {
            [_, _] => "both",
            [one] if one.kind == PreparedKind::Reservation => "reservation_found",
            _ => "move_out_found",
        };
        Some(FlowProposal {
            flow: flow.to_owned(),
            title: word("proposal", title),
            why: why(&differs),
            differs: !differs.is_empty(),
            take,
        })
    }

    /// Nothing fits whom the card or staff named: the paper is asked for.
    fn nothing_found(&self, visit: &Visit) -> Option<FlowProposal> {
        let name = visit.draft().field(&"member.1.name".into())?.shown;
        let is_read = matches!(
            name.source,
            Source::Chip | Source::LicenceChip | Source::ResidenceChip | Source::PassportChip
        );
        let undecided = visit.event().1 != "paper";
        (is_read && undecided && !self.reservations.pools.is_empty()).then(|| FlowProposal {
            flow: "paper".to_owned(),
            title: word("proposal", "nothing"),
            why: word("proposal", "nothing_why"),
            differs: false,
            take: Vec::new(),
        })
    }

    /// The one that fits best and lies nearest to today.
    fn best(&self, kind: PreparedKind, known: &FourItems<'_>) -> Option<(&Waiting, Match)> {
        let today = self.today();
        let away = |entry: &Waiting| {
            let day = entry.prepared.day.parse::<Date>().ok();
            day.map_or(i32::MAX, |day| (day - today).get_days().abs())
        };
        self.all()
            .filter(|entry| entry.prepared.kind == kind)
            .filter_map(|entry| Some((entry, entry.prepared.find(known)?)))
            .min_by_key(|(entry, found)| {
                (
                    found.differs.len(),
                    away(entry),
                    Reverse(entry.prepared.number.clone()),
                )
            })
    }
}

fn why(differs: &[Item]) -> String {
    let mut labels: Vec<String> = Vec::new();
    for item in differs {
        let label = word(
            "proposal",
            match item {
                Item::Name => "name",
                Item::Address => "address",
                Item::Sex => "sex",
            },
        );
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    if labels.is_empty() {
        word("proposal", "same")
    } else {
        sentence("proposal", "differs", &[("items", &labels.join("・"))])
    }
}

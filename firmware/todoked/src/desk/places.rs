//! Places offered under the address fields of a reception.

use counter_addresses::{Suggestion, Wanted};
use counter_api::{Notice, PlaceRow, PlacesView};
use counter_domain::draft::Source;
use counter_domain::ids::CaseId;
use counter_domain::protection::tells_where;

use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::fields::fields;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, word};

/// A longer text is no place any more.
const TYPED_CHARS_MAX: usize = 100;

/// What is offered, for which field of which case. Lost with the process.
#[derive(Debug, Default)]
pub(super) struct Offered {
    case: Option<CaseId>,
    path: String,
    typed: String,
    places: Vec<Suggestion>,
}

/// Which places a field takes; `None` when it is no address.
fn wanted(path: &str) -> Option<Wanted> {
    if path.starts_with("domicile.") {
        let place = path
            .rsplit_once('.')
            .is_some_and(|(_, last)| last == "place");
        return place.then_some(Wanted::Domicile);
    }
    let last = path.rsplit_once('.').map(|(_, last)| last);
    let address = path.starts_with("address.") || last == Some("address");
    (address && last != Some("building")).then_some(Wanted::Address)
}

/// Where the building of an address goes.
fn building_of(path: &str) -> Option<String> {
    let path = format!("{path}.building");
    fields().find(&path).map(|_| path)
}

impl<R: Records> Desk<R> {
    /// What is stored of an address that was read in one piece: the building goes into a field of
    /// its own where the event has one and it can be told from the number.
    pub(super) fn read_address(
        &self,
        visit: &Visit,
        path: &str,
        text: &str,
        source: Source,
    ) -> Vec<Entry> {
        let beside = building_of(path).filter(|beside| visit.plan().find(beside).is_some());
        match beside.zip(self.places.parted(text)) {
            Some((beside, (address, building))) => vec![
                Entry::text(path, address, source),
                Entry::text(beside, building, source),
            ],
            None => vec![Entry::text(path, text, source)],
        }
    }

    /// Looks for places while somebody types; nothing of it is stored.
    pub(super) fn find_places(&mut self, path: &str, text: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let case = visit.case();
        let hidden = tells_where(&path.into()) && !self.may_see_where(visit);
        let wanted = wanted(path).filter(|_| !hidden && fields().find(path).is_some());
        let Some(wanted) = wanted.filter(|_| text.chars().count() <= TYPED_CHARS_MAX) else {
            self.offered = Offered::default();
            return Ok(());
        };
        self.offered = Offered {
            case: Some(case),
            path: path.to_owned(),
            typed: text.to_owned(),
            places: self.places.suggest(text, wanted, &self.place.city),
        };
        Ok(())
    }

    pub(super) fn close_places(&mut self) {
        self.offered = Offered::default();
    }

    /// Puts a place that was offered into its field, and its building beside it.
    pub(super) fn take_place(
        &mut self,
        path: &str,
        text: &str,
        building: &str,
    ) -> Result<(), Notice> {
        let visit = self.editable()?;
        let offered = self.offered.places.iter();
        let mut same = offered.filter(|one| one.text == text && one.building == building);
        if self.offered.path != path || same.next().is_none() {
            return Err(notice(Code::NotPossibleNow));
        }
        let mut entries = Vec::new();
        if visit.text(path) != text {
            entries.push(Entry::text(path, text, Source::Staff));
        }
        if !building.is_empty()
            && let Some(beside) = building_of(path)
            && visit.text(&beside).is_empty()
        {
            entries.push(Entry::text(beside, building, Source::Staff));
        }
        self.close_places();
        if entries.is_empty() {
            return Ok(());
        }
        self.store(&entries)
    }

    pub(super) fn places_view(&self, visit: &Visit) -> Option<PlacesView> {
        let offered = &self.offered;
        let shown = offered.case == Some(visit.case()) && !offered.places.is_empty();
        shown.then(|| PlacesView {
            path: offered.path.clone(),
            typed: offered.typed.clone(),
            places: offered.places.iter().map(row).collect(),
        })
    }
}

fn row(place: &Suggestion) -> PlaceRow {
    let gone = word("places", "gone");
    let about = [
        if place.is_abolished {
            gone.as_str()
        } else {
            ""
        },
        &place.postal_code,
        &place.kana,
    ];
    let about = about.into_iter().filter(|part| !part.is_empty());
    PlaceRow {
        text: place.text.clone(),
        building: place.building.clone(),
        about: about.collect::<Vec<_>>().join("　"),
    }
}

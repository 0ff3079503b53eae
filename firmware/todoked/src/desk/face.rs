//! The face of the card that was read: what staff compare with the card in the hand, with the
//! chip's text and with whoever stands before them.
//!
//! It is in memory for as long as the reception is entered, never in the database, never in a
//! resident's view; a counter that starts again has forgotten it.

use counter_api::{FaceFinding, FaceVerdict, FaceView, Step};
use identity_cards::{CertificateSeen, Genuineness, Standing};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::cards::is_forged;
use crate::desk::Desk;
use crate::desk::checks::date_in_words;
use crate::desk::visit::Visit;
use crate::devices::{CardFacts, CardLies, FaceFacts, OtherCard};
use crate::records::Records;
use crate::texts::{Code, sentence, word};

/// From so many months before its end a certificate may be renewed.
const RENEWAL_MONTHS: i32 = 3;

/// What stays of a reading while the reception is entered. Debug hides it.
pub(super) struct Face {
    /// Person of the case.
    member: u8,
    /// What the chip said.
    facts: CardFacts,
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Face(member {}, hidden)", self.member)
    }
}

impl Face {
    /// What is kept after a card was read; the face of another person goes away, that of the same
    /// stays although the newer reading did not open it.
    pub(super) fn after(before: Option<Self>, member: u8, facts: &CardFacts) -> Self {
        let mut facts = facts.clone();
        let kept = before.filter(|face| face.member == member && same_card(&face.facts, &facts));
        if facts.face.is_none() {
            facts.face = kept.and_then(|face| face.facts.face);
        }
        Self { member, facts }
    }
}

fn same_card(one: &CardFacts, other: &CardFacts) -> bool {
    one.card == other.card && one.name == other.name && one.birth_date == other.birth_date
}

/// What must be told at once about a card that was read; `None` when nothing speaks against it.
pub(super) fn alarm(facts: &CardFacts) -> Option<Code> {
    let face = facts.face.as_ref();
    let certificate = facts.certificate.map(|seen| seen.standing);
    if face.is_some_and(|face| is_forged(face.genuineness)) || certificate == Some(Standing::Forged)
    {
        return Some(Code::CardForged);
    }
    face.is_some_and(|face| !differing(facts, face).is_empty())
        .then_some(Code::CardFaceDiffers)
}

/// Items that the text and the face of one chip say differently.
fn differing(facts: &CardFacts, face: &FaceFacts) -> Vec<&'static str> {
    let items = [
        ("birth_date", &facts.birth_date, &face.birth_date),
        ("sex", &facts.sex, &face.sex),
    ];
    let differ =
        |one: &String, other: &String| !one.is_empty() && !other.is_empty() && one != other;
    let differing = items.into_iter().filter(|item| differ(item.1, item.2));
    differing.map(|(name, _, _)| name).collect()
}

impl<R: Records> Desk<R> {
    /// Shown while it is looked at, and not when the reception is handed in.
    pub(super) fn face_view(&self, visit: &Visit) -> Option<FaceView> {
        let looked_at = matches!(visit.step, Step::Documents | Step::Identity);
        let face = visit.face.as_ref()?;
        if !looked_at || !visit.is_editable() || !visit.members().contains(&face.member) {
            return None;
        }
        let facts = &face.facts;
        let pictures = facts.face.as_ref();
        let picture = |pick: fn(&FaceFacts) -> &str| pictures.map_or("", pick).to_owned();
        let hides_where = !self.may_see_where(visit);
        Some(FaceView {
            member: face.member,
            member_name: visit.name_of(face.member),
            photo: picture(|face| &face.photo),
            name: picture(|face| &face.name),
            address: if hides_where {
                String::new()
            } else {
                picture(|face| &face.address)
            },
            // The whole front shows where somebody lives.
            front: if hides_where {
                String::new()
            } else {
                picture(|face| &face.front)
            },
            name_text: facts.name.clone(),
            address_text: if hides_where {
                String::new()
            } else {
                facts.address.clone()
            },
            findings: findings(facts, self.today()),
            more_by_number: pictures.is_none()
                && matches!(self.card, CardLies::MyNumber { number_b_tries_left, .. } if number_b_tries_left > 0),
        })
    }
}

fn findings(facts: &CardFacts, today: Date) -> Vec<FaceFinding> {
    let mut all = Vec::new();
    if let Some(face) = &facts.face {
        let differing = differing(facts, face);
        all.push(if differing.is_empty() {
            opened(facts.card)
        } else {
            let names: Vec<String> = differing.iter().map(|name| word("face", name)).collect();
            finding(FaceVerdict::Wrong, "differs", ("items", &names.join("・")))
        });
        if !face.roman_name.is_empty() {
            let name = ("name", face.roman_name.as_str());
            all.push(finding(FaceVerdict::Look, "roman", name));
        }
        all.extend(signature(face.genuineness));
        all.extend(validity(&face.expires, today));
        if !face.is_whole {
            all.push(finding(FaceVerdict::Look, "not_whole", ("items", "")));
        }
    }
    all.extend(facts.certificate.and_then(|seen| certificate(seen, today)));
    all.sort_by_key(|one| one.verdict);
    all
}

/// How the chip was opened, and what that says of what is printed.
fn opened(card: Option<OtherCard>) -> FaceFinding {
    match card {
        None | Some(OtherCard::Residence) => right("matches", ""),
        Some(OtherCard::DriversLicence) => finding(FaceVerdict::Look, "opened_by_pin", ("day", "")),
        Some(OtherCard::Passport) => right("opened_by_print", ""),
    }
}

fn finding(verdict: FaceVerdict, name: &str, value: (&str, &str)) -> FaceFinding {
    FaceFinding {
        verdict,
        text: sentence("face", name, &[value]),
    }
}

fn right(name: &str, day: &str) -> FaceFinding {
    finding(FaceVerdict::Right, name, ("day", day))
}

fn signature(verdict: Genuineness) -> Option<FaceFinding> {
    match verdict {
        Genuineness::Genuine => Some(right("genuine", "")),
        Genuineness::AuthorityUnknown => {
            Some(finding(FaceVerdict::Look, "authority_unknown", ("day", "")))
        }
        Genuineness::KeyUnknown => Some(finding(FaceVerdict::Look, "key_unknown", ("day", ""))),
        Genuineness::Forged => Some(finding(FaceVerdict::Wrong, "forged", ("day", ""))),
        Genuineness::NotSigned | Genuineness::NotChecked => None,
    }
}

fn validity(expires: &str, today: Date) -> Option<FaceFinding> {
    let day: Date = expires.parse().ok()?;
    let words = date_in_words(expires);
    Some(if day < today {
        finding(FaceVerdict::Wrong, "expired", ("day", &words))
    } else {
        right("valid", &words)
    })
}

/// The last day by the clocks of Japan; `None` for a time no clock shows.
fn certificate(seen: CertificateSeen, today: Date) -> Option<FaceFinding> {
    let ends = Timestamp::from_second(seen.ends).ok()?;
    let japan = TimeZone::fixed(jiff::tz::offset(9));
    let last = ends.to_zoned(japan).date();
    let words = date_in_words(&last.to_string());
    let day = ("day", words.as_str());
    let soon = today
        .checked_add(RENEWAL_MONTHS.months())
        .is_ok_and(|later| last <= later);
    let name = match (seen.standing, soon) {
        (Standing::Forged, _) => {
            return Some(finding(FaceVerdict::Wrong, "certificate_forged", day));
        }
        (Standing::Expired, _) => "certificate_expired",
        (Standing::NotYetValid, _) => "certificate_early",
        (Standing::Trusted | Standing::IssuerUnknown, true) => "certificate_soon",
        (Standing::IssuerUnknown, false) => "certificate_unknown",
        (Standing::Trusted, false) => return Some(finding(FaceVerdict::Right, "certificate", day)),
    };
    Some(finding(FaceVerdict::Look, name, day))
}

//! The card on the reader, from the desk's side.

use counter_api::{CardNumber, DeviceState, Digits, Language, Notice, Step};
use counter_domain::draft::{FieldValue, Source};
use identity_cards::{Insist, PassportKey, ResidenceNumber};
use jiff::civil::Date;

use crate::desk::Desk;
use crate::desk::face::{self, Face};
use crate::desk::residents::same;
use crate::desk::staff::answer_path;
use crate::desk::visit::{Pin, Pins, Visit};
use crate::devices::{CardFacts, CardKey, CardLies, CardOrder, CardTrouble, Effect, OtherCard};
use crate::fields::{fields, member_path};
use crate::records::{Deed, Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

/// The registered domicile (本籍), as certificates and notifications ask for it.
const DOMICILE: &str = "domicile.place";

impl<R: Records> Desk<R> {
    /// Asks the resident for the PIN. The card is asked for its tries first; a locked one is not
    /// tried.
    pub(super) fn ask_pin(&mut self) -> Result<(), Notice> {
        self.ask(Pins::One)
    }

    /// Asks for both PINs of a licence, one after the other.
    pub(super) fn ask_both_pins(&mut self) -> Result<(), Notice> {
        match self.card {
            CardLies::Other {
                card: OtherCard::DriversLicence,
                second_tries_left,
                ..
            } if second_tries_left > 0 => self.ask(Pins::Both),
            CardLies::Other {
                card: OtherCard::DriversLicence,
                ..
            } => Err(notice(Code::CardSecondPinLocked)),
            CardLies::NoReader
            | CardLies::Nothing
            | CardLies::Unknown
            | CardLies::MyNumber { .. }
            | CardLies::Other { .. } => Err(notice(Code::CardUnknown)),
        }
    }

    fn ask(&mut self, pins: Pins) -> Result<(), Notice> {
        self.editable()?;
        let tries = self.pin_tries()?;
        match tries {
            0 => return Err(notice(self.locked())),
            1 => self.tell(Code::CardPinLastTryStaff),
            _ => self.notice = None,
        }
        self.resident_notice = (tries == 1).then_some(Code::CardPinLastTry);
        let visit = self.visit_mut()?;
        (visit.pin, visit.pins, visit.first_pin) = (Pin::Asked, pins, None);
        Ok(())
    }

    /// Tries of the PIN that the resident would enter for the card on the reader.
    fn pin_tries(&self) -> Result<u8, Notice> {
        if let CardLies::Other {
            card: OtherCard::DriversLicence,
            pin_tries_left,
            ..
        } = self.card
        {
            return Ok(pin_tries_left);
        }
        self.my_number_tries().map(|(pin, _)| pin)
    }

    fn my_number_tries(&self) -> Result<(u8, u8), Notice> {
        match self.card {
            CardLies::MyNumber {
                pin_tries_left,
                number_b_tries_left,
            } => Ok((pin_tries_left, number_b_tries_left)),
            CardLies::NoReader => Err(notice(Code::CardNoReader)),
            CardLies::Nothing => Err(notice(Code::CardEmpty)),
            CardLies::Unknown | CardLies::Other { .. } => Err(notice(Code::CardUnknown)),
        }
    }

    /// The resident entered a PIN: it goes to the card once, a first one together with the second.
    pub(super) fn pin_entered(&mut self, digits: Digits) -> Result<(), Code> {
        let asked = |visit: &&mut Visit| matches!(visit.pin, Pin::Asked | Pin::SecondAsked);
        let visit = self.visit.as_mut().filter(asked);
        let visit = visit.ok_or(Code::NotPossibleNow)?;
        let text = digits.expose();
        if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Code::CardPinFourDigits);
        }
        if visit.pin == Pin::Asked && visit.pins == Pins::Both {
            (visit.pin, visit.first_pin) = (Pin::SecondAsked, Some(digits));
            self.resident_notice = None;
            return Ok(());
        }
        let key = match visit.first_pin.take() {
            Some(first) => CardKey::BothPins {
                first,
                second: digits,
            },
            None => CardKey::Pin(digits),
        };
        self.read_with_pin(key);
        Ok(())
    }

    /// The page of the resident said so when this is the last try, and the PIN was entered all the
    /// same.
    fn read_with_pin(&mut self, key: CardKey) {
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        visit.pin = Pin::Reading;
        visit.pin_entered = true;
        let second = match &key {
            CardKey::BothPins { .. } => self.second_tries(),
            CardKey::Pin(_)
            | CardKey::NumberB(_)
            | CardKey::CardNumber(_)
            | CardKey::Passport(_) => None,
        };
        let is_last = self.pin_tries() == Ok(1) || second == Some(1);
        let insist = if is_last { Insist::Yes } else { Insist::No };
        self.effects
            .push(Effect::ReadCard(CardOrder { key, insist }));
    }

    /// Without the first there is no reading; without the second there is no photo.
    pub(super) fn pin_skipped(&mut self) -> Result<(), Code> {
        let asked = |visit: &&mut Visit| matches!(visit.pin, Pin::Asked | Pin::SecondAsked);
        let visit = self.visit.as_mut().filter(asked);
        let visit = visit.ok_or(Code::NotPossibleNow)?;
        if let Some(first) = visit.first_pin.take() {
            self.read_with_pin(CardKey::Pin(first));
            return Ok(());
        }
        visit.pin = Pin::NotAsked;
        self.tell(Code::CardPinSkipped);
        Ok(())
    }

    /// Tries of a licence's second PIN.
    pub(super) fn second_tries(&self) -> Option<u8> {
        match self.card {
            CardLies::Other {
                card: OtherCard::DriversLicence,
                second_tries_left,
                ..
            } => Some(second_tries_left),
            CardLies::NoReader
            | CardLies::Nothing
            | CardLies::Unknown
            | CardLies::MyNumber { .. }
            | CardLies::Other { .. } => None,
        }
    }

    pub(super) fn read_with_number_b(
        &mut self,
        birth: &Digits,
        expiry_year: &Digits,
        code: &Digits,
    ) -> Result<(), Notice> {
        self.editable()?;
        let tries = self.my_number_tries()?.1;
        if tries == 0 {
            return Err(notice(Code::CardNumberBLocked));
        }
        let parts = [(birth, 6), (expiry_year, 4), (code, 4)];
        let right = parts.iter().all(|(digits, length)| {
            let text = digits.expose();
            text.len() == *length && text.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !right {
            return Err(notice(Code::CardNumberBDigits));
        }
        let mut whole = zeroize::Zeroizing::new(String::with_capacity(14));
        for (digits, _) in parts {
            whole.push_str(digits.expose());
        }
        let visit = self.visit_mut()?;
        // The last try is spent when somebody asks for it a second time.
        let is_told = std::mem::replace(&mut visit.number_b_last, tries == 1);
        if tries == 1 && !is_told {
            return Err(notice(Code::CardNumberBLastTry));
        }
        visit.pin = Pin::Reading;
        visit.pin_entered = false;
        let insist = if is_told { Insist::Yes } else { Insist::No };
        let key = CardKey::NumberB(Digits::new(&whole));
        self.effects
            .push(Effect::ReadCard(CardOrder { key, insist }));
        Ok(())
    }

    /// What is printed in a passport goes to its chip; nothing is locked by a mistake.
    pub(super) fn read_passport(
        &mut self,
        number: &CardNumber,
        birth: &Digits,
        expires: &Digits,
    ) -> Result<(), Notice> {
        self.editable()?;
        let CardLies::Other {
            card: OtherCard::Passport,
            ..
        } = self.card
        else {
            return Err(notice(Code::CardUnknown));
        };
        let key = PassportKey::parse(number.expose(), birth.expose(), expires.expose())
            .map_err(|_| notice(Code::CardPassportForm))?;
        self.read_with_print(CardKey::Passport(key))
    }

    fn read_with_print(&mut self, key: CardKey) -> Result<(), Notice> {
        let visit = self.visit_mut()?;
        (visit.pin, visit.pin_entered) = (Pin::Reading, false);
        let insist = Insist::No;
        self.effects
            .push(Effect::ReadCard(CardOrder { key, insist }));
        Ok(())
    }

    /// The number of a residence card goes to the card; a wrong one locks nothing.
    pub(super) fn read_residence_card(&mut self, number: &CardNumber) -> Result<(), Notice> {
        self.editable()?;
        let CardLies::Other {
            card: OtherCard::Residence,
            ..
        } = self.card
        else {
            return Err(notice(Code::CardUnknown));
        };
        let number =
            ResidenceNumber::parse(number.expose()).map_err(|_| notice(Code::CardNumberForm))?;
        self.read_with_print(CardKey::CardNumber(number))
    }

    pub(super) fn stop_waiting(&mut self) -> Result<(), Notice> {
        let visit = self.visit_mut()?;
        if matches!(visit.pin, Pin::Asked | Pin::SecondAsked) {
            (visit.pin, visit.first_pin) = (Pin::NotAsked, None);
        }
        self.resident_notice = None;
        Ok(())
    }

    /// Something was laid on the reader or taken away.
    pub(super) fn card_lies(&mut self, lies: CardLies) {
        self.card = lies;
        self.devices.card_reader = match lies {
            CardLies::NoReader => DeviceState::Missing,
            CardLies::Nothing
            | CardLies::Unknown
            | CardLies::MyNumber { .. }
            | CardLies::Other { .. } => DeviceState::Ready,
        };
        let is_there = matches!(lies, CardLies::MyNumber { .. } | CardLies::Other { .. });
        let Some(visit) = self.visit.as_mut().filter(|_| !is_there) else {
            return;
        };
        match visit.pin {
            // The next card may be another person's: the PIN page goes away with this one.
            Pin::Asked | Pin::SecondAsked => {
                (visit.pin, visit.first_pin) = (Pin::NotAsked, None);
                self.resident_notice = Some(Code::CardEmpty);
            }
            Pin::Read => visit.pin = Pin::NotAsked,
            Pin::NotAsked | Pin::Reading => {}
        }
    }

    /// The card was read, or not. Nothing is sent to it again by itself.
    pub(super) fn card_read(&mut self, read: Result<CardFacts, CardTrouble>) {
        let Some(visit) = self.visit.as_mut() else {
            return;
        };
        visit.pin = Pin::NotAsked;
        match read {
            Ok(facts) => self.fill_from_card(&facts),
            Err(trouble) => self.card_trouble(trouble),
        }
    }

    fn fill_from_card(&mut self, facts: &CardFacts) {
        let source = match facts.card {
            None => Source::Chip,
            Some(OtherCard::DriversLicence) => Source::LicenceChip,
            Some(OtherCard::Residence) => Source::ResidenceChip,
            Some(OtherCard::Passport) => Source::PassportChip,
        };
        let Some(visit) = self.visit.as_ref() else {
            return;
        };
        let number = visit.member_like(&facts.name, &facts.birth_date);
        let own = |name: &str, text: &str| Entry::text(member_path(number, name), text, source);
        let person = [
            own("name", &facts.name),
            own("birth_date", &facts.birth_date),
            own("sex", &facts.sex),
        ];
        // Which address it is depends on the event: the one before a move, or the one that stays.
        let places = visit.plan().copy.address.iter();
        let places = places.flat_map(|path| self.read_address(visit, path, &facts.address, source));
        let files = (number > 1)
            .then(|| Entry::text("notifier.member", number.to_string(), Source::Derived));
        // The registered domicile is asked of the first person only.
        let is_asked = number == 1 && visit.plan().find(DOMICILE).is_some();
        let domicile = is_asked.then(|| Entry::text(DOMICILE, &facts.domicile, source));
        let all = person
            .into_iter()
            .chain(places)
            .chain(domicile)
            .chain(files);
        let mut entries: Vec<Entry> = all
            .filter(|entry| entry.value.as_text().is_some())
            .collect();
        if source == Source::Chip {
            entries.extend(self.answers_of_card(visit, number, facts));
        }
        self.keep_copy_beside(&mut entries);
        self.keep_prepared_beside(&mut entries);
        self.keep_paper_beside(&mut entries);
        let differs = self.typed_differently(&entries);
        let filled = Filled::by(&entries, visit, number);
        if let Err(notice) = self.store(&entries) {
            self.notice = Some(notice);
            return;
        }
        self.tell_what_was_read(facts, &differs, &filled);
        let case = self.visit.as_mut().map(|visit| {
            visit.pin = Pin::Read;
            visit.card_filled = filled.in_words(facts.card);
            visit.face = Some(Face::after(visit.face.take(), number, facts));
            visit.case()
        });
        if let Ok(by) = self.by() {
            self.records.audit(&by, Deed::ReadCard, case);
        }
    }

    /// Whoever's card lies here is not asked whether they have one, nor for the PIN just entered.
    fn answers_of_card(&self, visit: &Visit, number: u8, facts: &CardFacts) -> Vec<Entry> {
        if !visit.plan().steps.contains(&Step::Questions) {
            return Vec::new();
        }
        let expires = facts.face.as_ref().map(|face| face.expires.parse::<Date>());
        let is_over = matches!(expires, Some(Ok(last)) if last < self.today());
        let state = if is_over { "expired" } else { "valid" };
        let answer = |fact: &str, value: FieldValue| Entry {
            path: answer_path(fact, Some(number)),
            value,
            source: Source::Chip,
        };
        let mut entries = vec![
            answer("mn_card", FieldValue::Text(state.to_owned())),
            answer("mn_card_here", FieldValue::Flag(true)),
        ];
        if visit.pin_entered {
            entries.push(answer("pin_known", FieldValue::Flag(true)));
        }
        entries
    }

    /// Fields that a person had filled with something else than the chip says, with what was typed.
    fn typed_differently(&self, entries: &[Entry]) -> String {
        let typed = |entry: &Entry| {
            let field = self.visit.as_ref()?.draft().field(&entry.path)?.shown;
            let by_a_person = matches!(field.source, Source::Staff | Source::Resident);
            let (old, new) = (field.value.as_text()?, entry.value.as_text()?);
            let differs = by_a_person && !same(entry.path.as_str(), old, new);
            let label = &fields().find(entry.path.as_str())?.label.ja;
            differs.then(|| format!("{label}「{old}」"))
        };
        let found: Vec<String> = entries.iter().filter_map(typed).collect();
        found.join("、")
    }

    fn tell_what_was_read(&mut self, facts: &CardFacts, differs: &str, filled: &Filled) {
        let code = if let Some(alarm) = face::alarm(facts) {
            alarm
        } else if differs.is_empty() {
            if facts.to_check {
                Code::CardReadToCheck
            } else {
                Code::CardRead
            }
        } else {
            Code::CardReadDiffers
        };
        let filled = items(&filled.filled);
        let values = [("typed", differs), ("filled", filled.as_str())];
        self.notice = Some(notice_with(code, Language::Japanese, &values));
    }

    fn card_trouble(&mut self, trouble: CardTrouble) {
        let (code, left) = match trouble {
            CardTrouble::WrongPin { left: 0 } | CardTrouble::PinLocked => (self.locked(), 0),
            CardTrouble::WrongPin { left } => (Code::CardPinWrong, left),
            CardTrouble::WrongNumberB { left: 0 } | CardTrouble::NumberBLocked => {
                (Code::CardNumberBLocked, 0)
            }
            CardTrouble::WrongNumberB { left } => (Code::CardNumberBWrong, left),
            CardTrouble::WrongSecondPin { left } => (Code::CardSecondPinWrong, left),
            CardTrouble::LastTry => (Code::CardPinLastTryStaff, 1),
            CardTrouble::LastTryNumberB => (Code::CardNumberBLastTry, 1),
            CardTrouble::WrongCardNumber => (Code::CardNumberWrong, 0),
            CardTrouble::WrongPassport => (Code::CardPassportWrong, 0),
            CardTrouble::NeedsPace => (Code::CardNeedsPace, 0),
            CardTrouble::Pulled => (Code::CardPulled, 0),
            CardTrouble::NoCard => (Code::CardEmpty, 0),
            CardTrouble::NoReader => (Code::CardNoReader, 0),
            CardTrouble::Unknown => (Code::CardUnknown, 0),
            CardTrouble::Busy => (Code::CardBusy, 0),
            CardTrouble::Unreadable => (Code::CardUnreadable, 0),
        };
        self.count_tries(trouble);
        let values = [("left", left.to_string())];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        self.notice = Some(notice_with(code, Language::Japanese, &values));
        self.resident_notice = for_the_resident(trouble, self.locked());
        let asks_again = matches!(
            trouble,
            CardTrouble::WrongPin { left: 1.. } | CardTrouble::WrongSecondPin { left: 1.. }
        );
        if asks_again && let Some(visit) = self.visit.as_mut() {
            visit.pin = Pin::Asked;
        }
        if let CardTrouble::WrongPin { left: 1 } = trouble {
            self.tell(Code::CardPinLastTryStaff);
            self.resident_notice = Some(Code::CardPinLastTry);
        }
    }

    /// Who releases a locked PIN depends on the card.
    fn locked(&self) -> Code {
        match self.card {
            CardLies::Other { .. } => Code::CardLicencePinLocked,
            CardLies::NoReader
            | CardLies::Nothing
            | CardLies::Unknown
            | CardLies::MyNumber { .. } => Code::CardPinLocked,
        }
    }

    fn count_tries(&mut self, trouble: CardTrouble) {
        let (pin_tries_left, other_tries_left) = match &mut self.card {
            CardLies::MyNumber {
                pin_tries_left,
                number_b_tries_left,
            } => (pin_tries_left, number_b_tries_left),
            CardLies::Other {
                pin_tries_left,
                second_tries_left,
                ..
            } => (pin_tries_left, second_tries_left),
            CardLies::NoReader | CardLies::Nothing | CardLies::Unknown => return,
        };
        match trouble {
            CardTrouble::WrongPin { left } => *pin_tries_left = left,
            CardTrouble::PinLocked => *pin_tries_left = 0,
            CardTrouble::LastTry => *pin_tries_left = 1,
            CardTrouble::WrongNumberB { left } | CardTrouble::WrongSecondPin { left } => {
                *other_tries_left = left;
            }
            CardTrouble::NumberBLocked => *other_tries_left = 0,
            CardTrouble::LastTryNumberB => *other_tries_left = 1,
            CardTrouble::WrongCardNumber
            | CardTrouble::WrongPassport
            | CardTrouble::NeedsPace
            | CardTrouble::Pulled
            | CardTrouble::NoCard
            | CardTrouble::NoReader
            | CardTrouble::Unknown
            | CardTrouble::Busy
            | CardTrouble::Unreadable => {}
        }
    }
}

/// Items of a card whose fields it filled, and those it left to be typed.
struct Filled {
    filled: Vec<&'static str>,
    left: Vec<&'static str>,
}

impl Filled {
    fn by(entries: &[Entry], visit: &Visit, number: u8) -> Self {
        let own = |name: &str| vec![member_path(number, name)];
        let asked = [
            ("name", own("name")),
            ("address", visit.plan().copy.address.clone()),
            ("birth_date", own("birth_date")),
            ("sex", own("sex")),
        ];
        let is_filled = |path: &str| entries.iter().any(|entry| entry.path.as_str() == path);
        let (mut filled, mut left) = (Vec::new(), Vec::new());
        for (item, paths) in asked.into_iter().filter(|(_, paths)| !paths.is_empty()) {
            let side = if paths.iter().any(|path| is_filled(path)) {
                &mut filled
            } else {
                &mut left
            };
            side.push(item);
        }
        if is_filled(DOMICILE) {
            filled.push("domicile");
        }
        Self { filled, left }
    }

    fn in_words(&self, card: Option<OtherCard>) -> String {
        let said = |name: &str, of: &[&'static str]| match items(of) {
            none if none.is_empty() => String::new(),
            all => sentence("card", name, &[("items", &all)]),
        };
        let why = match card {
            Some(OtherCard::Passport) if !self.left.is_empty() => word("card", "passport"),
            Some(OtherCard::Passport | OtherCard::DriversLicence | OtherCard::Residence) | None => {
                String::new()
            }
        };
        [said("filled", &self.filled), said("left", &self.left), why].concat()
    }
}

fn items(names: &[&'static str]) -> String {
    let names: Vec<String> = names.iter().map(|name| word("card", name)).collect();
    names.join("・")
}

/// What the resident is told of it: what they can do something about, and that a PIN is locked now.
/// The rest is for staff.
fn for_the_resident(trouble: CardTrouble, locked: Code) -> Option<Code> {
    match trouble {
        CardTrouble::WrongPin { left: 0 } | CardTrouble::PinLocked => {
            Some(if locked == Code::CardLicencePinLocked {
                Code::CardLicencePinLockedResident
            } else {
                Code::CardPinLockedResident
            })
        }
        CardTrouble::WrongPin { .. } => Some(Code::CardPinWrong),
        CardTrouble::WrongSecondPin { .. } => Some(Code::CardSecondPinWrong),
        CardTrouble::Pulled => Some(Code::CardPulled),
        CardTrouble::NoCard => Some(Code::CardEmpty),
        CardTrouble::WrongNumberB { .. }
        | CardTrouble::NumberBLocked
        | CardTrouble::LastTry
        | CardTrouble::LastTryNumberB
        | CardTrouble::WrongCardNumber
        | CardTrouble::WrongPassport
        | CardTrouble::NeedsPace
        | CardTrouble::NoReader
        | CardTrouble::Unknown
        | CardTrouble::Busy
        | CardTrouble::Unreadable => None,
    }
}

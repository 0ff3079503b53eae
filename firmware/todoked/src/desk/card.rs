//! The card on the reader, from the desk's side.

use counter_api::{DeviceState, Digits, Language, Notice};
use counter_domain::draft::Source;

use crate::desk::Desk;
use crate::desk::visit::Pin;
use crate::devices::{CardFacts, CardKey, CardLies, CardTrouble, Effect};
use crate::records::{Deed, Entry, Records};
use crate::texts::{Code, notice, notice_with};

impl<R: Records> Desk<R> {
    /// Asks the resident for the PIN. The card is asked for its tries first; a locked one is not
    /// tried.
    pub(super) fn ask_pin(&mut self) -> Result<(), Notice> {
        self.editable()?;
        let tries = self.my_number_tries()?.0;
        match tries {
            0 => return Err(notice(Code::CardPinLocked)),
            1 => self.tell(Code::CardPinLastTryStaff),
            _ => self.notice = None,
        }
        self.resident_notice = (tries == 1).then_some(Code::CardPinLastTry);
        self.visit_mut()?.pin = Pin::Asked;
        Ok(())
    }

    fn my_number_tries(&self) -> Result<(u8, u8), Notice> {
        match self.card {
            CardLies::MyNumber {
                pin_tries_left,
                number_b_tries_left,
            } => Ok((pin_tries_left, number_b_tries_left)),
            CardLies::NoReader => Err(notice(Code::CardNoReader)),
            CardLies::Nothing => Err(notice(Code::CardEmpty)),
            CardLies::Unknown => Err(notice(Code::CardUnknown)),
        }
    }

    /// The resident entered the PIN: it goes to the card once.
    pub(super) fn pin_entered(&mut self, digits: Digits) -> Result<(), Code> {
        let visit = self.visit.as_mut().filter(|visit| visit.pin == Pin::Asked);
        let visit = visit.ok_or(Code::NotPossibleNow)?;
        let text = digits.expose();
        if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Code::CardPinFourDigits);
        }
        visit.pin = Pin::Reading;
        self.effects.push(Effect::ReadCard(CardKey::Pin(digits)));
        Ok(())
    }

    pub(super) fn pin_skipped(&mut self) -> Result<(), Code> {
        let visit = self.visit.as_mut().filter(|visit| visit.pin == Pin::Asked);
        visit.ok_or(Code::NotPossibleNow)?.pin = Pin::NotAsked;
        self.tell(Code::CardPinSkipped);
        Ok(())
    }

    pub(super) fn read_with_number_b(
        &mut self,
        birth: &Digits,
        expiry_year: &Digits,
        code: &Digits,
    ) -> Result<(), Notice> {
        self.editable()?;
        if self.my_number_tries()?.1 == 0 {
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
        self.visit_mut()?.pin = Pin::Reading;
        self.effects
            .push(Effect::ReadCard(CardKey::NumberB(Digits::new(&whole))));
        Ok(())
    }

    pub(super) fn stop_waiting(&mut self) -> Result<(), Notice> {
        let visit = self.visit_mut()?;
        if visit.pin == Pin::Asked {
            visit.pin = Pin::NotAsked;
        }
        self.resident_notice = None;
        Ok(())
    }

    /// Something was laid on the reader or taken away.
    pub(super) fn card_lies(&mut self, lies: CardLies) {
        self.card = lies;
        self.devices.card_reader = match lies {
            CardLies::NoReader => DeviceState::Missing,
            CardLies::Nothing | CardLies::Unknown | CardLies::MyNumber { .. } => DeviceState::Ready,
        };
        let is_there = matches!(lies, CardLies::MyNumber { .. });
        let Some(visit) = self.visit.as_mut().filter(|_| !is_there) else {
            return;
        };
        match visit.pin {
            // The next card may be another person's: the PIN page goes away with this one.
            Pin::Asked => {
                visit.pin = Pin::NotAsked;
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
        let text = |path: &str, text: &str| Entry::text(path, text, Source::Chip);
        let mut entries: Vec<Entry> = [
            text("member.1.name", &facts.name),
            text("address.old", &facts.address),
            text("member.1.birth_date", &facts.birth_date),
            text("member.1.sex", &facts.sex),
        ]
        .into_iter()
        .filter(|entry| entry.value.as_text().is_some())
        .collect();
        self.keep_copy_beside(&mut entries);
        if let Err(notice) = self.store(&entries) {
            self.notice = Some(notice);
            return;
        }
        self.tell(Code::CardRead);
        let case = self.visit.as_mut().map(|visit| {
            visit.pin = Pin::Read;
            visit.case()
        });
        if let Ok(by) = self.by() {
            self.records.audit(&by, Deed::ReadCard, case);
        }
    }

    fn card_trouble(&mut self, trouble: CardTrouble) {
        let (code, left) = match trouble {
            CardTrouble::WrongPin { left: 0 } | CardTrouble::PinLocked => (Code::CardPinLocked, 0),
            CardTrouble::WrongPin { left } => (Code::CardPinWrong, left),
            CardTrouble::WrongNumberB { left: 0 } | CardTrouble::NumberBLocked => {
                (Code::CardNumberBLocked, 0)
            }
            CardTrouble::WrongNumberB { left } => (Code::CardNumberBWrong, left),
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
        self.resident_notice = Some(code);
        if let CardTrouble::WrongPin { left: 1.. } = trouble
            && let Some(visit) = self.visit.as_mut()
        {
            visit.pin = Pin::Asked;
            if left == 1 {
                self.tell(Code::CardPinLastTryStaff);
                self.resident_notice = Some(Code::CardPinLastTry);
            }
        }
    }

    fn count_tries(&mut self, trouble: CardTrouble) {
        let CardLies::MyNumber {
            pin_tries_left,
            number_b_tries_left,
        } = &mut self.card
        else {
            return;
        };
        match trouble {
            CardTrouble::WrongPin { left } => *pin_tries_left = left,
            CardTrouble::PinLocked => *pin_tries_left = 0,
            CardTrouble::WrongNumberB { left } => *number_b_tries_left = left,
            CardTrouble::NumberBLocked => *number_b_tries_left = 0,
            CardTrouble::Pulled
            | CardTrouble::NoCard
            | CardTrouble::NoReader
            | CardTrouble::Unknown
            | CardTrouble::Busy
            | CardTrouble::Unreadable => {}
        }
    }
}

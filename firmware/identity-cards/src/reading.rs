//! The four items as a form needs them, whichever card they came from.

use std::fmt;

use crate::card_text::CardText;
use crate::{
    BasicFour, CardKind, Genuineness, LicenceReading, PassportZone, ResidenceReading, Sex,
};

/// What a person must look at before the reading is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// Characters outside the standard are marked with 〓 and must be filled in from the face.
    MissingCharacters,
    /// Something is noted on the back of the licence: the printed name or address may be old.
    ChangesOnBack,
    /// The name is on the chip as a picture only.
    NameIsPicture,
    /// The address is on the chip as a picture only.
    AddressIsPicture,
    /// The chip has the name in Latin letters only; in the register it is written otherwise.
    NameIsRoman,
    /// The chip's charset was guessed.
    CharsetUncertain,
    /// An application for renewal or change is under way (申請中).
    ApplicationUnderWay,
    /// The signature is right, but no installed authority vouches for it.
    AuthorityUnknown,
    /// There is a signature, and no key to check it with: nothing is proved.
    SignatureUnchecked,
    /// Signature or content do not fit: do not use the card.
    Forged,
    /// Whether the certificate was revoked is not known without the network (失効未確認).
    RevocationUnknown,
}

impl Warning {
    /// Stable name for `--json` output.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingCharacters => "missing-characters",
            Self::ChangesOnBack => "changes-on-back",
            Self::NameIsPicture => "name-is-picture",
            Self::AddressIsPicture => "address-is-picture",
            Self::NameIsRoman => "name-is-roman",
            Self::CharsetUncertain => "charset-uncertain",
            Self::ApplicationUnderWay => "application-under-way",
            Self::AuthorityUnknown => "authority-unknown",
            Self::SignatureUnchecked => "signature-unchecked",
            Self::Forged => "forged",
            Self::RevocationUnknown => "revocation-unknown",
        }
    }
}

/// What a card gives for a form. An item that the chip does not hold as text is `None`. Hidden in
/// Debug; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentReading {
    /// Which card.
    pub kind: CardKind,
    /// Name.
    pub name: Option<CardText>,
    /// Address.
    pub address: Option<CardText>,
    /// Birth date, `YYYY-MM-DD`.
    pub birth: Option<String>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Registered domicile (本籍), of a licence that both PINs opened.
    pub domicile: Option<CardText>,
    /// What a person must look at.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for DocumentReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentReading({:?}, hidden)", self.kind)
    }
}

impl From<&BasicFour> for DocumentReading {
    fn from(four: &BasicFour) -> Self {
        Self {
            kind: CardKind::MyNumber,
            name: Some(CardText::whole(&four.name)),
            address: Some(CardText::whole(&four.address)),
            birth: Some(four.birth.clone()),
            sex: Some(four.sex),
            domicile: None,
            warnings: Vec::new(),
        }
    }
}

impl From<&LicenceReading> for DocumentReading {
    fn from(licence: &LicenceReading) -> Self {
        let mut warnings = licence.warnings.clone();
        warnings.extend(genuineness_warning(licence.genuineness));
        Self {
            kind: CardKind::DriversLicence,
            name: Some(licence.name.clone()),
            address: Some(licence.address.clone()),
            birth: licence.birth.map(|day| day.to_string()),
            // A licence says nothing about it.
            sex: None,
            domicile: licence.domicile.clone().filter(|text| !text.is_blank()),
            warnings,
        }
    }
}

impl From<&ResidenceReading> for DocumentReading {
    fn from(card: &ResidenceReading) -> Self {
        let mut warnings = card.warnings.clone();
        warnings.extend(genuineness_warning(card.genuineness));
        Self {
            kind: CardKind::Residence,
            name: None,
            address: card.noted_address.clone(),
            birth: card.birth.clone(),
            sex: card.sex,
            domicile: None,
            warnings,
        }
    }
}

impl From<&PassportZone> for DocumentReading {
    fn from(zone: &PassportZone) -> Self {
        // Of a Japanese national the register has the name in kanji or kana.
        let is_japanese = zone.nationality == "JPN";
        Self {
            kind: CardKind::Passport,
            name: (!is_japanese).then(|| CardText::whole(&zone.roman_name())),
            address: None,
            birth: Some(zone.birth.to_string()),
            sex: Some(zone.sex),
            domicile: None,
            warnings: is_japanese
                .then_some(Warning::NameIsRoman)
                .into_iter()
                .collect(),
        }
    }
}

/// What a verdict means to a person.
pub(crate) fn genuineness_warning(verdict: Genuineness) -> Option<Warning> {
    match verdict {
        Genuineness::AuthorityUnknown => Some(Warning::AuthorityUnknown),
        Genuineness::KeyUnknown => Some(Warning::SignatureUnchecked),
        Genuineness::Forged => Some(Warning::Forged),
        Genuineness::Genuine | Genuineness::NotSigned | Genuineness::NotChecked => None,
    }
}

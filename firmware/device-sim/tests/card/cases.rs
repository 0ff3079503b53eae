//! One reading of each card, and what it must give.

use card_reader::Card;
use device_sim::card::{
    AUTHORITY_ID, CardPerson, CardSort, MyNumberLicencePerson, authority_certificate,
    authority_modulus,
};
use identity_cards::{
    Auth, Authority, Certificate, DocumentReading, DrivingLicence, FaceAuth, Insist,
    JpkiApplication, Judging, LicencePins, MyNumberLicence, NumberB, Passport, PassportKey, Pin,
    ReadCardError, ResidenceCard, ResidenceNumber, RsaKey, SessionRandom, SignPassword,
    TextApplication, TrustStore, VisualApplication, session,
};

/// 2026-07-01 00:00 UTC.
pub(crate) const NOW: i64 = 1_782_864_000;

/// A reading that either works or does not; what it read, in words that a test can compare.
pub(crate) type Reading = fn(&mut dyn Card) -> Result<String, ReadCardError>;

/// One card and the way it is read.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) person: fn() -> CardPerson,
    pub(crate) read: Reading,
    /// Secrets presented by an undisturbed reading.
    pub(crate) verifies: u32,
    pub(crate) gives: &'static str,
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::parse(digits).unwrap()
}

pub(crate) fn number_b() -> NumberB {
    NumberB::from_parts("600714", "2033", "4711").unwrap()
}

pub(crate) fn licence_pins() -> LicencePins {
    LicencePins {
        first: Some(pin("1111")),
        second: Some(pin("2222")),
    }
}

/// The invented authority, as a city would install a real one.
pub(crate) fn trusted() -> TrustStore {
    TrustStore::new(vec![Certificate::parse(&authority_certificate()).unwrap()])
}

pub(crate) fn authorities() -> Vec<Authority> {
    vec![Authority {
        id: AUTHORITY_ID,
        key: RsaKey::new(&[1, 0, 1], &authority_modulus()),
    }]
}

pub(crate) fn random() -> SessionRandom {
    let bytes: Vec<u8> = (1..=24).collect();
    SessionRandom::new(bytes.try_into().unwrap())
}

fn taro_with_licence() -> CardPerson {
    CardPerson {
        mynumber_licence: Some(MyNumberLicencePerson {
            pin: Some("8642".to_owned()),
            number: "123456789012".to_owned(),
            expires: "5101103".to_owned(),
        }),
        ..CardPerson::taro()
    }
}

/// A holder who chose no PIN.
fn hanako_without_pins() -> CardPerson {
    let mut person = CardPerson::hanako();
    if let Some(licence) = &mut person.licence {
        (licence.pin1, licence.pin2, licence.new_address) = (None, None, None);
    }
    person
}

fn first() -> CardPerson {
    CardPerson::rei(CardSort::ResidenceFirst)
}

fn special_first() -> CardPerson {
    let mut person = CardPerson::rei(CardSort::SpecialPermanentFirst);
    if let Some(residence) = &mut person.residence {
        residence.noted_address = None;
    }
    person
}

fn second() -> CardPerson {
    CardPerson::rei(CardSort::ResidenceSecond)
}

fn special_second() -> CardPerson {
    CardPerson::rei(CardSort::SpecialPermanentSecond)
}

fn in_words(reading: &DocumentReading) -> String {
    let text = |text: &Option<identity_cards::CardText>| {
        text.as_ref()
            .map_or("-".to_owned(), |text| text.as_str().to_owned())
    };
    let warnings: Vec<&str> = reading.warnings.iter().map(|one| one.name()).collect();
    format!(
        "{}; {}; {}; {}; {}",
        text(&reading.name),
        text(&reading.address),
        reading.birth.as_deref().unwrap_or("-"),
        reading.sex.map_or('-', identity_cards::Sex::code),
        warnings.join(" ")
    )
}

fn by_pin(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let four = session::read(card, &Auth::Pin(pin("1234")), Insist::No)?;
    Ok(in_words(&DocumentReading::from(&four)))
}

fn by_number_b(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let four = session::read(card, &Auth::NumberB(number_b()), Insist::No)?;
    Ok(in_words(&DocumentReading::from(&four)))
}

fn with_number(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let (_, number) = session::read_individual_number(card, &pin("1234"), Insist::No)?;
    Ok(number.reveal().to_owned())
}

fn genuine(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let (_, verdict) = TextApplication::select(card)?.read_genuine_basic_four(
        &Auth::NumberB(number_b()),
        Insist::No,
        &[7; 32],
        &authorities(),
    )?;
    Ok(verdict.name().to_owned())
}

fn face(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let auth = FaceAuth::NumberB(number_b());
    let (face, verdict) =
        VisualApplication::select(card)?.read_face(&auth, Insist::No, &authorities())?;
    let formats = [Some(&face.name), Some(&face.address), face.photo.as_ref()]
        .map(|picture| picture.map(|picture| format!("{:?}", picture.format())));
    let formats: Vec<String> = formats.into_iter().flatten().collect();
    Ok(format!(
        "{} {} {} {}",
        face.birth,
        face.expires,
        formats.join(" "),
        verdict.name()
    ))
}

fn certificates(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let mut jpki = JpkiApplication::select(card)?;
    let token = jpki.read_token()?;
    let auth = jpki.prove_presence(&pin("2468"), Insist::No, &[9; 32])?;
    let password = SignPassword::parse("kakuu99").unwrap();
    let sign = jpki
        .read_sign_certificate(&password, Insist::No)?
        .ok_or(ReadCardError::Malformed)?;
    let person = sign.person()?.ok_or(ReadCardError::Malformed)?;
    Ok(format!(
        "{token:?} {} {} {}",
        auth.standing(&trusted(), NOW)?.name(),
        sign.standing(&trusted(), NOW)?.name(),
        person.four.name
    ))
}

fn mynumber_licence(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let pin = pin("8642");
    let reading = MyNumberLicence::select(card)?.read(Some(&pin), Insist::No)?;
    let expires = reading.expires.map(|day| day.to_string());
    Ok(format!(
        "{} {}",
        *reading.number,
        expires.unwrap_or_default()
    ))
}

fn licence(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let reading = DrivingLicence::select(card)?.read(&licence_pins(), Insist::No)?;
    let bitmaps: Vec<String> = reading
        .gaiji
        .iter()
        .map(|one| format!("{}:{}", one.number, one.bitmap.len()))
        .collect();
    Ok(format!(
        "{}; {}; {}; {}",
        in_words(&DocumentReading::from(&reading)),
        reading.changes.first().map_or("-", |text| text.as_str()),
        reading.domicile.as_ref().map_or("-", |text| text.as_str()),
        bitmaps.join(" ")
    ))
}

fn licence_without_pins(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let pins = LicencePins::default();
    let reading = DrivingLicence::select(card)?.read(&pins, Insist::No)?;
    Ok(format!(
        "{} {}",
        reading.address.as_str(),
        reading.photo.is_some()
    ))
}

fn residence(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let number = ResidenceNumber::parse("ZZ12345678YY").unwrap();
    let trusted = trusted();
    let judging = Judging {
        trusted: &trusted,
        now: NOW,
    };
    let reading = ResidenceCard::open(card)?.read(&number, &random(), judging)?;
    Ok(format!(
        "{:?} {}; {}",
        reading.kind,
        in_words(&DocumentReading::from(&reading)),
        reading.genuineness.name()
    ))
}

/// What is printed in the book of [`CardPerson::traveller`].
pub(crate) fn passport_key() -> PassportKey {
    PassportKey::parse("TK1234567", "921103", "310630").unwrap()
}

fn passport(card: &mut dyn Card) -> Result<String, ReadCardError> {
    let zone = Passport::select(card)?.read(&passport_key(), &random(), NOW)?;
    Ok(format!(
        "{}; {}; {}; {}; {}",
        zone.roman_name(),
        zone.number,
        zone.nationality,
        zone.expires,
        in_words(&DocumentReading::from(&zone)),
    ))
}

/// Every card and every way to read it.
pub(crate) const CASES: [Case; 14] = [
    Case {
        name: "my_number_by_pin",
        person: CardPerson::taro,
        read: by_pin,
        verifies: 1,
        gives: "架空　太郎; 東京都千代田区架空町一丁目２番３－４０５号; 1985-07-14; 1; ",
    },
    Case {
        name: "my_number_by_number_b",
        person: CardPerson::taro,
        read: by_number_b,
        verifies: 1,
        gives: "架空　太郎; 東京都千代田区架空町一丁目２番３－４０５号; 1985-07-14; 1; ",
    },
    Case {
        name: "individual_number",
        person: CardPerson::taro,
        read: with_number,
        verifies: 1,
        gives: "123456789018",
    },
    Case {
        name: "my_number_genuine",
        person: CardPerson::taro,
        read: genuine,
        verifies: 1,
        gives: "genuine",
    },
    Case {
        name: "card_face",
        person: CardPerson::taro,
        read: face,
        verifies: 1,
        gives: "1985-07-14 2033-07-14 Png Png Jpeg2000 genuine",
    },
    Case {
        name: "certificates",
        person: CardPerson::taro,
        read: certificates,
        verifies: 2,
        gives: "Card trusted trusted 架空　太郎",
    },
    Case {
        name: "mynumber_licence",
        person: taro_with_licence,
        read: mynumber_licence,
        verifies: 1,
        gives: "123456789012 2028-11-03",
    },
    Case {
        name: "licence",
        person: CardPerson::hanako,
        read: licence,
        verifies: 2,
        gives: "架空　花〓子; 神奈川県架空市本町一丁目１番１号; 1992-11-03; -; \
                changes-on-back missing-characters signature-unchecked; 神奈川県架空市見本町二番地; \
                神奈川県架空市本町一番; 1:128",
    },
    Case {
        name: "licence_without_pins",
        person: hanako_without_pins,
        read: licence_without_pins,
        verifies: 2,
        gives: "神奈川県架空市本町一丁目１番１号 true",
    },
    Case {
        name: "residence_first",
        person: first,
        read: residence,
        verifies: 1,
        gives: "ResidenceCard -; 東京都架空区見本町四丁目５番６号; -; -; name-is-picture; genuine",
    },
    Case {
        name: "special_permanent_first",
        person: special_first,
        read: residence,
        verifies: 1,
        gives: "SpecialPermanentResident -; -; -; -; name-is-picture address-is-picture; genuine",
    },
    Case {
        name: "residence_second",
        person: second,
        read: residence,
        verifies: 1,
        gives: "ResidenceCard -; -; 1990-05-06; 2; name-is-picture address-is-picture; not-checked",
    },
    Case {
        name: "special_permanent_second",
        person: special_second,
        read: residence,
        verifies: 1,
        gives: "SpecialPermanentResident -; -; 1990-05-06; 2; \
                name-is-picture address-is-picture; not-checked",
    },
    Case {
        name: "passport",
        person: CardPerson::traveller,
        read: passport,
        verifies: 1,
        gives: "KAKUU HANAKO; TK1234567; JPN; 2031-06-30; -; -; 1992-11-03; 2; name-is-roman",
    },
];

//! Names, dates, ages, deadlines, addresses, numbers and receipt numbers.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]

use counter_domain::address::Address;
use counter_domain::age::{age_on, compulsory_school, known_age_on, within_school_year_of};
use counter_domain::date::{DateError, FuzzyDate};
use counter_domain::deadline::{ClosedDays, FirstDay, Term, deadline};
use counter_domain::ids::BranchCode;
use counter_domain::name::{Kana, KanaError, PersonName, search_key};
use counter_domain::number::{LgCode, MyNumber, NumberError, ResidentCode};
use counter_domain::receipt::{ReceiptNumber, ReceiptNumberError};
use counter_domain::relation::Relation;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

/// A date that people write must be stored and printed like this.
fn check_date(written: &str, stored: &str, printed: &str) {
    let date: FuzzyDate = written.parse().unwrap();
    assert_eq!(
        (date.to_string().as_str(), date.both().as_str()),
        (stored, printed),
        "{written}"
    );
    assert_eq!(stored.parse(), Ok(date), "{stored}");
    assert_eq!(date.wareki().parse(), Ok(date), "{}", date.wareki());
}

#[test]
fn dates_are_read_in_every_form_people_write() {
    for written in [
        "昭和45年3月2日",
        "S45.3.2",
        "s45-3-2",
        "S450302",
        "昭45・3・2",
        "1970-03-02",
        "19700302",
        "1970/3/2",
        "1970年3月2日",
        "１９７０－０３－０２",
        "Ｓ４５．３．２",
        "昭和４５年３月２日",
        " 昭和 45年 3月 2日 ",
    ] {
        check_date(written, "1970-03-02", "昭和45年（1970年）3月2日");
    }
    check_date("令和元年5月1日", "2019-05-01", "令和元年（2019年）5月1日");
    check_date("H31.4.30", "2019-04-30", "平成31年（2019年）4月30日");
    check_date(
        "大正15年12月25日",
        "1926-12-25",
        "昭和元年（1926年）12月25日",
    );
    check_date("明治45年7月30日", "1912-07-30", "大正元年（1912年）7月30日");
}

#[test]
fn unknown_parts_stay_unknown() {
    check_date(
        "大正10年月日不詳",
        "1921-00-00@T",
        "大正10年（1921年）月日不詳",
    );
    check_date(
        "昭和5年3月日不詳",
        "1930-03-00@S",
        "昭和5年（1930年）3月日不詳",
    );
    check_date("年月日不詳", "0000-00-00", "年月日不詳");
    check_date(
        "推定昭和20年",
        "1945-00-00@S~estimated",
        "推定昭和20年（1945年）",
    );
    check_date(
        "令和6年1月上旬",
        "2024-01-00@R~early",
        "令和6年（2024年）1月上旬",
    );
    check_date(
        "令和6年1月10日頃から20日頃までの間",
        "2024-01-10~until20",
        "令和6年（2024年）1月10日頃から20日頃までの間",
    );
    let foreign: FuzzyDate = "1985-00-00".parse().unwrap();
    assert_eq!(foreign.to_string(), "1985-00-00");
    assert_eq!(
        foreign.interval(),
        Some((date(1985, 1, 1), date(1985, 12, 31)))
    );
    let showa_64: FuzzyDate = "昭和64年月日不詳".parse().unwrap();
    assert_eq!(
        showa_64.interval(),
        Some((date(1989, 1, 1), date(1989, 1, 7)))
    );
}

#[test]
fn day_in_the_wrong_era_is_refused_with_the_right_one() {
    for (written, right) in [
        ("昭和64年2月1日", "平成元年2月1日"),
        ("昭和64-02-01", "平成元年2月1日"),
        ("平成31年5月1日", "令和元年5月1日"),
        ("令和元年4月30日", "平成31年4月30日"),
    ] {
        let error = written.parse::<FuzzyDate>().unwrap_err();
        assert!(
            error.advice_ja().contains(right),
            "{written}: {}",
            error.advice_ja()
        );
    }
    assert_eq!("2026-02-30".parse::<FuzzyDate>(), Err(DateError::NoSuchDay));
    assert_eq!(
        "明治3年1月1日".parse::<FuzzyDate>(),
        Err(DateError::BeforeSolarCalendar)
    );
    for wrong in [
        "3月2日",
        "昭和",
        "450302",
        "1970-3-2-1",
        "2日3月1970年",
        "架空",
        "昭和一年",
    ] {
        assert_eq!(wrong.parse::<FuzzyDate>(), Err(DateError::Form), "{wrong}");
    }
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..60_000).prop_map(|days| date(1873, 1, 1).checked_add(days.days()).unwrap())
}

proptest! {
    #[test]
    fn every_day_survives_printing_in_both_calendars(day in any_day()) {
        let known = FuzzyDate::known(day);
        prop_assert_eq!(known.wareki().parse::<FuzzyDate>().unwrap(), known);
        prop_assert_eq!(known.western().parse::<FuzzyDate>().unwrap(), known);
        prop_assert_eq!(known.to_string().parse::<FuzzyDate>().unwrap(), known);
        prop_assert_eq!(known.interval(), Some((day, day)));
    }

    #[test]
    fn any_text_is_a_date_or_an_error(text in ".{0,20}") {
        if let Ok(date) = text.parse::<FuzzyDate>() {
            prop_assert_eq!(date.to_string().parse::<FuzzyDate>(), Ok(date));
        }
    }

    #[test]
    fn age_grows_by_one_on_the_birthday(birth in any_day(), years in 1_i16..100) {
        let Some(birthday) = counter_domain::date::anniversary(birth, years) else { return Ok(()) };
        prop_assert_eq!(age_on(birth, birthday), years);
        prop_assert_eq!(age_on(birth, birthday.checked_sub(1.day()).unwrap()), years - 1);
    }

    #[test]
    fn deadline_is_an_open_day_on_or_after_the_last_day(from in any_day(), days in 0_u16..100) {
        let closed = ClosedDays::default();
        let due = deadline(from, Term::Days(days), FirstDay::NotCounted, &closed).unwrap();
        let last = from.checked_add(i64::from(days).days()).unwrap();
        prop_assert!(due >= last && !closed.contains(due));
        // From a Saturday before the New Year closing to the Monday after it.
        prop_assert!((due - last).get_days() <= 9);
    }
}

#[test]
fn school_years_follow_the_day_before_the_birthday() {
    let first_of_april = FuzzyDate::known(date(2008, 4, 1));
    let second_of_april = FuzzyDate::known(date(2008, 4, 2));
    let on = |birth, day| within_school_year_of(birth, 18, day);
    assert_eq!(on(&first_of_april, date(2026, 3, 31)), Some(true));
    assert_eq!(on(&first_of_april, date(2026, 4, 1)), Some(false));
    assert_eq!(on(&second_of_april, date(2027, 3, 31)), Some(true));
    assert_eq!(on(&second_of_april, date(2027, 4, 1)), Some(false));
    let child = FuzzyDate::known(date(2020, 4, 1));
    assert_eq!(compulsory_school(&child, date(2026, 3, 31)), Some(false));
    assert_eq!(compulsory_school(&child, date(2026, 4, 1)), Some(true));
    assert_eq!(compulsory_school(&child, date(2035, 3, 31)), Some(true));
    assert_eq!(compulsory_school(&child, date(2035, 4, 1)), Some(false));
}

#[test]
fn age_of_an_uncertain_birth_is_known_only_when_both_ends_agree() {
    let birth: FuzzyDate = "1985-00-00".parse().unwrap();
    assert_eq!(known_age_on(&birth, date(2026, 12, 31)), Some(41));
    assert_eq!(known_age_on(&birth, date(2026, 6, 1)), None);
    assert_eq!(known_age_on(&FuzzyDate::UNKNOWN, date(2026, 6, 1)), None);
}

#[test]
fn fourteen_days_start_the_day_after_and_move_past_closed_days() {
    let due = |from, term, first_day, holidays: &[Date]| {
        deadline(from, term, first_day, &holidays.iter().copied().collect())
    };
    let not_counted = FirstDay::NotCounted;
    let fourteen = Term::Days(14);
    assert_eq!(
        due(date(2027, 4, 1), fourteen, not_counted, &[]),
        Some(date(2027, 4, 15))
    );
    assert_eq!(
        due(date(2026, 11, 20), fourteen, not_counted, &[]),
        Some(date(2026, 12, 4))
    );
    assert_eq!(
        due(date(2026, 11, 21), fourteen, not_counted, &[]),
        Some(date(2026, 12, 7))
    );
    assert_eq!(
        due(date(2026, 12, 16), fourteen, not_counted, &[]),
        Some(date(2027, 1, 4))
    );
    let holiday = [date(2026, 11, 23)];
    assert_eq!(
        due(date(2026, 11, 9), fourteen, not_counted, &holiday),
        Some(date(2026, 11, 24))
    );
    let counted = due(date(2027, 4, 1), Term::Days(7), FirstDay::Counted, &[]);
    assert_eq!(counted, Some(date(2027, 4, 7)));
}

#[test]
fn names_keep_every_character() {
    let name = PersonName::new("架空\u{3000}太\u{e0101}郎");
    assert_eq!(name.as_str(), "架空\u{3000}太\u{e0101}郎");
    assert_eq!(name.parts(), ("架空", "太\u{e0101}郎"));
    assert_eq!(PersonName::new("MOHAMMAD").parts(), ("MOHAMMAD", ""));
    assert_eq!(format!("{name:?}"), "PersonName(…)");
    assert_eq!(
        serde_json::to_string(&name).unwrap(),
        "\"架空\u{3000}太\u{e0101}郎\""
    );
}

#[test]
fn readings_are_katakana() {
    assert!(Kana::parse("カクウ\u{3000}タロー").is_ok());
    assert_eq!(
        Kana::parse("カクう"),
        Err(KanaError::Character { position: 3 })
    );
    assert_eq!(
        Kana::parse("カクウ タロウ"),
        Err(KanaError::Character { position: 4 })
    );
    assert_eq!(Kana::parse(""), Err(KanaError::Empty));
}

#[test]
fn spellings_of_one_name_have_one_search_key() {
    for spelling in ["キョウコ", "きょうこ", "ｷｮｳｺ", "キョーウコ", "キ ョウコ"]
    {
        assert_eq!(search_key(spelling), "キヨウコ", "{spelling}");
    }
    assert_eq!(search_key("ヴァイ"), "ブアイ");
    assert_eq!(search_key("辻\u{e0100}"), "辻");
}

#[test]
fn addresses_give_the_parts_that_can_be_told() {
    let parts = |text: &str| {
        let a = Address::parse(text);
        let part = |p: Option<String>| p.unwrap_or_default();
        [
            a.prefecture.unwrap_or_default().to_owned(),
            part(a.city),
            part(a.town),
            part(a.number),
            part(a.building),
        ]
    };
    let fujisawa = parts("神奈川県藤沢市片瀬3丁目9番6号　湘南ハイツ203");
    assert_eq!(
        fujisawa,
        ["神奈川県", "藤沢市", "片瀬", "3丁目9番6号", "湘南ハイツ203"]
    );
    assert_eq!(
        parts("横浜市西区みなとみらい１－１")[..3],
        ["神奈川県", "横浜市西区", "みなとみらい"]
    );
    assert_eq!(
        parts("東京都千代田区霞が関二丁目")[..3],
        ["東京都", "千代田区", "霞が関二丁目"]
    );
    for (text, city) in [
        ("千葉県市川市八幡", "市川市"),
        ("三重県四日市市諏訪町", "四日市市"),
        ("福島県郡山市朝日", "郡山市"),
        ("奈良県大和郡山市北郡山町", "大和郡山市"),
        ("北海道余市郡余市町朝日町", "余市郡余市町"),
        ("奈良県高市郡明日香村大字岡", "高市郡明日香村"),
        ("群馬県佐波郡玉村町大字下新田", "佐波郡玉村町"),
        ("東京都町田市森野", "町田市"),
        ("新潟県十日町市千歳町", "十日町市"),
        ("東京都八丈町大賀郷", "八丈町"),
    ] {
        assert_eq!(parts(text)[1], city, "{text}");
    }
    let fujisawa = Address::parse("神奈川県藤沢市片瀬");
    assert_eq!(
        fujisawa.same_prefecture(&Address::parse("横浜市西区")),
        Some(true)
    );
    assert_eq!(
        fujisawa.same_prefecture(&Address::parse("静岡県沼津市")),
        Some(false)
    );
    assert_eq!(fujisawa.same_prefecture(&Address::parse("不明")), None);
    assert_eq!(
        fujisawa.same_city(&Address::parse("藤沢市朝日町")),
        Some(true)
    );
}

#[test]
fn check_digits_follow_the_published_samples() {
    for valid in [
        "123456789018",
        "379474484458",
        "454972364860",
        "507957100721",
        "９８３２－０５６７－３２１４",
    ] {
        assert!(MyNumber::parse(valid).is_ok());
    }
    for invalid in ["507957100722", "983205673210"] {
        assert_eq!(MyNumber::parse(invalid), Err(NumberError::CheckDigit));
    }
    assert_eq!(
        MyNumber::parse("12345678901"),
        Err(NumberError::Form { expected: 12 })
    );
    for valid in ["24727059608", "24846016224", "25208017643"] {
        assert!(ResidentCode::parse(valid).unwrap().check_fits);
    }
    assert!(!ResidentCode::parse("25208017644").unwrap().check_fits);
    for valid in ["142051", "222038", "012289", "131016"] {
        assert!(LgCode::parse(valid).is_ok());
    }
    assert_eq!(LgCode::parse("142052"), Err(NumberError::CheckDigit));
    assert_eq!(LgCode::parse("142051").unwrap().prefecture(), "14");
}

#[test]
fn numbers_of_persons_are_not_printed() {
    let number = MyNumber::parse("123456789018").unwrap();
    let code = ResidentCode::parse("24727059608").unwrap();
    let shown = format!("{number:?} {code:?}");
    assert!(
        !shown.contains("1234") && !shown.contains("2472"),
        "{shown}"
    );
    assert_eq!(number.reveal(), "123456789018");
}

proptest! {
    #[test]
    fn one_wrong_digit_of_an_individual_number_is_found(at in 0_usize..12, add in 1_u8..10) {
        let mut digits = b"379474484458".to_vec();
        digits[at] = b'0' + (digits[at] - b'0' + add) % 10;
        let text = String::from_utf8(digits).unwrap();
        // Remainders 0 and 1 share the check digit 0, so a few changes of this kind stay hidden.
        let sum: u32 = text.bytes().take(11).zip([6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
            .map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let hidden = sum % 11 <= 1 && text.ends_with('0');
        prop_assert_eq!(MyNumber::parse(&text).is_ok(), hidden);
    }

    #[test]
    fn receipt_numbers_survive_printing_and_show_wrong_characters(
        branch in 0_u8..100,
        appliance in "[0-9A-Z]",
        sequence in 1_u16..10_000,
        day in 0_i64..30_000,
        at in 0_usize..14,
        add in 1_u32..10,
    ) {
        let branch = BranchCode(format!("{branch:02}"));
        let day = date(2000, 1, 1).checked_add(day.days()).unwrap();
        let appliance = appliance.chars().next().unwrap();
        let number = ReceiptNumber::issue(&branch, appliance, day, sequence).unwrap();
        let text = number.to_string();
        prop_assert_eq!(text.parse::<ReceiptNumber>(), Ok(number.clone()));
        let compact: String = text.chars().filter(|c| *c != '-').collect();
        prop_assert_eq!(compact.to_lowercase().parse::<ReceiptNumber>(), Ok(number));
        let mut wrong: Vec<char> = compact.chars().collect();
        if let Some(digit) = wrong[at].to_digit(10) {
            wrong[at] = char::from_digit((digit + add) % 10, 10).unwrap();
            let wrong: String = wrong.into_iter().collect();
            prop_assert!(wrong.parse::<ReceiptNumber>().is_err(), "{} {}", compact, wrong);
        }
    }
}

#[test]
fn receipt_number_is_read_as_people_type_it() {
    let number = ReceiptNumber::issue(&"07".into(), '2', date(2027, 3, 31), 184).unwrap();
    let text = number.to_string();
    assert!(text.starts_with("07-2-270331-0184-"), "{text}");
    let wide = "０７－２－２７０３３１－０１８４ー".to_owned() + &text[text.len() - 1..];
    assert_eq!(wide.parse(), Ok(number));
    assert_eq!(
        "07-2".parse::<ReceiptNumber>(),
        Err(ReceiptNumberError::Form)
    );
    let zero = ReceiptNumber::issue(&"07".into(), '2', date(2027, 3, 31), 0);
    assert_eq!(zero, Err(ReceiptNumberError::Range));
}

#[test]
fn relations_are_chains_from_the_head() {
    for (written, printed) in [
        ("世帯主", "世帯主"),
        ("HEAD", "世帯主"),
        ("本人", "世帯主"),
        ("妻の子", "妻の子"),
        ("WIFE,CHILD", "妻の子"),
        ("長男", "子"),
        ("子の子の子", "子の子の子"),
        ("妻(未届)", "妻（未届）"),
    ] {
        assert_eq!(written.parse::<Relation>().unwrap().to_string(), printed);
    }
    for wrong in ["", "孫", "世帯主の子", "友人"] {
        assert!(wrong.parse::<Relation>().is_err(), "{wrong}");
    }
    assert!("世帯主".parse::<Relation>().unwrap().is_head());
}

//! Faces of cards and the data page of a passport, drawn with the labels that the real ones have.

use document_reader::field::{DocumentKind, FieldName as F};

use crate::people::{Household, Person, pick};
use crate::sheet::Sheet;
use crate::style::DateForm;

/// Body of the page for a card of that kind; nothing for a certificate.
pub(crate) fn draw(kind: DocumentKind, sheet: &mut Sheet<'_>) -> String {
    match kind {
        DocumentKind::MoveOutCertificate => String::new(),
        DocumentKind::ResidenceCard => residence(sheet),
        DocumentKind::Licence => licence(sheet),
        DocumentKind::MyNumberCard => my_number(sheet),
        DocumentKind::Passport => passport(sheet),
    }
}

fn field(field: F, printed: &str, truth: &str) -> String {
    format!(
        "<span data-f=\"{}\" data-m=0 data-v=\"{truth}\">{printed}</span>",
        field.label()
    )
}

fn person(household: &Household) -> Option<&Person> {
    household.members.first()
}

const ROMAN: [&str; 6] = [
    "MIHON ANNA MARIA",
    "KAKUU JOHN",
    "SAMPLE NGUYEN VAN",
    "MIHON LEE",
    "TEST SANTOS MARIA",
    "KAKUU ALEX",
];
const NATIONS: [&str; 5] = ["米国", "ベトナム", "フィリピン", "ブラジル", "ネパール"];
const STATUSES: [&str; 5] = ["永住者", "留学", "技能実習２号ロ", "家族滞在", "定住者"];

fn residence(sheet: &mut Sheet<'_>) -> String {
    let name = *pick(sheet.random, &ROMAN);
    let nation = *pick(sheet.random, &NATIONS);
    let status = *pick(sheet.random, &STATUSES);
    let letters =
        |random: &mut fastrand::Rng| -> String { (0..2).map(|_| random.uppercase()).collect() };
    let number = format!(
        "{}{:08}{}",
        letters(sheet.random),
        sheet.random.u32(0..99_999_999),
        letters(sheet.random)
    );
    let Some(person) = person(&sheet.household) else {
        return String::new();
    };
    sheet.style.date = DateForm::Western;
    sheet.style.is_wide = false;
    let until = format!(
        "{}年{:02}月{:02}日",
        2028, person.birth.month, person.birth.day
    );
    let sex = if person.is_male {
        ("男 M.", "男")
    } else {
        ("女 F.", "女")
    };
    format!(
        "<div class=card><div class=cardtop>日本国政府　在留カード　<b>{}</b></div>\
         <div><small>氏名 NAME</small> {}</div>\
         <div><small>生年月日</small> {} <small>性別 SEX</small> {} <small>国籍・地域</small> {}</div>\
         <div><small>住居地</small> {}</div>\
         <div><small>在留資格</small> {} <small>就労制限の有無</small> 在留資格に基づく就労活動のみ可</div>\
         <div><small>在留期間（満了日）</small> 3年（{until}）</div>\
         <div>このカードは {} まで有効 です。</div></div>",
        field(F::CardNumber, &number, &number),
        field(F::Name, name, name),
        field(
            F::BirthDate,
            &sheet.style.day(person.birth),
            &person.birth.iso()
        ),
        field(F::Sex, sex.0, sex.1),
        field(F::Nationality, nation, nation),
        field(
            F::Address,
            &sheet.household.new_address,
            &sheet.household.new_address
        ),
        field(F::ResidenceStatus, status, status),
        field(
            F::ValidUntil,
            &until,
            &format!("2028-{:02}-{:02}", person.birth.month, person.birth.day)
        ),
    )
}

fn licence(sheet: &mut Sheet<'_>) -> String {
    let number: String = (0..12)
        .map(|_| char::from(b'0' + sheet.random.u8(0..10)))
        .collect();
    let Some(person) = person(&sheet.household) else {
        return String::new();
    };
    sheet.style.date = DateForm::Era;
    sheet.style.is_wide = false;
    let until = crate::people::Day {
        year: 2029,
        ..person.birth
    };
    format!(
        "<div class=card><table class=face><tr><th>氏名</th><td>{}　　{}生</td></tr><tr><th>住所</th><td>{}</td></tr>\
         <tr><th>交付</th><td>令和6年05月20日 12345</td></tr></table><div class=band>{}まで有効</div>\
         <div>免許の条件等　眼鏡等</div><div>番号　第　{}　号</div><div>見本県公安委員会</div></div>",
        field(F::Name, &person.name(), &person.name()),
        field(
            F::BirthDate,
            &sheet.style.day(person.birth),
            &person.birth.iso()
        ),
        field(
            F::Address,
            &sheet.household.new_address,
            &sheet.household.new_address
        ),
        field(
            F::ValidUntil,
            &format!("2029年（令和11年）{:02}月{:02}日", until.month, until.day),
            &until.iso()
        ),
        field(F::CardNumber, &number, &number),
    )
}

fn my_number(sheet: &mut Sheet<'_>) -> String {
    let Some(person) = person(&sheet.household) else {
        return String::new();
    };
    sheet.style.date = DateForm::Era;
    sheet.style.is_wide = false;
    let sex = if person.is_male { "男" } else { "女" };
    let until = format!("2034年{}月{}日", person.birth.month, person.birth.day);
    format!(
        "<div class=card><div><small>氏名</small>　{}</div><div><small>住所</small>　{}</div>\
         <div>{}生　<small>性別</small> {}　　{}まで有効</div><div class=cardtop>個人番号カード　{}長</div></div>",
        field(F::Name, &person.name(), &person.name()),
        field(
            F::Address,
            &sheet.household.new_address,
            &sheet.household.new_address
        ),
        field(
            F::BirthDate,
            &sheet.style.day(person.birth),
            &person.birth.iso()
        ),
        field(F::Sex, sex, sex),
        field(
            F::ValidUntil,
            &until,
            &format!("2034-{:02}-{:02}", person.birth.month, person.birth.day)
        ),
        sheet.household.city,
    )
}

fn passport(sheet: &mut Sheet<'_>) -> String {
    let roman = *pick(
        sheet.random,
        &[
            "MIHON<<TARO",
            "KAKUU<<HANAKO",
            "SAMPLE<<ICHIRO",
            "TODOKE<<YUKI",
        ],
    );
    let number = format!("TZ{:07}", sheet.random.u32(1_000_000..9_999_999));
    let Some(person) = person(&sheet.household) else {
        return String::new();
    };
    let short =
        |day: crate::people::Day| format!("{:02}{:02}{:02}", day.year % 100, day.month, day.day);
    let until = crate::people::Day {
        year: 2032,
        ..person.birth
    };
    let (birth, expires) = (short(person.birth), short(until));
    let sex = if person.is_male { 'M' } else { 'F' };
    let personal = "<<<<<<<<<<<<<<";
    let body = format!("{number}{}", check_digit(&number));
    let dates = format!(
        "{birth}{}{sex}{expires}{}",
        check_digit(&birth),
        check_digit(&expires)
    );
    let whole = format!(
        "{body}{birth}{}{expires}{}{personal}0",
        check_digit(&birth),
        check_digit(&expires)
    );
    let second = format!("{body}JPN{dates}{personal}0{}", check_digit(&whole));
    let first = format!("P<JPN{roman}{}", "<".repeat(39 - roman.len()));
    let escaped = |text: &str| text.replace('<', "&lt;");
    let truth = |name: F, value: &str| {
        format!(
            "<span data-f=\"{}\" data-m=0 data-v=\"{value}\"></span>",
            name.label()
        )
    };
    let words = roman.replace("<<", " ");
    format!(
        "<div class=card><div>日本国　旅券　PASSPORT</div><pre class=zone>{}\n{}</pre>{}{}{}{}</div>",
        escaped(&first),
        escaped(&second),
        truth(F::Name, &words),
        truth(F::BirthDate, &person.birth.iso()),
        truth(F::CardNumber, &number),
        truth(F::ValidUntil, &until.iso()),
    )
}

/// Weights 7, 3, 1 over the values of the characters (ICAO 9303 part 3).
fn check_digit(text: &str) -> u32 {
    text.chars()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum::<u32>()
        % 10
}

#[cfg(test)]
mod tests {
    use super::check_digit;

    #[test]
    fn check_digits_of_the_specification() {
        assert_eq!(check_digit("L898902C3"), 6);
        assert_eq!(check_digit("740812"), 2);
    }
}

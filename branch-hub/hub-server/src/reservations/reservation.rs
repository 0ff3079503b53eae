//! The file of reservations (転入予約): its columns, and what a line says.
//!
//! `docs/reference/reservations.md` says the same for people.

use counter_domain::prepared::{Newcomer, Prepared, PreparedKind, PreparedPlace, WISHES};
use jiff::civil::Date;

use super::Around;
use super::filing::{Form, Standing, exact_day, revision};
use crate::line_file::{Column, Fields, Heading, Presence, Problem, Wrong};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReservationColumn {
    Number,
    Revision,
    State,
    Replaces,
    AppliedOn,
    VisitOn,
    MovingOn,
    People,
    Member,
    Name,
    Kana,
    FormerSurname,
    Alias,
    AliasKana,
    BirthDate,
    Sex,
    Relation,
    Nationality,
    ResidentCode,
    OldAddress,
    NewAddress,
    NewBuilding,
    NewHead,
    Phone,
    Mail,
    Wishes,
    Note,
    Protection,
}

use Presence::{Needed, Optional};
use ReservationColumn as C;

impl Column for C {
    const HEADINGS: &'static [Heading<Self>] = &[
        (C::Number, "reservation_no", "予約番号", Needed),
        (C::Revision, "revision", "更新連番", Optional),
        (C::State, "state", "予約状態", Needed),
        (C::Replaces, "replaces", "差替元予約番号", Optional),
        (C::AppliedOn, "applied_on", "申請年月日", Optional),
        (C::VisitOn, "visit_on", "来庁予定日", Needed),
        (C::MovingOn, "moving_on", "異動予定日", Optional),
        (C::People, "people", "人数", Needed),
        (C::Member, "member_no", "連番", Needed),
        (C::Name, "name", "氏名", Needed),
        (C::Kana, "kana", "氏名カナ", Optional),
        (C::FormerSurname, "former_surname", "旧氏", Optional),
        (C::Alias, "alias", "通称", Optional),
        (C::AliasKana, "alias_kana", "通称カナ", Optional),
        (C::BirthDate, "birth_date", "生年月日", Needed),
        (C::Sex, "sex", "性別", Optional),
        (C::Relation, "relation", "続柄", Optional),
        (C::Nationality, "nationality", "国籍・地域", Optional),
        (C::ResidentCode, "resident_code", "住民票コード", Optional),
        (C::OldAddress, "old_address", "転出前住所", Needed),
        (C::NewAddress, "new_address", "転入先住所", Optional),
        (C::NewBuilding, "new_building", "転入先方書", Optional),
        (C::NewHead, "new_head", "転入先世帯主", Optional),
        (C::Phone, "phone", "電話番号", Optional),
        (C::Mail, "mail", "メールアドレス", Optional),
        (C::Wishes, "wishes", "希望手続", Optional),
        (C::Note, "note", "備考", Optional),
        (C::Protection, "protection", "支援措置", Optional),
    ];
    const DESCRIBED: &'static str = "docs/reference/reservations.md";
}

impl Form for C {
    const NUMBER: Self = C::Number;
    const MEMBER: Self = C::Member;
    const PEOPLE: Self = C::People;

    fn key(fields: &Fields<'_, Self>) -> Result<(String, u32), Problem> {
        Ok((fields.number(C::Number)?, revision(fields, C::Revision)?))
    }

    fn standing(fields: &Fields<'_, Self>) -> Result<(Standing, String), Problem> {
        let standing = fields.code(C::State, "1 9", |code| match code {
            "1" => Some(Standing::Valid),
            "9" => Some(Standing::Withdrawn),
            _ => None,
        })?;
        let replaces = if fields.text(C::Replaces).is_empty() {
            String::new()
        } else {
            fields.number(C::Replaces)?
        };
        Ok((standing, replaces))
    }

    fn filing(fields: &Fields<'_, Self>) -> Result<Prepared, Problem> {
        let old = fields.needed(C::OldAddress)?;
        let is_protected = fields.flag(C::Protection)?;
        let place = PreparedPlace {
            old,
            new: fields.owned(C::NewAddress),
            building: fields.owned(C::NewBuilding),
            phone: phone(fields)?,
            mail: fields.owned(C::Mail),
        };
        let (number, revision) = Self::key(fields)?;
        let day = exact_day(fields, C::VisitOn)?;
        Ok(Prepared {
            moving_on: fields.date(C::MovingOn)?,
            filed_on: fields.date(C::AppliedOn)?,
            special: true,
            head_new: fields.owned(C::NewHead),
            place: (!is_protected).then_some(place),
            wishes: fields.codes(C::Wishes, &WISHES)?,
            note: fields.owned(C::Note),
            ..Prepared::empty(PreparedKind::Reservation, number, revision, day)
        })
    }

    fn withdrawn(fields: &Fields<'_, Self>, today: Date) -> Result<Prepared, Problem> {
        let (number, revision) = Self::key(fields)?;
        let told = fields.date(C::VisitOn)?;
        let day = if told.is_empty() {
            today.to_string()
        } else {
            told
        };
        Ok(Prepared::empty(
            PreparedKind::Reservation,
            number,
            revision,
            day,
        ))
    }

    fn person(fields: &Fields<'_, Self>) -> Result<Newcomer, Problem> {
        let nationality = fields.owned(C::Nationality);
        let is_foreign = !nationality.is_empty();
        Ok(Newcomer {
            name: fields.needed(C::Name)?,
            kana: fields.kana(C::Kana, is_foreign)?,
            former_surname: fields.owned(C::FormerSurname),
            alias: fields.owned(C::Alias),
            alias_kana: fields.kana(C::AliasKana, is_foreign)?,
            birth_date: fields.needed_date(C::BirthDate)?,
            sex: fields.sex(C::Sex)?,
            relation: fields.relation(C::Relation)?,
            resident_code: fields.resident_code(C::ResidentCode)?,
            nationality,
            ..Newcomer::default()
        })
    }

    fn caution(fields: &Fields<'_, Self>, around: &Around<'_>) -> Option<Problem> {
        let new = fields.text(C::NewAddress);
        let elsewhere = !new.is_empty() && !new.contains(around.city);
        elsewhere.then(|| {
            fields.problem(
                C::NewAddress,
                Wrong::Said("転入先がこの市ではないようです。予約を確かめてください"),
            )
        })
    }
}

fn phone(fields: &Fields<'_, C>) -> Result<String, Problem> {
    fields.code(C::Phone, "数字とハイフンの電話番号", |text| {
        let right = text
            .chars()
            .all(|c| c.is_ascii_digit() || "-+() ".contains(c));
        right.then(|| text.to_owned())
    })
}

//! The file of move-out certificate data (転出証明書情報): its columns, and what a line says.
//!
//! `docs/reference/move-outs.md` says the same for people.

use counter_domain::number::{LgCode, ResidentCode};
use counter_domain::prepared::{Newcomer, Prepared, PreparedKind, PreparedPlace};
use jiff::civil::Date;

use super::Around;
use super::filing::{Form, Standing, exact_day, revision};
use crate::line_file::{Column, Fields, Heading, Presence, Problem, Wrong};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveOutColumn {
    IssuerCode,
    Issuer,
    Number,
    Revision,
    State,
    Special,
    Reissued,
    NotifiedOn,
    PlannedOn,
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
    ResidentCode,
    Nationality,
    StayClass,
    StayStatus,
    StayPeriod,
    StayUntil,
    StayCard,
    Card,
    Qualifications,
    CareLevel,
    PensionKind,
    OldHead,
    OldAddress,
    OutTo,
    Domicile,
    RegisterHead,
    Note,
    Protection,
}

use MoveOutColumn as C;
use Presence::{Needed, Optional};

impl Column for C {
    const HEADINGS: &'static [Heading<Self>] = &[
        (C::IssuerCode, "issuer_code", "発行市区町村コード", Needed),
        (C::Issuer, "issuer", "発行市区町村名", Needed),
        (C::Number, "certificate_no", "転出証明書番号", Needed),
        (C::Revision, "revision", "更新連番", Optional),
        (C::State, "state", "情報区分", Needed),
        (C::Special, "special", "特例転入", Optional),
        (C::Reissued, "reissued", "再交付", Optional),
        (C::NotifiedOn, "notified_on", "届出年月日", Optional),
        (C::PlannedOn, "planned_on", "転出予定年月日", Needed),
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
        (C::ResidentCode, "resident_code", "住民票コード", Needed),
        (C::Nationality, "nationality", "国籍・地域", Optional),
        (C::StayClass, "stay_class", "30条45規定区分", Optional),
        (C::StayStatus, "stay_status", "在留資格", Optional),
        (C::StayPeriod, "stay_period", "在留期間", Optional),
        (C::StayUntil, "stay_until", "在留期間の満了の日", Optional),
        (C::StayCard, "stay_card", "在留カード等の番号", Optional),
        (C::Card, "card", "個人番号カード", Optional),
        (C::Qualifications, "qualifications", "資格", Optional),
        (C::CareLevel, "care_level", "要介護度", Optional),
        (C::PensionKind, "pension_kind", "国民年金種別", Optional),
        (C::OldHead, "old_head", "転出前世帯主", Optional),
        (C::OldAddress, "old_address", "転出前住所", Needed),
        (C::OutTo, "out_to", "転出先住所", Optional),
        (C::Domicile, "domicile", "本籍", Optional),
        (C::RegisterHead, "register_head", "筆頭者", Optional),
        (C::Note, "note", "備考", Optional),
        (C::Protection, "protection", "支援措置", Optional),
    ];
    const DESCRIBED: &'static str = "docs/reference/move-outs.md";
}

impl Form for C {
    const NUMBER: Self = C::Number;
    const MEMBER: Self = C::Member;
    const PEOPLE: Self = C::People;

    fn key(fields: &Fields<'_, Self>) -> Result<(String, u32), Problem> {
        let issuer = LgCode::parse(fields.text(C::IssuerCode).trim()).map_err(|_| {
            fields.problem(
                C::IssuerCode,
                Wrong::Number("検査数字を含む全国地方公共団体コード6桁"),
            )
        })?;
        let number = fields.number(C::Number)?;
        let key = [issuer.as_str(), "-", &number].concat();
        Ok((key, revision(fields, C::Revision)?))
    }

    fn standing(fields: &Fields<'_, Self>) -> Result<(Standing, String), Problem> {
        let standing = fields.code(C::State, "1 2 9", |code| match code {
            "1" | "2" => Some(Standing::Valid),
            "9" => Some(Standing::Withdrawn),
            _ => None,
        })?;
        Ok((standing, String::new()))
    }

    fn filing(fields: &Fields<'_, Self>) -> Result<Prepared, Problem> {
        let old = fields.needed(C::OldAddress)?;
        let is_protected = fields.flag(C::Protection)?;
        let place = PreparedPlace {
            old,
            new: fields.owned(C::OutTo),
            ..PreparedPlace::default()
        };
        let (number, revision) = Self::key(fields)?;
        let day = exact_day(fields, C::PlannedOn)?;
        let is_reissued = fields.flag(C::Reissued)?;
        let note = fields.owned(C::Note);
        Ok(Prepared {
            filed_on: fields.date(C::NotifiedOn)?,
            advance: fields.text(C::State).trim() == "1",
            special: fields.flag(C::Special)?,
            issuer: fields.needed(C::Issuer)?,
            head_old: fields.owned(C::OldHead),
            place: (!is_protected).then_some(place),
            note: if is_reissued {
                ["再交付", &note].join(" ").trim().to_owned()
            } else {
                note
            },
            ..Prepared::empty(PreparedKind::MoveOut, number, revision, day)
        })
    }

    fn withdrawn(fields: &Fields<'_, Self>, today: Date) -> Result<Prepared, Problem> {
        let (number, revision) = Self::key(fields)?;
        let told = fields.date(C::PlannedOn)?;
        let day = if told.is_empty() {
            today.to_string()
        } else {
            told
        };
        Ok(Prepared::empty(
            PreparedKind::MoveOut,
            number,
            revision,
            day,
        ))
    }

    fn person(fields: &Fields<'_, Self>) -> Result<Newcomer, Problem> {
        let nationality = fields.owned(C::Nationality);
        let is_foreign = !nationality.is_empty();
        fields.needed(C::ResidentCode)?;
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
            domicile: fields.owned(C::Domicile),
            register_head: fields.owned(C::RegisterHead),
            stay_class: fields.owned(C::StayClass),
            stay_status: fields.owned(C::StayStatus),
            stay_period: fields.owned(C::StayPeriod),
            stay_until: fields.date(C::StayUntil)?,
            stay_card: fields.owned(C::StayCard),
            card: fields.code(C::Card, "1 2 0 空", |code| match code {
                "" => Some(String::new()),
                "0" => Some("none".to_owned()),
                "1" => Some("valid".to_owned()),
                "2" => Some("stopped".to_owned()),
                _ => None,
            })?,
            qualifications: fields.qualifications(C::Qualifications)?,
            care_level: fields.owned(C::CareLevel),
            pension_kind: fields.owned(C::PensionKind),
        })
    }

    fn caution(fields: &Fields<'_, Self>, around: &Around<'_>) -> Option<Problem> {
        let to = fields.text(C::OutTo);
        if !to.is_empty() && !to.contains(around.city) {
            let elsewhere = "転出先がこの市ではありません。送り先を確かめてください";
            return Some(fields.problem(C::OutTo, Wrong::Said(elsewhere)));
        }
        let code = ResidentCode::parse(fields.text(C::ResidentCode)).ok()?;
        let misfit = "住民票コードの検査数字が合いません。転出元に確かめてください";
        (!code.check_fits).then(|| fields.problem(C::ResidentCode, Wrong::Said(misfit)))
    }
}

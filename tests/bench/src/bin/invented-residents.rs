//! `invented-residents COUNT [SEED]`: a resident copy's file of invented people on the standard
//! output, as `todoke-hub publish resident-copy` reads it. One in five hundred is under protection.

use std::io::{self, BufWriter, Write as _};

use anyhow::{Context as _, Result};
use bench::invented::Invented;
use counter_domain::date::FuzzyDate;

const HEADINGS: &str = "宛名番号,世帯番号,住民状態,住民種別,氏名,氏名カナ,生年月日,性別,続柄,\
住民票コード,住所,方書,住所を定めた年月日,前住所,本籍,筆頭者,資格,支援措置,支援措置終了日";
const PROTECTED_EVERY: u32 = 500;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments
        .next()
        .context("usage: invented-residents COUNT [SEED]")?
        .parse()?;
    let seed = arguments.next().map_or(Ok(7), |text| text.parse())?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{HEADINGS}")?;
    for (number, person) in (1_u32..).zip(Invented::new(seed, count)) {
        let place = person.place.unwrap_or_default();
        let birth: FuzzyDate = person.birth_date.parse()?;
        let sex = if person.sex == "male" { "1" } else { "2" };
        let protection = if number % PROTECTED_EVERY == 0 {
            "1,2027-03-31"
        } else {
            "0,"
        };
        writeln!(
            out,
            "{},{},{},1,{},{},{},{sex},{},{},{},{},{},{},{},{},{},{protection}",
            person.person_no,
            person.household_no,
            person.state.code(),
            person.name,
            person.kana,
            birth.wareki(),
            person.relation,
            person.resident_code,
            place.address,
            place.building,
            place.since,
            place.previous,
            place.domicile,
            place.register_head,
            person.qualifications.join(";"),
        )?;
    }
    out.flush()?;
    Ok(())
}

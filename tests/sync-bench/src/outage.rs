//! Branches that come back after an outage: one with a thousand cases, twelve at once, and a long
//! list of further ones, to see that a full database costs no more per case than an empty one.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::city::City;
use crate::clock::{instant, whole};
use crate::counter::Counter;
use crate::line::{Line, Pace};
use crate::reception::Papers;
use crate::table::Table;

const TWELVE: [&str; 12] = [
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22",
];
/// What a returning branch cost.
pub(crate) struct Return {
    /// Seconds until head office had every record.
    pub(crate) seconds: f64,
    /// Bytes on the wire in both directions.
    pub(crate) bytes: f64,
    /// Seconds of processor time at head office.
    pub(crate) processor: f64,
}

/// A branch takes in cases without a line, then gets one.
pub(crate) async fn returns(city: &City, counter: &mut Counter, cases: usize) -> Result<Return> {
    counter.take_in(cases)?;
    let line = Line::lay(city.listen(), Pace::FREE).await?;
    let (start, processor) = (instant(), city.program().seconds()?);
    counter.start(line.near())?;
    counter.records_safe().await?;
    let seconds = start.elapsed().as_secs_f64();
    counter.all_safe().await?;
    Ok(Return {
        seconds,
        bytes: whole(line.bytes().all()),
        processor: city.program().seconds()? - processor,
    })
}

/// One branch with its cases; the first figures of the table.
pub(crate) async fn one_branch(folder: &Path, cases: usize, table: &mut Table) -> Result<City> {
    let city = City::start(&folder.join("one")).await?;
    let empty = city.database_bytes()?;
    let mut counter = Counter::enrolled(&city, "01", Papers::Token).await?;
    let back = returns(&city, &mut counter, cases).await?;
    let of = |figure: f64| figure / whole(cases);
    table.plain(
        &format!("{cases} cases from one branch to head office"),
        back.seconds,
        "s",
    );
    table.keep("one branch", back.seconds);
    table.keep("bytes", of(back.bytes));
    table.plain(
        "the same, processor time at head office, per case",
        of(back.processor) * 1e3,
        "ms",
    );
    table.beside(
        "bytes on the wire, records of a case",
        (of(back.bytes), "B"),
        ("budget", 2048.0),
    );
    table.plain(
        "head office: most memory",
        city.program().memory_most()?,
        "MiB",
    );
    let grown = whole(city.database_bytes()?.saturating_sub(empty));
    table.keep("database", of(grown) / 1024.0);
    table.plain("head office: database, per case", of(grown) / 1024.0, "KiB");
    table.plain(
        "counter: database, per case",
        of(whole(counter.database_bytes()?)) / 1024.0,
        "KiB",
    );
    ensure!(
        city.look()?.queue()?.len() == cases.min(1000),
        "the desk does not show the cases"
    );
    Ok(city)
}

/// Twelve branches come back at the same moment.
pub(crate) async fn twelve(city: &City, of_each: usize, table: &mut Table) -> Result<usize> {
    let mut counters = Vec::new();
    for branch in TWELVE {
        let mut counter = Counter::enrolled(city, branch, Papers::Token).await?;
        counter.take_in(of_each)?;
        counters.push(counter);
    }
    let line = Line::lay(city.listen(), Pace::FREE).await?;
    let (start, processor) = (instant(), city.program().seconds()?);
    for counter in &mut counters {
        counter.start(line.near())?;
    }
    for counter in &counters {
        counter.all_safe().await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cases = whole(of_each * TWELVE.len());
    table.plain(
        &format!("12 branches with {of_each} cases each, back at once"),
        seconds,
        "s",
    );
    table.keep("twelve", seconds);
    let processor = city.program().seconds()? - processor;
    table.plain(
        "the same, processor time at head office, per case",
        processor / cases * 1e3,
        "ms",
    );
    table.plain(
        "the same, head office: most memory",
        city.program().memory_most()?,
        "MiB",
    );
    Ok(of_each * TWELVE.len())
}

/// Further branches, each twice with a thousand cases, until head office has so many. Each is there
/// for a moment before: a new counter's first contact is no part of a thousand cases.
pub(crate) async fn growth(
    city: &City,
    (mut present, until): (usize, usize),
    table: &mut Table,
) -> Result<()> {
    const STEP: usize = 1000;
    // Codes have two digits, and there are fewer of them than thousands.
    const TIMES: usize = 2;
    let mut first = None;
    let mut branch = 30;
    while present < until {
        let mut counter = Counter::enrolled(city, &branch.to_string(), Papers::Token).await?;
        let new = returns(city, &mut counter, 1).await?;
        if branch % 5 == 0 {
            let name = format!("the first contact of a new counter with {present} present");
            table.plain(&name, new.processor * 1e3, "ms");
        }
        for _ in 0..TIMES {
            counter.stop();
            let back = returns(city, &mut counter, STEP).await?;
            let per_case = back.processor / whole(STEP) * 1e3;
            let least = *first.get_or_insert(per_case);
            let name = format!(
                "1,000 more with {present} present, processor time at head office, per case"
            );
            table.beside(&name, (per_case, "ms"), ("the first such thousand", least));
            present += STEP;
        }
        branch += 1;
    }
    Ok(())
}

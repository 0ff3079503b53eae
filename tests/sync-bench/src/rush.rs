//! A busy city: 59 counters of 13 branches that hand in 600 cases an hour together, in a shorter
//! time. Every step of every case is sent as it is saved.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use crate::city::City;
use crate::clock::{instant, whole};
use crate::counter::Counter;
use crate::line::{Line, Pace};
use crate::reception::Papers;
use crate::table::Table;

const COUNTERS: usize = 59;
const BRANCHES: usize = 13;
/// Steps of a case, begin and end included.
const STEPS: u32 = 28;

/// Plays so many seconds, so many times faster than 600 an hour.
pub(crate) async fn measure(
    folder: &Path,
    (seconds, faster): (u64, u32),
    table: &mut Table,
) -> Result<()> {
    let folder = folder.join("rush");
    let city = City::start(&folder).await?;
    let line = Line::lay(city.listen(), Pace::FREE).await?;
    let mut counters = Vec::with_capacity(COUNTERS);
    for place in 0..COUNTERS {
        let branch = format!("{:02}", 1 + place % BRANCHES);
        let mut counter = Counter::enrolled(&city, &branch, Papers::Token).await?;
        counter.start(line.near())?;
        counters.push(counter);
    }
    for counter in &counters {
        counter.all_safe().await?;
    }
    let (start, processor, before) = (instant(), city.program().seconds()?, line.bytes());
    let mut working = JoinSet::new();
    let length = Duration::from_secs(seconds);
    for (place, counter) in counters.into_iter().enumerate() {
        working.spawn(work(counter, place, length, faster));
    }
    let (mut delays, mut steps) = (Vec::new(), 0);
    while let Some(done) = working.join_next().await {
        let done = done??;
        delays.extend(done.delays);
        steps += done.steps;
    }
    let took = start.elapsed().as_secs_f64();
    delays.sort_unstable();
    let share = (city.program().seconds()? - processor) / took * 100.0;
    // A short time ends in the middle of many cases.
    let cases = f64::from(steps) / f64::from(STEPS);
    let rate = cases / took * 3600.0;
    let p95 = delays
        .get(delays.len().saturating_sub(1) * 95 / 100)
        .context("nothing was handed in")?;
    table.plain("59 counters, cases", rate, "an hour");
    table.plain("the same, head office, of one processor", share, "%");
    table.plain(
        "the same, of one processor at 600 an hour",
        share * 600.0 / rate,
        "%",
    );
    table.beside(
        "the same, handed in to safe at head office, p95",
        (p95.as_secs_f64() * 1e3, "ms"),
        ("budget", 5000.0),
    );
    let bytes = whole(line.bytes().since(before).all()) / cases;
    table.plain(
        "the same, bytes on the wire, per case sent step by step",
        bytes / 1024.0,
        "KiB",
    );
    table.plain(
        "the same, head office: most memory",
        city.program().memory_most()?,
        "MiB",
    );
    Ok(())
}

/// What one counter did.
#[derive(Default)]
struct Done {
    /// From the last step of each case to safe at head office.
    delays: Vec<Duration>,
    /// Steps of all cases, also of the one that is not finished.
    steps: u32,
}

/// One counter: cases one after the other, a step at a time, beginning at its own moment.
async fn work(mut counter: Counter, place: usize, length: Duration, faster: u32) -> Result<Done> {
    let of_a_case = Duration::from_hours(1) * u32::try_from(COUNTERS)? / 600 / faster;
    let step = of_a_case / STEPS;
    let start = instant();
    tokio::time::sleep(of_a_case * u32::try_from(place)? / u32::try_from(COUNTERS)?).await;
    let mut done = Done::default();
    while start.elapsed() < length {
        let mut reception = counter.begin()?;
        done.steps += 1;
        while start.elapsed() < length {
            tokio::time::sleep(step).await;
            let saved = instant();
            done.steps += 1;
            if !counter.go_on(&mut reception)? {
                counter.all_safe().await?;
                done.delays.push(saved.elapsed());
                break;
            }
        }
    }
    Ok(done)
}

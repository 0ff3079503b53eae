//! Sixty cases after an outage over a branch's own line: 10 Mbit/s, 40 ms to the other end.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::city::City;
use crate::clock::{instant, whole};
use crate::counter::Counter;
use crate::line::{Line, Pace};
use crate::reception::Papers;
use crate::table::Table;

const CASES: usize = 60;
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_mins(5);

/// Records alone, and with signatures and forms.
pub(crate) async fn measure(folder: &Path, table: &mut Table) -> Result<()> {
    for (papers, with, budget) in [
        (Papers::Token, "records alone", 5.0),
        (Papers::Real, "with signatures and forms", 60.0),
    ] {
        let folder = folder.join(format!("slow-{budget}"));
        let city = City::start(&folder).await?;
        let mut counter = Counter::enrolled(&city, "01", papers).await?;
        let line = Line::lay(city.listen(), Pace::BRANCH).await?;
        counter.start(line.near())?;
        counter.all_safe().await?;
        line.cut();
        counter.take_in(CASES)?;
        let before = line.bytes();
        let start = instant();
        line.join();
        tokio::time::timeout(PATIENCE, shown(&city))
            .await
            .context("the desk does not show the cases")??;
        let seconds = start.elapsed().as_secs_f64();
        if papers == Papers::Token {
            table.keep("slow", seconds);
        }
        let name =
            format!("60 cases after an outage, 10 Mbit/s, 40 ms, on the desk's list, {with}");
        table.beside(&name, (seconds, "s"), ("budget", 5.0));
        counter.all_safe().await?;
        let name = format!("the same, everything at head office, {with}");
        table.beside(
            &name,
            (start.elapsed().as_secs_f64(), "s"),
            ("budget", budget),
        );
        let bytes = whole(line.bytes().since(before).all()) / whole(CASES);
        table.plain(
            &format!("the same, bytes on the wire, per case, {with}"),
            bytes,
            "B",
        );
    }
    Ok(())
}

/// Waits until the desk's list has them all: what its page reads, in the hub's own database.
async fn shown(city: &City) -> Result<()> {
    let desk = city.look()?;
    while desk.queue()?.len() < CASES {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

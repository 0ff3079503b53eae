//! What a counter costs that is connected and has nothing to say: the real `todoke serve`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::city::City;
use crate::clock::{instant, whole};
use crate::line::{Line, Pace};
use crate::process::{Program, beside, run};
use crate::table::Table;

/// Until everything published is there and the first reports are told.
const SETTLE: Duration = Duration::from_secs(75);

/// Listens for so many seconds.
pub(crate) async fn measure(folder: &Path, seconds: u64, table: &mut Table) -> Result<()> {
    let folder = folder.join("idle");
    let city = City::start(&folder).await?;
    let line = Line::lay(city.listen(), Pace::FREE).await?;
    let todoke = beside("todoke")?;
    let data = folder.join("counter");
    let path = data.to_string_lossy();
    run(
        &todoke,
        &[
            "init",
            "--data",
            &path,
            "--branch",
            "01",
            "--counter",
            "1",
            "--place",
            "支所01",
        ],
    )?;
    let hub = format!("https://{}", line.near());
    run(
        &todoke,
        &["enrol", "--data", &path, "--hub", &hub, &city.code("01")?],
    )?;
    let mut command = Command::new(&todoke);
    command
        .args(["serve", "--data", &path])
        .env("RUST_LOG", "warn");
    let counter = Program::start(&mut command, &folder.join("counter.log"))?;
    tokio::time::sleep(SETTLE).await;
    let (before, start) = (line.bytes(), instant());
    let (here, there) = (counter.seconds()?, city.program().seconds()?);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    let bytes = line.bytes().since(before);
    let a_minute = |bytes: u64| whole(bytes) / minutes;
    table.beside(
        "idle connected counter, bytes a minute, both ways",
        (a_minute(bytes.all()), "B"),
        ("budget", 1024.0),
    );
    table.plain("the same, to head office", a_minute(bytes.up), "B");
    let share = |seconds: f64| seconds / minutes / 60.0 * 100.0;
    table.plain(
        "the same, todoke serve, of one processor",
        share(counter.seconds()? - here),
        "%",
    );
    table.plain(
        "the same, todoke-hub serve, of one processor",
        share(city.program().seconds()? - there),
        "%",
    );
    table.plain(
        "the same, todoke serve: most memory",
        counter.memory_most()?,
        "MiB",
    );
    Ok(())
}

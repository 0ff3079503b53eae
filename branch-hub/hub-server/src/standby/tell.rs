//! The promoted hub tells the one it goes on for, should that one come back.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::follow::Asking;
use super::{Answer, Paths, Place, Question, read_json};
use crate::clock::Clock;

/// How often it is looked for.
const AGAIN: Duration = Duration::from_secs(2);
/// How often once it has heard: it may come back from an older backup.
const HEARD: Duration = Duration::from_mins(1);

/// Tells for ever; ends at once at a hub that goes on for nobody.
///
/// # Errors
/// When the note of whom it goes on for is damaged.
pub(crate) async fn the_first(folder: &Path, clock: &Clock) -> Result<()> {
    let paths = Paths::of(folder);
    let Some(place) = read_json::<Place>(&paths.promoted())? else {
        return std::future::pending().await;
    };
    let since = clock.unix_ms();
    loop {
        let told = tell(&paths, &place, clock, since).await;
        if matches!(told, Ok(Answer::Done)) {
            tracing::info!(
                event = "first_hub_told",
                "the first hub knows that it is not the hub any more"
            );
            tokio::time::sleep(HEARD).await;
        } else {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

async fn tell(paths: &Paths, place: &Place, clock: &Clock, since: u64) -> Result<Answer> {
    let asking = Asking::dial(paths, place, clock).await?;
    asking.ask(&Question::Promoted(since)).await
}

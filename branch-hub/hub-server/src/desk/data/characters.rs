//! The characters chosen at the counters.

use counter_domain::character_choice::CharacterChoices;

use super::names::{Names, names};
use super::{DataFailed, DeskData};
use crate::characters;

impl DeskData {
    /// Every choice, and names.
    pub(crate) async fn characters(&self) -> Result<(CharacterChoices, Names), DataFailed> {
        self.run(|store| match characters::known(store) {
            Ok(choices) => Ok((choices, names(store))),
            Err(error) => {
                tracing::error!(event = "characters_not_read", error = %format!("{error:#}"), "the chosen characters cannot be read");
                Err(DataFailed)
            }
        })
        .await?
    }

    /// Counters ask for what was published.
    pub(crate) fn wake_counters(&self) {
        self.wake.everyone();
    }
}

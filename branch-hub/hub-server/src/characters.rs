//! The characters that staff of all branches chose, for the city to check, and for the files that are
//! written by them.
//!
//! The published dataset is also the hub's own list of them (as with reservations): what cases say
//! is taken into it, what the city says of each stands in it. Nothing in it is about a person.

use anyhow::{Context, Result};
use counter_domain::character_choice::{
    CHARACTER_CHOICES, CHOICES_FORMAT, CharacterChoices, ChoiceStanding, ChoiceSubject,
};
use counter_domain::ids::StaffId;
use hub_store::{AuditAction, HubStore};

/// The choices as published.
///
/// # Errors
/// When the dataset cannot be read, or a newer program wrote it.
pub(crate) fn published(store: &HubStore) -> Result<CharacterChoices> {
    let Some(dataset) = store.dataset(CHARACTER_CHOICES)? else {
        return Ok(CharacterChoices::default());
    };
    let choices: CharacterChoices =
        serde_json::from_slice(&dataset.bytes).context("the published characters are damaged")?;
    anyhow::ensure!(
        choices.format == CHOICES_FORMAT,
        "a newer program published the characters"
    );
    Ok(choices)
}

/// The choices with what cases say by now.
///
/// # Errors
/// See [`published`].
pub(crate) fn known(store: &HubStore) -> Result<CharacterChoices> {
    let mut choices = published(store)?;
    choices.take_in(&store.character_choices()?);
    Ok(choices)
}

/// Publishes what cases say; whether the counters hear something new.
///
/// # Errors
/// When the store or the key refuses.
pub(crate) fn publish(
    store: &mut HubStore,
    sign: &dyn Fn(&[u8]) -> Result<Vec<u8>>,
) -> Result<bool> {
    let (before, now) = (published(store)?, known(store)?);
    if before == now {
        return Ok(false);
    }
    put(store, &now, sign)?;
    Ok(true)
}

/// What the city says of one choice.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// About what.
    pub(crate) subject: ChoiceSubject,
    /// Which choice.
    pub(crate) chosen: String,
    /// What is said.
    pub(crate) standing: ChoiceStanding,
}

/// Notes a verdict and publishes it; says whether there is such a choice.
///
/// # Errors
/// When the store or the key refuses.
pub(crate) fn settle(
    store: &mut HubStore,
    verdict: &Verdict,
    (by, at_unix_ms): (&StaffId, u64),
    sign: &dyn Fn(&[u8]) -> Result<Vec<u8>>,
) -> Result<bool> {
    let mut choices = known(store)?;
    let Verdict {
        subject,
        chosen,
        standing,
    } = verdict;
    if !choices.settle(subject, chosen, *standing, (by, at_unix_ms)) {
        return Ok(false);
    }
    put(store, &choices, sign)?;
    store.audit(by, AuditAction::Published, None)?;
    Ok(true)
}

fn put(
    store: &mut HubStore,
    choices: &CharacterChoices,
    sign: &dyn Fn(&[u8]) -> Result<Vec<u8>>,
) -> Result<()> {
    let bytes = serde_json::to_vec(choices)?;
    let mut refused = None;
    store.publish(CHARACTER_CHOICES, &bytes, |message| {
        sign(message).unwrap_or_else(|error| {
            refused = Some(error);
            Vec::new()
        })
    })?;
    refused.map_or(Ok(()), |error| {
        Err(error).context("the characters cannot be signed")
    })
}

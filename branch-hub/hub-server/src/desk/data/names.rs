//! Names behind codes, from the published datasets.

use std::collections::BTreeMap;

use counter_domain::case::HEAD_OFFICE;
use counter_domain::ids::{BranchCode, StaffId};
use hub_store::{Actor, HubStore};
use serde::Deserialize;

use super::super::answers::Answers;
use super::super::texts;

/// Names behind codes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    staff: BTreeMap<StaffId, String>,
    branches: BTreeMap<String, String>,
    /// Words for questions and answers.
    pub(crate) answers: Answers,
}

impl Names {
    /// Name of a member of staff, or the id.
    pub(crate) fn staff(&self, id: &StaffId) -> String {
        if id.as_str() == Actor::SYSTEM_ID {
            return texts::SYSTEM.to_owned();
        }
        self.staff
            .get(id)
            .map_or_else(|| id.to_string(), Clone::clone)
    }

    /// Every branch, code and name, by code.
    pub(crate) fn branches(&self) -> impl Iterator<Item = (&str, &str)> {
        let branches = self.branches.iter();
        branches.map(|(code, name)| (code.as_str(), name.as_str()))
    }

    /// Name of a branch, or its code.
    pub(crate) fn branch(&self, code: &BranchCode) -> String {
        match self.branches.get(code.as_str()) {
            Some(name) => name.clone(),
            None if code.as_str() == HEAD_OFFICE => texts::HEAD_OFFICE.to_owned(),
            None => code.to_string(),
        }
    }
}

/// The `settings` dataset, as far as the desk needs it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Settings {
    #[serde(default)]
    pub(super) city: String,
    #[serde(default)]
    branches: Vec<BranchSetting>,
}

#[derive(Debug, Deserialize)]
struct BranchSetting {
    code: String,
    name: String,
}

/// The settings as published; empty before.
pub(super) fn settings(store: &HubStore) -> Settings {
    let dataset = store.dataset("settings").ok().flatten();
    dataset
        .and_then(|dataset| serde_json::from_slice(&dataset.bytes).ok())
        .unwrap_or_default()
}

/// Names of all staff and branches.
pub(super) fn names(store: &HubStore) -> Names {
    let staff = store.staff().unwrap_or_default();
    let branches = settings(store).branches;
    Names {
        answers: Answers::of(store),
        staff: staff.into_iter().map(|one| (one.id, one.name)).collect(),
        branches: branches
            .into_iter()
            .map(|one| (one.code, one.name))
            .collect(),
    }
}

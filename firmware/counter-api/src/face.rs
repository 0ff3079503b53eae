//! The face of a card as its chip has it, for staff to compare with the card in the hand and with
//! whoever brought it. Never part of a resident's view.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the chip says about the face of the card that was read.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FaceView {
    /// Number of the person of the case it was read for.
    pub member: u8,
    /// What that person is called in the case now; may be empty.
    pub member_name: String,
    /// The photo: gray PNG in base64; empty where the chip has none or was not opened for it.
    pub photo: String,
    /// The name as printed, likewise.
    pub name: String,
    /// The address as printed, likewise.
    pub address: String,
    /// The whole front, likewise.
    pub front: String,
    /// The name as the chip has it as text; empty where it has none.
    pub name_text: String,
    /// The address, likewise.
    pub address_text: String,
    /// What was checked, the worst first.
    pub findings: Vec<FaceFinding>,
    /// The printed number opens the face of this card, and was not entered yet.
    pub more_by_number: bool,
}

impl fmt::Debug for FaceView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaceView(hidden, {:?})", self.findings)
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceFinding {
    /// What it means.
    pub verdict: FaceVerdict,
    /// In words.
    pub text: String,
}

/// What a finding means to whoever checks the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceVerdict {
    /// Do not rely on this card.
    Wrong,
    /// Not proved, or something to tell the resident.
    Look,
    /// As it should be.
    Right,
}

//! Places offered under an address field while staff type into it.

use serde::{Deserialize, Serialize};

/// The places, while a field is being typed into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlacesView {
    /// Path of the field.
    pub path: String,
    /// What they were found for.
    pub typed: String,
    /// Nearest first.
    pub places: Vec<PlaceRow>,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceRow {
    /// What goes into the field.
    pub text: String,
    /// The building, which goes into the field beside it; may be empty.
    pub building: String,
    /// Reading and postal code, for whoever chooses.
    pub about: String,
}

//! Which prepared data the city's cases use.

use counter_domain::character_choice::ChoiceMade;
use counter_domain::prepared::UsedAt;
use replica::StoreError;

use crate::store::HubStore;

impl HubStore {
    /// Which reservations and certificate data all cases use, sorted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn prepared_uses(&self) -> Result<Vec<UsedAt>, StoreError> {
        replica::prepared_uses(self.replica.reader())
    }

    /// Characters chosen in the cases here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn character_choices(&self) -> Result<Vec<ChoiceMade>, StoreError> {
        replica::character_choices(self.replica.reader())
    }
}

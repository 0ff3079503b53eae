//! Virtual cards of every kind the counter meets.

mod authority;
mod chip;
mod fault;
mod in_process;
mod jis;
mod licence;
mod my_number;
mod objects;
mod passport;
mod person;
mod pictures;
mod residence;
mod secure;
mod virtual_card;
mod vpcd;

pub use authority::{AUTHORITY_ID, authority_certificate, authority_modulus};
pub use chip::SecretName;
pub use fault::{Fault, FaultParseError, fault_script};
pub use in_process::InProcessCard;
pub use person::{
    CardPerson, CardSort, LicencePerson, LoadPersonError, MyNumberLicencePerson, PassportPerson,
    ResidencePerson,
};
pub use virtual_card::{Answer, VirtualCard};
pub use vpcd::{InsertError, InsertedCard, LinkEvent, insert};

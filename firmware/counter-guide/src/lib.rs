//! Procedure catalogue, three-valued rules and the order of questions.
//!
//! Pure: the catalogue's text is passed in, dates are passed in, nothing is read from outside.
//! [`Catalogue`] is the data a city edits, [`Guide`] answers what a case leads to, [`Session`]
//! keeps the answer up to date while facts arrive one by one.

pub mod answer;
pub mod case_file;
pub mod catalogue;
pub mod certificates;
pub mod check;
pub mod compare;
pub mod deadline;
pub mod draft_facts;
pub mod edition;
pub mod facts;
pub mod golden;
pub mod guide;
pub mod known;
mod meaning;
mod program;
mod rule;
mod table;
mod truth;
mod words;

pub use case_file::{CaseFile, CaseFileError};
pub use catalogue::{Catalogue, CatalogueError, Packed};
pub use draft_facts::facts_from_draft;
pub use edition::{Edition, Shelf};
pub use facts::{FactValue, Facts, MemberFacts};
pub use guide::{
    Ask, AskGroup, Changes, Contradiction, FactRef, Guidance, Guide, Listed, PersonQuestions,
    ProcedureGroup, ProcedureRef, RowState, Session, ToConfirm,
};

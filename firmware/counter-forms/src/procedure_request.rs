//! Somebody came for a procedure alone (個別の手続き), without a change of the record: what is signed
//! is the section's own form, filled in as far as case and interview know; for a procedure without
//! one, a request that names it.

use counter_domain::snapshot::{Snapshot, SnapshotProcedure};
use serde_json::{Value, json};

use crate::data::FormData;
use crate::filing::{Filing, FilingError};
use crate::prefill::Answers;
use crate::render::Forms;
use crate::resident_move::{self, City, ResidentMoveData};

/// Id of the request, and what a snapshot of such a case names as its form.
pub const REQUEST_FORM: &str = "procedure-request";

impl Forms {
    /// The forms of a case that asks for procedures alone, to be signed together: first the request
    /// for those that have no form of their own or are still to be confirmed, then each section's
    /// form in the order of their numbers. What nobody said stays blank on them.
    ///
    /// # Errors
    /// When the snapshot lacks who asks.
    pub fn procedure_request(
        &self,
        snapshot: &Snapshot,
        city: &City,
    ) -> Result<Vec<Filing>, FilingError> {
        let answers = Answers::of_snapshot(snapshot);
        let own = self.follow_ups(snapshot, city, &answers)?;
        let has_form = |procedure: &&SnapshotProcedure| {
            let mut forms = self.list().into_iter();
            !procedure.to_confirm
                && forms
                    .any(|meta| meta.id != REQUEST_FORM && meta.procedures.contains(&procedure.id))
        };
        let all = snapshot.procedures.iter();
        let without: Vec<_> = all.filter(|procedure| !has_form(procedure)).collect();
        let mut filings = Vec::new();
        if !without.is_empty() || own.is_empty() {
            let case = resident_move::from_snapshot(snapshot, city)?;
            let base = FormData::new(serde_json::to_value(&case)?);
            filings.push(Filing {
                form: REQUEST_FORM.to_owned(),
                data: base.patched(&asked(&case, &without)),
            });
        }
        filings.extend(own.into_iter().map(|form| Filing {
            form: form.form,
            data: form.data,
        }));
        Ok(filings)
    }
}

/// Who asks for what, as the request says it.
fn asked(case: &ResidentMoveData, procedures: &[&SnapshotProcedure]) -> Value {
    let name_of = |number: Option<u8>| {
        let mut members = case.members.iter();
        let member = members.find(|member| Some(member.number) == number);
        member.map(|member| member.name.clone())
    };
    let tasks: Vec<Value> = procedures
        .iter()
        .map(|procedure| {
            json!({
                "name": procedure.name, "person": name_of(procedure.member),
                "until": procedure.deadline,
                "state": if procedure.to_confirm { "ask" } else { "asked" },
            })
        })
        .collect();
    let place = [case.new.address.as_str(), case.new.building.as_str()];
    let place = place.into_iter().filter(|part| !part.is_empty());
    let address = place.collect::<Vec<_>>().join("　");
    let mut members = case.members.iter();
    let notifier = members.find(|member| case.notifier.member == Some(member.number));
    json!({
        "tasks": tasks, "subject": { "address": address },
        "notifier": {
            "address": address,
            "kana": notifier.map(|member| member.kana.clone()),
            "birth_date": notifier.map(|member| member.birth_date.clone()),
        },
    })
}

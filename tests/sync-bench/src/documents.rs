//! What the product keeps of typical cases, as documents a peer can carry.

use anyhow::{Context as _, Result, bail};
use counter_domain::case::CaseStep;
use counter_domain::ids::{CaseId, DeviceId};
use counter_store::CounterStore;
use replica::DatabaseKey;
use serde_json::Value;

use crate::clock::around;
use crate::counter::scratch;
use crate::reception::{Papers, Receptions};

/// A case as a peer gets it.
pub(crate) struct Documents {
    pub(crate) id: CaseId,
    /// One for each field, step and signed content, with its name under `_id`.
    pub(crate) rows: Vec<Value>,
}

/// So many typical cases.
pub(crate) fn typical(cases: usize) -> Result<Vec<Documents>> {
    let key = DatabaseKey::from_bytes([4; 32]);
    let scratch = scratch()?;
    let mut store = CounterStore::open(
        &scratch.path().join("documents.db"),
        &key,
        DeviceId([5; 16]),
        around(),
    )?;
    Receptions::new("01", 2, Papers::Token).take_in(&mut store, cases)?;
    let board = store.board(cases)?;
    let of_case = |id| {
        let rows = rows_of(&store, id)?;
        Ok(Documents { id, rows })
    };
    board.into_iter().map(|row| of_case(row.case)).collect()
}

fn rows_of(store: &CounterStore, case: CaseId) -> Result<Vec<Value>> {
    let record = store.case(case)?.context("the case is here")?;
    let named = |name: String, document: Value| {
        let Value::Object(mut document) = document else {
            bail!("a document is an object");
        };
        document.insert("_id".to_owned(), Value::String(name));
        Ok(Value::Object(document))
    };
    let mut rows = Vec::new();
    for (path, field) in record.draft.fields() {
        let name = format!("{case}/draft/{path}/{}", field.counter);
        rows.push(named(name, serde_json::to_value(&field.shown)?)?);
    }
    for event in &record.events {
        let document = serde_json::to_value(event)?;
        rows.push(named(format!("{case}/event/{}", event.id), document)?);
        if let CaseStep::Signed { snapshot, .. } = &event.what {
            let content = store
                .snapshot(case, *snapshot)?
                .context("what was signed")?;
            let document = serde_json::to_value(&content)?;
            rows.push(named(format!("{case}/snapshot/{snapshot}"), document)?);
        }
    }
    Ok(rows)
}

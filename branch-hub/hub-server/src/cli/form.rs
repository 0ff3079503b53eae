//! `todoke-hub form`: versions of forms that the city publishes.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::Subcommand;
use counter_forms::{FORMS, FontPaths, Forms, PublishFormError, Publishing};
use hub_store::Actor;
use jiff::civil::Date;
use serde_json::json;

use super::Data;
use crate::administration::Hub;
use crate::clock::{Clock, in_japan};
use crate::form_drafts::{FormBench, published};

#[derive(Debug, Subcommand)]
pub(super) enum FormCommand {
    /// Check the folder of one form and publish it as the next version; filings of an earlier date keep the version before
    Publish {
        #[command(flatten)]
        data: Data,
        /// The folder, for example F044-nhi-enrolment, with `version` counted up in its meta.toml
        #[arg(value_name = "FOLDER")]
        form: PathBuf,
        /// The first filing date it is for, YYYY-MM-DD; tomorrow or later
        #[arg(long, value_name = "DAY")]
        from: Date,
        /// Staff id of whoever publishes; without one, the system itself
        #[arg(long, value_name = "ID")]
        by: Option<String>,
        /// Check only, publish nothing
        #[arg(long)]
        check: bool,
    },
    /// List the versions published so far
    List {
        #[command(flatten)]
        data: Data,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

impl FormCommand {
    pub(super) fn run(self, clock: &Clock, out: &mut impl Write) -> Result<()> {
        match self {
            Self::List { data, json } => list(&Hub::open(&data.folder, clock)?, json, out),
            Self::Publish {
                data,
                form,
                from,
                by,
                check,
            } => {
                let mut hub = Hub::open(&data.folder, clock)?;
                let how = Publishing {
                    from: from.to_string(),
                    today: in_japan(clock.unix_ms(), "%Y-%m-%d"),
                    by: by.unwrap_or_else(|| Actor::SYSTEM_ID.to_owned()),
                };
                // The desk publishes too, from a process of its own.
                let _held = FormBench::at(&data.folder).lock()?;
                let forms = Forms::new(&FontPaths::default())
                    .map_err(|error| anyhow!(error.operator_text()))?;
                let done = forms.publish(&published(&hub.store)?, &form, &how);
                let all = done.map_err(|error| told(&error, &form))?;
                let newest = all.forms.last().context("nothing was taken")?.clone();
                if check {
                    return writeln!(out, "{} can be published", newest.folder).map_err(Into::into);
                }
                let version = hub.publish(FORMS, &all.to_bytes()?)?;
                writeln!(
                    out,
                    "{} from {} ({FORMS} {version})",
                    newest.folder, newest.from
                )?;
                Ok(())
            }
        }
    }
}

/// Every mistake on a line of its own.
fn told(error: &PublishFormError, folder: &std::path::Path) -> anyhow::Error {
    if let PublishFormError::Findings(findings) = error {
        let lines = findings
            .iter()
            .map(|one| format!("{}: {}: {}", one.folder, one.place(), one.text));
        let lines: Vec<String> = lines.collect();
        return anyhow!("{}\nnothing was published", lines.join("\n"));
    }
    anyhow!("{}: {error}; nothing was published", folder.display())
}

fn list(hub: &Hub, as_json: bool, out: &mut impl Write) -> Result<()> {
    let all = published(&hub.store)?;
    if as_json {
        let forms = all.forms.iter();
        let forms: Vec<_> = forms
            .map(|one| {
                json!({
                    "folder": one.folder, "from": one.from, "published_on": one.published_on,
                    "by": one.by,
                })
            })
            .collect();
        return writeln!(out, "{}", json!({ "forms": forms })).map_err(Into::into);
    }
    if all.forms.is_empty() {
        bail!("no form was published; the program's own are used");
    }
    for one in &all.forms {
        writeln!(
            out,
            "{}\tfrom {}\tpublished {} by {}",
            one.folder, one.from, one.published_on, one.by
        )?;
    }
    Ok(())
}

//! `todoke name`: whether a name can be kept and printed exactly, and finding a character.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use counter_characters::{Characters, Fit, Glyph, Identity, Query, Target, Written, written};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::paper::{FormMaker, character_tables, font_paths};

/// A longer list helps nobody at a counter.
const FOUND_MAX: usize = 60;

#[derive(Debug, Subcommand)]
pub(super) enum NameCommand {
    /// Says of every character which glyph it is, and which systems have it.
    Check {
        /// The name.
        text: String,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Finds a character by what is known of it; everything given must hold.
    Find(Find),
}

#[derive(Debug, clap::Args)]
pub(super) struct Find {
    /// A reading, in hiragana or katakana.
    #[arg(long)]
    reading: Option<String>,
    /// Strokes: one number, or fewest and most as `15-18`.
    #[arg(long, value_parser = strokes)]
    strokes: Option<(u8, u8)>,
    /// Radical, 1 to 214.
    #[arg(long)]
    radical: Option<u8>,
    /// Parts that stand in it, for example `自方辶`.
    #[arg(long)]
    parts: Option<String>,
    /// Any form of this character.
    #[arg(long)]
    form_of: Option<char>,
    /// Number in the unified characters of family registers.
    #[arg(long)]
    family_register: Option<u32>,
    /// One JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

impl NameCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Check { text, json } => check(&text, json),
            Self::Find(find) => find.run(),
        }
    }
}

fn check(text: &str, as_json: bool) -> Result<()> {
    anyhow::ensure!(
        !text.is_empty(),
        "there is no name to check: write it behind the command"
    );
    let maker = FormMaker::open(&font_paths(None))?;
    let added = maker.added_characters();
    let tables = Characters::open(&character_tables())?.with_added(added);
    let missing = maker.forms().missing_glyph(text);
    let points = missing
        .as_ref()
        .map(counter_forms::glyph::MissingGlyph::code_points);
    if as_json {
        let characters: Vec<Value> = written(text).map(|one| character(&tables, one)).collect();
        print_json(&json!({
            "printable": points.is_none(),
            "missing": points,
            "characters": characters,
            "tables": tables.edition(),
        }))?;
    } else {
        for one in written(text) {
            print_line(&line(&tables, one))?;
        }
    }
    match points {
        None => Ok(()),
        Some(points) => {
            bail!("no glyph for {points}: find the form that is meant with `todoke name find`")
        }
    }
}

fn character(tables: &Characters, one: Written) -> Value {
    let identity = tables.identify(one);
    let fits = Target::ALL.iter().map(|target| {
        let value = match tables.fit(one, *target) {
            Fit::Exact(code) => json!({ "exact": code }),
            Fit::Proposed(proposals) => {
                let proposals: Vec<Value> = proposals
                    .iter()
                    .map(|proposal| json!({ "to": proposal.to, "source": proposal.source.key() }))
                    .collect();
                json!({ "proposed": proposals })
            }
            Fit::Missing => Value::Null,
        };
        (target.key().to_owned(), value)
    });
    json!({
        "text": one.text(),
        "code_points": one.code_points(),
        "kind": kind(identity),
        "mj": glyph(identity).map(|glyph| glyph.number.to_string()),
        "systems": fits.collect::<serde_json::Map<_, _>>(),
    })
}

/// Stable words for what a character is.
fn kind(identity: Identity<'_>) -> &'static str {
    match identity {
        Identity::Glyph(_) => "glyph",
        Identity::Plain => "plain",
        Identity::OtherCollection(collection) => collection.name(),
        Identity::UnknownSequence => "unknown_sequence",
        Identity::MjPlus(_) => "mj_plus",
        Identity::PrivateUse => "private_use",
        Identity::OutsideTable => "outside_table",
        Identity::NotACharacter => "not_a_character",
    }
}

fn glyph(identity: Identity<'_>) -> Option<&Glyph> {
    match identity {
        Identity::Glyph(glyph) => Some(glyph),
        Identity::Plain
        | Identity::OtherCollection(_)
        | Identity::UnknownSequence
        | Identity::MjPlus(_)
        | Identity::PrivateUse
        | Identity::OutsideTable
        | Identity::NotACharacter => None,
    }
}

/// `邉  U+9089  MJ026190  cp932 → 辺 邊`: the systems that lack the character, with what they have.
fn line(tables: &Characters, one: Written) -> String {
    let identity = tables.identify(one);
    let known = glyph(identity).map_or_else(
        || kind(identity).to_owned(),
        |glyph| glyph.number.to_string(),
    );
    let lacking = Target::ALL
        .iter()
        .filter_map(|target| match tables.fit(one, *target) {
            Fit::Exact(_) => None,
            Fit::Missing => Some(format!("{} -", target.key())),
            Fit::Proposed(proposals) => {
                let to: Vec<String> = proposals.iter().map(|one| one.to.to_string()).collect();
                Some(format!("{} → {}", target.key(), to.join(" ")))
            }
        });
    let lacking: Vec<String> = lacking.collect();
    let lacking = if lacking.is_empty() {
        "in every system".to_owned()
    } else {
        lacking.join("; ")
    };
    format!("{}  {}  {known}  {lacking}", one.text(), one.code_points())
}

impl Find {
    fn run(self) -> Result<()> {
        let query = Query {
            reading: self.reading.as_deref(),
            strokes: self.strokes,
            radical: self.radical,
            form_of: self.form_of,
            family_register: self.family_register,
            resident_network: None,
            parts: self.parts.as_deref(),
        };
        let tables = Characters::open(&character_tables())?;
        let found = tables.find(&query, FOUND_MAX);
        if found.is_empty() {
            bail!("no character answers all of this: leave one condition out");
        }
        if self.json {
            let found: Vec<Value> = found.iter().map(|glyph| found_json(glyph)).collect();
            return print_json(&json!({ "characters": found, "at_most": FOUND_MAX }));
        }
        for glyph in found {
            let text = glyph.text().unwrap_or_else(|| "?".to_owned());
            print_line(&format!(
                "{text}  {}  {} strokes",
                glyph.number, glyph.strokes
            ))?;
        }
        Ok(())
    }
}

fn found_json(glyph: &Glyph) -> Value {
    json!({
        "text": glyph.text(),
        "mj": glyph.number.to_string(),
        "strokes": glyph.strokes,
        "family_register": glyph.family_register.map(|number| format!("{number:06}")),
        "resident_network": glyph.resident_network.map(|code| format!("J+{code:04X}")),
    })
}

fn strokes(text: &str) -> Result<(u8, u8)> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let number = |part: &str| {
        part.trim()
            .parse()
            .context("strokes are a number, or two as 15-18")
    };
    Ok((number(least)?, number(most)?))
}

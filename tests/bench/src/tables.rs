//! The character tables and the address dictionary: loading, and one keystroke.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use counter_addresses::Addresses;
use counter_characters::{Characters, Query};

use crate::figure::{Figure, milliseconds, percentile, time};

/// One address as it is typed, in four ways of writing.
const TYPED: [&str; 4] = [
    "神奈川県藤沢市鵠沼東",
    "フジサワシクゲヌマヒガシ",
    "fujisawashikugenumahigashi",
    "2510026",
];

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let (addresses, opened) = time(|| Addresses::open(&shipped("counter-addresses", "towns.bin")));
    let addresses = addresses?;
    let (characters, read) =
        time(|| Characters::open(&shipped("counter-characters", "characters.bin")));
    let characters = characters?;
    let mut keystrokes: Vec<Duration> = TYPED
        .iter()
        .flat_map(|text| keystrokes(text, &addresses))
        .collect();
    let keystroke = percentile(&mut keystrokes, 95);
    let reading = Query {
        reading: Some("わたり"),
        ..Query::default()
    };
    let mut found: Vec<_> = (0..50)
        .map(|_| time(|| characters.find(&reading, 60)).1)
        .collect();
    Ok(vec![
        Figure::within("address dictionary loaded", opened, 1000.0),
        Figure::within("address: one keystroke, p95", keystroke, 5.0),
        Figure::beside(
            "address: one keystroke, p95",
            milliseconds(keystroke),
            "ms",
            "plain scan of all towns",
            milliseconds(scan(&addresses)),
        ),
        Figure::within("character tables loaded", read, 1000.0),
        Figure::within(
            "character: found by reading, p95",
            percentile(&mut found, 95),
            5.0,
        ),
    ])
}

fn keystrokes(text: &str, addresses: &Addresses) -> Vec<Duration> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.filter_map(|end| text.get(..end))
        .map(|typed| time(|| addresses.find(typed, Some(14205), 20)).1)
        .collect()
}

/// What the same keystroke costs when every town is compared as text.
fn scan(addresses: &Addresses) -> Duration {
    let mut samples: Vec<_> = (0..20)
        .map(|_| {
            time(|| {
                addresses
                    .towns()
                    .filter(|town| town.name.contains("鵠沼東"))
                    .count()
            })
            .1
        })
        .collect();
    percentile(&mut samples, 95)
}

fn shipped(owner: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../firmware")
        .join(owner)
        .join("data")
        .join(name)
}

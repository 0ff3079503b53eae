//! Whether rendering many forms takes ever more memory:
//! `cargo build --workspace --features counter-ui/scripted --example many-forms`, then
//! `$CARGO_TARGET_DIR/debug/examples/many-forms [forms]`. Built with the whole workspace it uses the
//! layout engine that is built already; memory is the same in any profile.
//!
//! Makes the forms of the program one after the other, each time with other names, addresses and
//! numbers, as a counter that is never restarted does, and prints the memory held after the first
//! hundred and after each thousand. Ends with status 1 when the last thousand holds an eighth more than the second.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for a person to read"
)]

use std::error::Error;
use std::fs;
use std::time::Instant;

use counter_forms::{Assets, FontPaths, Forms, SampleKind};
use serde_json::json;

const STEP: u32 = 1_000;
/// The first look, when every template was read once.
const FIRST: u32 = 100;

/// Memory this process holds, and the most it ever held, MiB.
fn memory() -> Result<(f64, f64), Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    };
    let (now, most) = (of("VmRSS:"), of("VmHWM:"));
    Ok(now.zip(most).ok_or("no figures of memory")?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = match std::env::args().nth(1) {
        Some(count) => count.parse()?,
        None => 10_000,
    };
    let forms = Forms::new(&FontPaths::default()).map_err(|error| error.operator_text())?;
    let ids: Vec<String> = forms.list().iter().map(|meta| meta.id.clone()).collect();
    let began = Instant::now();
    let (mut held, mut bytes) = (Vec::new(), 0_usize);
    println!(
        "{:>7} {:>10} {:>10} {:>9}",
        "forms", "MiB held", "MiB most", "seconds"
    );
    for number in 0..count {
        let id = ids
            .get(usize::try_from(number)? % ids.len())
            .ok_or("no form")?;
        let kind = SampleKind::ALL
            .get(usize::try_from(number / 7)? % SampleKind::ALL.len())
            .ok_or("no sample")?;
        let data = forms.sample(id, *kind).ok_or("no such sample")?;
        let receipt = format!("07-2-261121-{:04}-{}", number % 10_000, number % 7);
        let others = json!({
            "receipt_number": receipt,
            "notifier": { "name": format!("架空　{}", kanji(&forms, number)) },
        });
        let assets = Assets::for_receipt(&receipt);
        let form = forms.render_prefilled(id, &data.patched(&others), &assets, "2026-11-21");
        bytes += form.map_err(|error| error.staff_text())?.pdf.len();
        let made = number + 1;
        if made == FIRST || made.is_multiple_of(STEP) {
            let (now, most) = memory()?;
            let seconds = began.elapsed().as_secs();
            println!("{made:>7} {now:>10.1} {most:>10.1} {seconds:>9}");
            held.push(now);
        }
    }
    println!(
        "mean of a form: {} KiB",
        bytes / 1024 / usize::try_from(count.max(1))?
    );
    match (held.get(2), held.last()) {
        (Some(early), Some(late)) if *late > early * 1.125 => Err("memory grows".into()),
        _ => Ok(()),
    }
}

/// Two kanji that differ from form to form, of those that can be printed.
fn kanji(forms: &Forms, number: u32) -> String {
    let from = |start: u32| {
        let codes = (start..).map(|code| char::from_u32(0x4E00 + code % 0x4000));
        let mut printed = codes
            .flatten()
            .filter(|one| forms.missing_glyph(&one.to_string()).is_none());
        printed.next()
    };
    [from(number * 31), from(number * 17 + 977)]
        .into_iter()
        .flatten()
        .collect()
}

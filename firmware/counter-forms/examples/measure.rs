//! Measures the forms: opening, first and warm PDF, twenty forms, memory.
//!
//! Prints one JSON object; durations in milliseconds, memory in KiB as Linux reports it.

use std::time::Instant;

use counter_forms::{Assets, FontPaths, Forms, SampleKind};

#[expect(clippy::print_stdout, reason = "the result of the program")]
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let forms = Forms::new(&FontPaths::default())?;
    let open = start.elapsed();
    let sample = |kind| forms.sample("resident-move", kind).ok_or("no sample");
    let (typical, foreigner) = (sample(SampleKind::Typical)?, sample(SampleKind::Foreigner)?);
    let render = |number: usize| {
        let data = if number.is_multiple_of(2) {
            &typical
        } else {
            &foreigner
        };
        let assets = Assets::for_receipt(&format!("07-2-261121-{number:04}-6"));
        forms.render("resident-move", data, &assets, "2026-11-21")
    };
    let start = Instant::now();
    let bytes = render(0)?.pdf.len();
    let first = start.elapsed();
    let start = Instant::now();
    for number in 1..=20 {
        render(number)?;
    }
    let twenty = start.elapsed();
    let mut warm = Vec::new();
    for number in 21..121 {
        let start = Instant::now();
        render(number)?;
        warm.push(start.elapsed());
    }
    warm.sort_unstable();
    let at = |index: usize| {
        warm.get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!(
        "{}",
        serde_json::json!({
            "open_ms": open.as_secs_f64() * 1000.0,
            "first_ms": first.as_secs_f64() * 1000.0,
            "warm_p50_ms": at(50),
            "warm_p95_ms": at(95),
            "twenty_ms": twenty.as_secs_f64() * 1000.0,
            "pdf_bytes": bytes,
            "resident_kib": resident_kib()?,
        })
    );
    Ok(())
}

fn resident_kib() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

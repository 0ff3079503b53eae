//! Forms as PDF/A: the first, a warm one, twenty of a household, and what stays in memory.

use std::fs;

use anyhow::{Context, Result};
use counter_forms::{Assets, FontPaths, Forms, SampleKind};

use crate::figure::{Figure, percentile, time};

/// Forms a household of four may need in one visit.
const FAMILY: [&str; 10] = [
    "resident-move",
    "guidance",
    "card-continuation",
    "nhi-enrolment",
    "seal-registration",
    "child-allowance",
    "child-medical",
    "pension-notice",
    "school-notice",
    "resident-record",
];
/// Forms rendered before memory is looked at.
const MANY: usize = 400;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let (opened, opening) = time(|| Forms::new(&FontPaths::default()));
    let forms = opened?;
    let render = |form: &str, number: usize| -> Result<usize> {
        let data = forms
            .sample(form, SampleKind::Typical)
            .context("no sample")?;
        let assets = Assets::for_receipt(&format!("07-2-261121-{number:04}-6"));
        Ok(forms.render(form, &data, &assets, "2026-11-21")?.pdf.len())
    };
    let (first, first_took) = time(|| render("resident-move", 0));
    let bytes = first?;
    let mut warm = Vec::new();
    for number in 1..=50 {
        let (form, took) = time(|| render("resident-move", number));
        form?;
        warm.push(took);
    }
    // The first round reads the templates, as the first visit of a day does.
    for form in FAMILY {
        render(form, 51)?;
    }
    let (twenty, twenty_took) = time(|| {
        let mut family = FAMILY.iter().chain(&FAMILY).zip(52..);
        family.try_for_each(|(form, number)| render(form, number).map(drop))
    });
    twenty?;
    let before = resident_mib()?;
    for number in 0..MANY {
        let form = FAMILY.get(number % FAMILY.len()).context("a form")?;
        render(form, number)?;
    }
    let after = resident_mib()?;
    Ok(vec![
        Figure::within("form: opened and first PDF", opening + first_took, 400.0),
        Figure::within("form: warm PDF, p50", percentile(&mut warm, 50), 30.0),
        Figure::within("form: 20 forms of a family", twenty_took, 500.0),
        Figure::beside("form: size", kib(bytes), "KiB", "budget", 120.0),
        Figure::beside(
            "form: memory after 400 more",
            after,
            "MiB",
            "before them",
            before,
        ),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "kilobytes of one form")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

/// Memory this process holds (`VmRSS`).
fn resident_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.context("no VmRSS")?.parse()?;
    Ok(kib / 1024.0)
}

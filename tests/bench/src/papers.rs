//! Forms as PDF/A: the first, a warm one, twenty.

use anyhow::{Context, Result};
use counter_forms::{Assets, FontPaths, Forms, SampleKind};

use crate::figure::{Figure, percentile, time};

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let forms = Forms::new(&FontPaths::default())?;
    let data = forms
        .sample("resident-move", SampleKind::Typical)
        .context("no sample")?;
    let render = |number: usize| {
        let assets = Assets::for_receipt(&format!("07-2-261121-{number:04}-6"));
        forms.render("resident-move", &data, &assets, "2026-11-21")
    };
    let (first, first_took) = time(|| render(0));
    first?;
    let (twenty, twenty_took) = time(|| (1..=20).try_for_each(|number| render(number).map(drop)));
    twenty?;
    let mut warm = Vec::new();
    for number in 21..71 {
        let (form, took) = time(|| render(number));
        form?;
        warm.push(took);
    }
    Ok(vec![
        Figure::within("form: first PDF", first_took, 3000.0),
        Figure::within("form: warm PDF, p50", percentile(&mut warm, 50), 150.0),
        Figure::within("form: 20 forms", twenty_took, 3000.0),
    ])
}

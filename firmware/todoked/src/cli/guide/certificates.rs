//! `todoke guide certificates`: what a city hands out, and what becomes of a request.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use counter_guide::catalogue::Words;
use counter_guide::certificates::{CertificateRequest, Certificates, Decision, Outcome};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};

pub(super) fn run(request: Option<&Path>, as_json: bool) -> Result<()> {
    let certificates = Certificates::bundled()?;
    match request {
        None => list(&certificates, as_json),
        Some(path) => decide(&certificates, path, as_json),
    }
}

fn list(certificates: &Certificates, as_json: bool) -> Result<()> {
    if !as_json {
        for one in certificates.list() {
            print_line(&format!("{} {} {}円", one.id, one.name.ja, one.fee_yen))?;
        }
        return Ok(());
    }
    let listed = certificates.list().iter().map(|one| {
        let options = one.options.iter();
        json!({
            "certificate": one.id, "name": one.name.ja, "name_en": one.name.en,
            "group": one.group, "fee_yen": one.fee_yen, "who": one.who,
            "options": options.collect::<Vec<_>>(),
            "convenience_store": one.convenience_store, "verify_city": one.verify_city,
        })
    });
    let named = |entries: Vec<(&str, &Words)>| -> Value {
        let entries = entries.into_iter();
        entries
            .map(|(id, words)| (id.to_owned(), Value::from(words.ja.clone())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    print_json(&json!({
        "certificates": listed.collect::<Vec<_>>(),
        "papers": named(certificates.papers().collect()),
        "stops": named(certificates.stops().collect()),
        "exemptions": named(certificates.exemptions().collect()),
    }))
}

fn decide(certificates: &Certificates, path: &Path, as_json: bool) -> Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let request: CertificateRequest =
        serde_json::from_str(&text).with_context(|| format!("{} is no request", path.display()))?;
    let decision = certificates
        .decide(&request)
        .with_context(|| format!("{} is not taken", path.display()))?;
    if as_json {
        return print_json(&told(&decision));
    }
    for line in &decision.lines {
        let missing: Vec<&str> = line.missing.iter().map(|one| one.ja.as_str()).collect();
        let said = match (line.outcome, line.reason) {
            (Outcome::Issued, _) => "交付できます".to_owned(),
            (Outcome::Mailed | Outcome::Refused, Some(reason)) => reason.ja.clone(),
            (Outcome::Mailed, None) => "本人へ郵送します".to_owned(),
            (Outcome::Refused, None) => "交付できません".to_owned(),
            (Outcome::Missing, _) if missing.is_empty() => "使用目的を伺います".to_owned(),
            (Outcome::Missing, _) => format!("{}が要ります", missing.join("・")),
        };
        let (id, name) = (&line.certificate.id, &line.certificate.name.ja);
        let (copies, fee) = (line.copies, line.fee_yen);
        print_line(&format!("{id} {name}　{copies}通 {fee}円　{said}"))?;
    }
    print_line(&format!("合計 {}円", decision.fee_yen))?;
    decision
        .exemption
        .map_or(Ok(()), |words| print_line(&words.ja))
}

fn told(decision: &Decision<'_>) -> Value {
    let lines = decision.lines.iter().map(|line| {
        let missing = line.missing.iter().map(|words| words.ja.as_str());
        json!({
            "certificate": line.certificate.id, "name": line.certificate.name.ja,
            "copies": line.copies, "outcome": line.outcome, "fee_yen": line.fee_yen,
            "reason": line.reason.map(|words| words.ja.as_str()),
            "missing": missing.collect::<Vec<_>>(),
        })
    });
    json!({
        "lines": lines.collect::<Vec<_>>(),
        "fee_yen": decision.fee_yen,
        "exemption": decision.exemption.map(|words| words.ja.as_str()),
        "purpose_missing": decision.purpose_missing,
    })
}

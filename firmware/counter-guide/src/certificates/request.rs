//! A whole request (交付請求) decided at once: what is handed out, what it costs, what is still
//! missing, and what is refused in words. Pure: whoever stands at the counter and what is known of
//! the person come in, the answer comes out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Asker, Certificate, Certificates, Permission, RequestError, RequestLine};
use crate::catalogue::Words;

/// How whoever stands at the counter proved who they are (本人確認).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Not yet.
    #[default]
    None,
    /// Two documents without a photograph (２点).
    TwoDocuments,
    /// One document with a photograph (１点).
    PhotoDocument,
}

/// Everything a request is decided by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// Who stands at the counter.
    pub asker: Asker,
    /// How they proved who they are.
    #[serde(default)]
    pub identity: Identity,
    /// Papers they brought, by id (`ininjo`, `seal_card`, …).
    #[serde(default)]
    pub papers: BTreeSet<String>,
    /// What the certificates are for; empty while nobody said.
    #[serde(default)]
    pub purpose: String,
    /// What is known of the person that stops a certificate, by the id of the refusal
    /// (`protected`, `register_pending`, …).
    #[serde(default)]
    pub stops: BTreeSet<String>,
    /// Why nothing is charged, by id; `None` when it is.
    #[serde(default)]
    pub exemption: Option<String>,
    /// What is asked for.
    pub lines: Vec<RequestLine>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Handed out at the counter.
    Issued,
    /// Mailed to the person's own address.
    Mailed,
    /// Not before what is missing is there.
    Missing,
    /// Not to this asker, or not now.
    Refused,
}

/// A line with what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDecision<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Copies.
    pub copies: u16,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why it is refused or mailed.
    pub reason: Option<&'a Words>,
    /// Papers still to be shown.
    pub missing: Vec<&'a Words>,
    /// Yen for all copies; nothing for a line that is refused.
    pub fee_yen: u32,
}

/// A request with what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Each line, in the order asked for.
    pub lines: Vec<LineDecision<'a>>,
    /// Yen for everything that is not refused.
    pub fee_yen: u32,
    /// Why nothing is charged.
    pub exemption: Option<&'a Words>,
    /// The purpose must be written down first.
    pub purpose_missing: bool,
}

/// What shows the individual number or the resident code (番号法19条, 住基法30条の37).
const NUMBERS: [&str; 2] = ["mynumber", "jumincode"];

impl Certificates {
    /// Decides a request.
    ///
    /// # Errors
    /// The first line, paper, stop or exemption that the catalogue does not have.
    pub fn decide(&self, request: &CertificateRequest) -> Result<Decision<'_>, RequestError> {
        let unknown = |what, id: &String| RequestError::Unknown {
            what,
            id: id.clone(),
        };
        for paper in &request.papers {
            self.papers
                .get(paper)
                .ok_or_else(|| unknown("paper", paper))?;
        }
        for stop in &request.stops {
            self.stops.get(stop).ok_or_else(|| unknown("stop", stop))?;
        }
        let exemption = match &request.exemption {
            None => None,
            Some(id) => Some(
                self.exemptions
                    .get(id)
                    .ok_or_else(|| unknown("exemption", id))?,
            ),
        };
        let purpose_missing = request.purpose.trim().is_empty() && self.purpose_needed(request);
        let mut decision = Decision {
            lines: Vec::with_capacity(request.lines.len()),
            fee_yen: 0,
            exemption: exemption.map(|one| &one.words),
            purpose_missing,
        };
        for line in &request.lines {
            let certificate = self.checked(line)?;
            let mut decided = self.decide_line(request, line, certificate);
            let exempt = exemption.is_some_and(|one| one.groups.contains(&certificate.group));
            let free = exempt || self.is_free_in(request, certificate);
            if decided.outcome == Outcome::Refused || free {
                decided.fee_yen = 0;
            }
            let given = matches!(decided.outcome, Outcome::Issued | Outcome::Mailed);
            if given && purpose_missing {
                decided.outcome = Outcome::Missing;
            }
            decision.fee_yen = decision.fee_yen.saturating_add(decided.fee_yen);
            decision.lines.push(decided);
        }
        Ok(decision)
    }

    /// Whether nothing is charged because another certificate that is not refused is asked for.
    fn is_free_in(&self, request: &CertificateRequest, certificate: &Certificate) -> bool {
        let beside = request
            .lines
            .iter()
            .filter(|line| line.copies > 0 && certificate.free_with.contains(&line.certificate));
        let mut beside =
            beside.filter_map(|line| Some((line, self.certificate(&line.certificate)?)));
        beside.any(|(line, other)| self.refused(request, line, other).is_none())
    }

    /// Whether the purpose must be written down: for third parties and for the family register.
    pub fn purpose_needed(&self, request: &CertificateRequest) -> bool {
        let needed = &self.purpose;
        let group = |line: &RequestLine| {
            let found = self.certificate(&line.certificate);
            found.is_some_and(|one| needed.groups.contains(&one.group))
        };
        needed.askers.contains(&request.asker) || request.lines.iter().any(group)
    }

    /// What may stand in [`CertificateRequest::stops`], by id.
    pub fn stops(&self) -> impl Iterator<Item = (&str, &Words)> {
        let ids = self.stops.keys();
        ids.filter_map(|id| Some((id.as_str(), self.refusal(id)?)))
    }

    /// What may stand in [`CertificateRequest::exemption`], by id.
    pub fn exemptions(&self) -> impl Iterator<Item = (&str, &Words)> {
        self.exemptions
            .iter()
            .map(|(id, one)| (id.as_str(), &one.words))
    }

    /// What may stand in [`CertificateRequest::papers`], by id. `id` and `photo_id` follow from
    /// [`CertificateRequest::identity`].
    pub fn papers(&self) -> impl Iterator<Item = (&str, &Words)> {
        self.papers.iter().map(|(id, words)| (id.as_str(), words))
    }

    fn decide_line<'a>(
        &'a self,
        request: &CertificateRequest,
        line: &RequestLine,
        certificate: &'a Certificate,
    ) -> LineDecision<'a> {
        let mut decided = LineDecision {
            certificate,
            copies: line.copies,
            outcome: Outcome::Issued,
            reason: None,
            missing: Vec::new(),
            fee_yen: certificate.fee_yen.saturating_mul(u32::from(line.copies)),
        };
        if let Some(reason) = self.refused(request, line, certificate) {
            decided.outcome = Outcome::Refused;
            decided.reason = Some(reason);
            return decided;
        }
        decided.missing = self.papers_missing(request, certificate);
        if !decided.missing.is_empty() {
            decided.outcome = Outcome::Missing;
        } else if Self::must_be_mailed(line, request.asker) {
            decided.outcome = Outcome::Mailed;
            decided.reason = self.refusal("number_to_proxy");
        }
        decided
    }

    /// Why the line is refused: what is known of the person goes before who asks.
    fn refused<'a>(
        &'a self,
        request: &CertificateRequest,
        line: &RequestLine,
        certificate: &'a Certificate,
    ) -> Option<&'a Words> {
        let stopping = request.stops.iter().find(|stop| {
            let groups = self.stops.get(*stop);
            groups.is_some_and(|groups| groups.contains(&certificate.group))
        });
        if let Some(stop) = stopping {
            return self.refusal(stop);
        }
        if let Some(Permission::Refused(words)) = self.permission(&certificate.id, request.asker) {
            return Some(words);
        }
        let numbers = line
            .options
            .iter()
            .any(|one| NUMBERS.contains(&one.as_str()));
        let may = matches!(
            request.asker,
            Asker::Person | Asker::Household | Asker::Proxy
        );
        if numbers && !may {
            return self.refusal("number_to_third_party");
        }
        None
    }

    fn papers_missing(
        &self,
        request: &CertificateRequest,
        certificate: &Certificate,
    ) -> Vec<&Words> {
        let Some(who) = self.who.get(&certificate.who) else {
            return Vec::new();
        };
        let asked = who.allow.get(&request.asker).into_iter().flatten();
        let shown = |paper: &&String| match (paper.as_str(), request.identity) {
            ("id", Identity::TwoDocuments | Identity::PhotoDocument)
            | ("photo_id", Identity::PhotoDocument) => true,
            ("id" | "photo_id", _) => false,
            (other, _) => request.papers.contains(other),
        };
        asked
            .filter(|paper| !shown(paper))
            .filter_map(|paper| self.papers.get(paper))
            .collect()
    }
}

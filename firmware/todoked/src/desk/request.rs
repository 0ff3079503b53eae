//! Certificates asked for at the desk: several of them, of one form or more, in one request with
//! one identity check and one sum.
//!
//! Everything is decided by the edition of the catalogue the reception was started with
//! ([`Certificates::decide`]); what is here asks for what a decision needs and says it in words.

use counter_api::{
    CertificateGroup, CertificateView, Choice, FieldView, Notice, RequestTicks, RequestView,
};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::protection::PROTECTED_FLAG;
use counter_forms::filing::CertificateLine;
use counter_guide::certificates::{
    Asker, Certificate, CertificateRequest, Certificates, Decision, Identity, LineDecision,
    Outcome, RequestLine,
};

use crate::certificates::{
    self, COPIES_MAX, additions, copies_path, grouped, ids, of_draft, options_path, total_in_words,
};
use crate::desk::Desk;
use crate::desk::checks::{Asked, asked_in_request, still_missing};
use crate::desk::visit::Visit;
use crate::fields::member_path;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, sentence, word};

/// Papers that were shown, by id, parted by commas.
pub(super) const PAPERS: &str = "request.papers";
/// What stops a certificate, as staff found out, by id, parted by commas.
const STOPS: &str = "request.stops";

/// Stops that nobody ticks: one is in the record, the other is for a counter that hands out.
const NEVER_TICKED: [&str; 2] = ["protected", "copy_too_old"];

impl<R: Records> Desk<R> {
    /// Changes how many copies are asked for.
    pub(super) fn change_copies(&mut self, id: &str, by: i32) -> Result<(), Notice> {
        let visit = self.editable()?;
        let certificate = visit.certificates.certificate(id);
        certificate
            .and_then(|certificate| certificate.form.as_ref())
            .ok_or_else(|| notice(Code::NotPossibleNow))?;
        let lines = of_draft(visit.draft());
        let line = lines.iter().find(|line| line.certificate == id);
        let copies = i32::from(line.map_or(0, |line| line.copies)).saturating_add(by);
        let copies = u16::try_from(copies.max(0)).unwrap_or(COPIES_MAX);
        let value = match copies {
            0 => FieldValue::Cleared,
            copies => FieldValue::Count(i64::from(copies.min(COPIES_MAX))),
        };
        let mut entries = vec![Entry {
            path: FieldPath(copies_path(id)),
            value,
            source: Source::Staff,
        }];
        if copies == 0 {
            entries.push(Entry::text(options_path(id), "", Source::Staff));
        }
        self.store(&entries)
    }

    /// Adds something to a certificate, or leaves it out.
    pub(super) fn set_option(&mut self, id: &str, option: &str, set: bool) -> Result<(), Notice> {
        let visit = self.editable()?;
        let impossible = || notice(Code::NotPossibleNow);
        let certificate = visit.certificates.certificate(id).ok_or_else(impossible)?;
        let lines = of_draft(visit.draft());
        let line = lines.iter().find(|line| line.certificate == id);
        let line = line.ok_or_else(impossible)?;
        let known = additions(certificate).map(String::as_str);
        let chosen = ticked(known, &line.options, option, set);
        let entry = Entry::text(options_path(id), chosen, Source::Staff);
        self.store(&[entry])
    }

    /// Says that a paper was shown, or was not.
    pub(super) fn set_paper(&mut self, paper: &str, set: bool) -> Result<(), Notice> {
        let visit = self.editable()?;
        let known = visit.certificates.papers().map(|(id, _)| id);
        let chosen = ticked(known, &ids(visit.text(PAPERS)), paper, set);
        self.store(&[Entry::text(PAPERS, chosen, Source::Staff)])
    }

    /// Says that something stops certificates, or does not.
    pub(super) fn set_stop(&mut self, stop: &str, set: bool) -> Result<(), Notice> {
        let visit = self.editable()?;
        let known = visit.certificates.stops().map(|(id, _)| id);
        let known = known.filter(|id| !NEVER_TICKED.contains(id));
        let chosen = ticked(known, &ids(visit.text(STOPS)), stop, set);
        self.store(&[Entry::text(STOPS, chosen, Source::Staff)])
    }

    /// The certificates as staff see them.
    pub(super) fn request_view(&self, visit: &Visit) -> Option<RequestView> {
        if !visit.plan().asks_for_certificates() {
            return None;
        }
        let lines = of_draft(visit.draft());
        let asker = certificates::asker(visit.text("request.asker"));
        let known = &visit.certificates;
        let request = request(visit, &lines, Identity::PhotoDocument);
        let decision = request.as_ref().and_then(|one| known.decide(one).ok());
        let mut groups: Vec<(&str, CertificateGroup)> = Vec::new();
        for certificate in known.offered() {
            let decided = decision.as_ref().and_then(|all| of_line(all, certificate));
            let view = draw(visit, certificate, &lines, decided);
            if let Some((_, group)) = groups.iter_mut().find(|(id, _)| *id == certificate.group) {
                group.certificates.push(view);
            } else {
                let label = known.group(&certificate.group);
                let group = CertificateGroup {
                    label: label.map(|words| words.ja.clone()).unwrap_or_default(),
                    certificates: vec![view],
                };
                groups.push((&certificate.group, group));
            }
        }
        let fields: Vec<FieldView> = if lines.is_empty() {
            Vec::new()
        } else {
            let asked = asked_in_request(visit);
            asked.iter().map(|asked| self.field(visit, asked)).collect()
        };
        Some(RequestView {
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            asked: asked_in_words(visit),
            total: if lines.is_empty() {
                word("request", "none")
            } else {
                total_in_words(&signed_lines(visit))
            },
            papers: decision
                .and_then(|all| all.exemption)
                .map(|words| words.ja.clone())
                .unwrap_or_default(),
            fields,
            shown: papers(visit, &lines, asker),
            stops: stops(visit, &lines),
        })
    }
}

/// The lines of a request, a sentence each.
fn asked_in_words(visit: &Visit) -> Vec<String> {
    let known = &visit.certificates;
    let lines = signed_lines(visit);
    let lines = lines.iter().filter_map(|line| {
        let name = &known.certificate(&line.certificate)?.name.ja;
        let said = certificates::in_words(line, known);
        Some([name.as_str(), "　", &said].concat())
    });
    lines.collect()
}

/// Ids in the order of `known`, with one more or one less.
fn ticked<'k>(
    known: impl Iterator<Item = &'k str>,
    before: &[String],
    changed: &str,
    set: bool,
) -> String {
    let chosen = known.filter(|one| {
        if *one == changed {
            set
        } else {
            before.iter().any(|other| other == one)
        }
    });
    chosen.collect::<Vec<_>>().join(",")
}

/// Everything a request is decided by; `None` until somebody said who asks.
fn request(visit: &Visit, lines: &[RequestLine], identity: Identity) -> Option<CertificateRequest> {
    let known = &visit.certificates;
    let mut stops: Vec<String> = ids(visit.text(STOPS));
    if is_protected(visit) {
        stops.push("protected".to_owned());
    }
    let papers = ids(visit.text(PAPERS)).into_iter();
    let exemption = visit.text("request.exemption");
    let is_known = known.exemptions().any(|(id, _)| id == exemption);
    let offered = |line: &&RequestLine| known.certificate(&line.certificate).is_some();
    Some(CertificateRequest {
        asker: certificates::asker(visit.text("request.asker"))?,
        identity,
        papers: papers
            .filter(|paper| known.papers().any(|(id, _)| id == paper))
            .collect(),
        purpose: [
            visit.text("request.purpose"),
            visit.text("request.submit_to"),
        ]
        .concat(),
        stops: stops
            .into_iter()
            .filter(|stop| known.stops().any(|(id, _)| id == stop))
            .collect(),
        exemption: is_known.then(|| exemption.to_owned()),
        lines: lines.iter().filter(offered).cloned().collect(),
    })
}

/// Whether somebody in the request carries the flag of protection measures.
fn is_protected(visit: &Visit) -> bool {
    let flagged = |number: &u8| {
        let path = FieldPath(member_path(*number, PROTECTED_FLAG));
        let field = visit.draft().field(&path);
        field.is_some_and(|field| field.shown.value == FieldValue::Flag(true))
    };
    visit.members().iter().any(flagged)
}

fn of_line<'d>(
    decision: &'d Decision<'_>,
    certificate: &Certificate,
) -> Option<&'d LineDecision<'d>> {
    let mut lines = decision.lines.iter();
    lines.find(|line| line.certificate.id == certificate.id)
}

/// The lines of a request as they would be signed now: with form, fee and what they certify.
pub(super) fn signed_lines(visit: &Visit) -> Vec<CertificateLine> {
    let lines = of_draft(visit.draft());
    let request = request(visit, &lines, Identity::PhotoDocument);
    let known = &visit.certificates;
    let decision = request.as_ref().and_then(|one| known.decide(one).ok());
    let signed = lines.into_iter().filter_map(|line| {
        let certificate = known.certificate(&line.certificate)?;
        let on = certificate.form.clone()?;
        let decided = decision.as_ref().and_then(|all| of_line(all, certificate));
        let free = decided.is_some_and(|one| one.fee_yen == 0);
        Some(CertificateLine {
            form: on.form,
            kind: on.kind,
            copies: line.copies,
            fee_yen: if free { 0 } else { certificate.fee_yen },
            detail: detail(visit, certificate),
            certificate: line.certificate,
            options: line.options,
        })
    });
    signed.collect()
}

/// What a certificate needs to be told, and the field it is told in.
const TOLD: [(&str, &str); 4] = [
    ("year", "request.year"),
    ("period", "request.period"),
    ("kind", "request.matter"),
    ("property", "request.property"),
];

fn detail(visit: &Visit, certificate: &Certificate) -> String {
    let told = TOLD.iter().filter_map(|(option, path)| {
        // A property has boxes of its own on the forms that are about one.
        let wanted = *option != "property" && has_option(certificate, option);
        Some(visit.text(path)).filter(|text| wanted && !text.is_empty())
    });
    told.collect::<Vec<_>>().join("　")
}

fn has_option(certificate: &Certificate, option: &str) -> bool {
    certificate.options.iter().any(|one| one == option)
}

/// The certificates asked for.
fn asked(visit: &Visit) -> Vec<&Certificate> {
    let lines = of_draft(visit.draft());
    let known = &visit.certificates;
    let asked = lines.iter();
    asked
        .filter_map(|line| known.certificate(&line.certificate))
        .collect()
}

/// Whether a certificate asked for needs this field, and whether it cannot do without.
pub(super) fn wants(visit: &Visit, path: &str) -> (bool, bool) {
    let asked = asked(visit);
    let is_on = |form: &str| {
        let mut forms = asked.iter().filter_map(|one| one.form.as_ref());
        forms.any(|on| on.form == form)
    };
    let any = |option: &str| asked.iter().any(|one| has_option(one, option));
    match path {
        "domicile.place" | "domicile.register_head" => {
            let register = is_on("family-register");
            (register || is_on("family-notification"), register)
        }
        "request.plate" => (is_on("vehicle-certificate"), false),
        "request.period" => (any("period"), false),
        "request.reason" => (is_another(visit), false),
        "request.purpose" => {
            let lines = of_draft(visit.draft());
            let request = request(visit, &lines, Identity::PhotoDocument);
            let needed = request.is_some_and(|one| visit.certificates.purpose_needed(&one));
            (true, needed && visit.text("request.submit_to").is_empty())
        }
        _ => match TOLD.iter().find(|(_, told)| *told == path) {
            Some((option, _)) => (any(option), any(option)),
            None => (true, false),
        },
    }
}

/// Whether somebody asks who has to say why.
fn is_another(visit: &Visit) -> bool {
    match certificates::asker(visit.text("request.asker")) {
        Some(Asker::ThirdParty | Asker::Official | Asker::Professional | Asker::Heir) => true,
        Some(
            Asker::Person
            | Asker::Household
            | Asker::SpouseOrLineal
            | Asker::Proxy
            | Asker::Tenant
            | Asker::Company,
        )
        | None => false,
    }
}

/// What keeps a request from being signed, in words, whoever is identified how.
pub(super) fn problem(visit: &Visit) -> Option<String> {
    if !visit.plan().asks_for_certificates() {
        return None;
    }
    let lines = of_draft(visit.draft());
    if lines.is_empty() {
        return Some(word("blocked", "no_certificate"));
    }
    let in_the_way = in_the_way(visit, &lines, Identity::PhotoDocument);
    in_the_way.or_else(|| {
        let asked: Vec<Asked<'_>> = asked_in_request(visit);
        still_missing(visit, &asked)
    })
}

/// What keeps a request from being signed once somebody was identified: some certificates are for
/// those with a photograph only.
pub(super) fn identity_problem(visit: &Visit) -> Option<String> {
    let kind = visit.text("identity.kind");
    if !visit.plan().asks_for_certificates() || kind.is_empty() {
        return None;
    }
    let lines = of_draft(visit.draft());
    in_the_way(visit, &lines, certificates::identity(kind))
}

/// The first line that is refused, else the papers that were not shown.
fn in_the_way(visit: &Visit, lines: &[RequestLine], identity: Identity) -> Option<String> {
    let request = request(visit, lines, identity)?;
    let decision = visit.certificates.decide(&request).ok()?;
    let refused = decision
        .lines
        .iter()
        .find(|line| line.outcome == Outcome::Refused);
    if let Some(line) = refused {
        let reason = line
            .reason
            .map(|words| words.ja.as_str())
            .unwrap_or_default();
        let name = line.certificate.name.ja.as_str();
        let values = [("name", name), ("reason", reason)];
        return Some(sentence("blocked", "asker", &values));
    }
    let mut names: Vec<&str> = Vec::new();
    for words in decision.lines.iter().flat_map(|line| &line.missing) {
        if !names.contains(&words.ja.as_str()) {
            names.push(&words.ja);
        }
    }
    let papers = names.join("、");
    (!papers.is_empty()).then(|| sentence("blocked", "papers", &[("papers", &papers)]))
}

/// Papers whoever asks must show, to be ticked.
fn papers(visit: &Visit, lines: &[RequestLine], asker: Option<Asker>) -> RequestTicks {
    let asked = lines.iter().map(|line| line.certificate.as_str());
    let needed = asker.map(|asker| visit.certificates.papers_to_show(asked, asker));
    let needed = needed.unwrap_or_default().into_iter();
    RequestTicks {
        choices: needed.map(|(id, words)| choice(id, &words.ja)).collect(),
        chosen: ids(visit.text(PAPERS)),
    }
}

/// What may stop a certificate, to be ticked.
fn stops(visit: &Visit, lines: &[RequestLine]) -> RequestTicks {
    let offered = visit.certificates.stops();
    let offered = offered.filter(|(id, _)| !lines.is_empty() && !NEVER_TICKED.contains(id));
    RequestTicks {
        choices: offered
            .map(|(id, words)| choice(id, &stop_in_words(id, &words.ja)))
            .collect(),
        chosen: ids(visit.text(STOPS)),
    }
}

/// What a stop is called; the sentence the resident is told where the city added one.
fn stop_in_words(id: &str, told: &str) -> String {
    let known = word("stop", id);
    if known.is_empty() {
        told.to_owned()
    } else {
        known
    }
}

fn choice(value: &str, label: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
    }
}

fn draw(
    visit: &Visit,
    certificate: &Certificate,
    lines: &[RequestLine],
    decided: Option<&LineDecision<'_>>,
) -> CertificateView {
    let known = &visit.certificates;
    let line = lines.iter().find(|line| line.certificate == certificate.id);
    let options = additions(certificate)
        .filter_map(|id| Some(choice(id, &known.option(id)?.ja)))
        .filter(|_| line.is_some());
    let free = decided.is_some_and(|one| one.fee_yen == 0 && one.outcome != Outcome::Refused);
    let fee = match certificate.fee_yen {
        yen if yen > 0 && !free => sentence("request", "fee", &[("yen", &grouped(yen))]),
        _ => word("request", "free"),
    };
    CertificateView {
        id: certificate.id.clone(),
        name: certificate.name.ja.clone(),
        fee,
        copies: line.map_or(0, |line| line.copies),
        options: options.collect(),
        chosen: line.map(|line| line.options.clone()).unwrap_or_default(),
        warning: match decided {
            Some(decided) => warning(decided),
            None => who_else(known, certificate, visit.text("request.asker")),
        },
    }
}

/// Why a line is refused or mailed.
fn warning(decided: &LineDecision<'_>) -> String {
    match (decided.outcome, decided.reason) {
        (Outcome::Refused | Outcome::Mailed, Some(reason)) => reason.ja.clone(),
        (Outcome::Refused | Outcome::Mailed | Outcome::Issued | Outcome::Missing, _) => {
            String::new()
        }
    }
}

/// Who may have a certificate that nobody asked for yet, where the one at the counter may not.
fn who_else(known: &Certificates, certificate: &Certificate, asker: &str) -> String {
    use counter_guide::certificates::Permission;
    let asker = certificates::asker(asker);
    match asker.and_then(|asker| known.permission(&certificate.id, asker)) {
        Some(Permission::Refused(words)) => {
            sentence("request", "who", &[("who", words.ja.as_str())])
        }
        Some(Permission::With(_)) | None => String::new(),
    }
}

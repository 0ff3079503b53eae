//! Certificates asked for at the desk.

use counter_api::{CertificateGroup, CertificateView, Choice, Language, Notice, RequestView};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_guide::certificates::{Certificate, Certificates, RequestLine};

use crate::certificates::{
    self, COPIES_MAX, additions, certificates, copies_path, of_draft, options_path,
};
use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::events::events;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

impl<R: Records> Desk<R> {
    /// Changes how many copies are asked for. Certificates of one request stand on one form.
    pub(super) fn change_copies(&mut self, id: &str, by: i32) -> Result<(), Notice> {
        let visit = self.editable()?;
        let lines = of_draft(visit.draft());
        let line = lines.iter().find(|line| line.certificate == id);
        let copies = i32::from(line.map_or(0, |line| line.copies)).saturating_add(by);
        let copies = u16::try_from(copies.max(0)).unwrap_or(COPIES_MAX);
        let form = events().certificate(id).map(|on| on.0.as_str());
        let form = form.ok_or_else(|| notice(Code::NotPossibleNow))?;
        let elsewhere = lines
            .iter()
            .filter(|line| line.certificate != id)
            .filter_map(|line| events().certificate(&line.certificate))
            .any(|on| on.0 != form);
        if elsewhere && copies > 0 {
            let name = certificates().certificate(id);
            let name = name.map(|one| one.name.ja.clone()).unwrap_or_default();
            let values = [("name", name.as_str())];
            let code = Code::CertificateOtherForm;
            return Err(notice_with(code, Language::Japanese, &values));
        }
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
        let certificate = certificates().certificate(id).ok_or_else(impossible)?;
        let lines = of_draft(visit.draft());
        let line = lines.iter().find(|line| line.certificate == id);
        let line = line.ok_or_else(impossible)?;
        let chosen: Vec<&str> = additions(certificate)
            .map(String::as_str)
            .filter(|one| {
                if *one == option {
                    set
                } else {
                    line.options.iter().any(|known| known == one)
                }
            })
            .collect();
        let entry = Entry::text(options_path(id), chosen.join(","), Source::Staff);
        self.store(&[entry])
    }

    /// The certificates as staff see them.
    pub(super) fn request_view(visit: &Visit) -> Option<RequestView> {
        if !visit.plan().asks_for_certificates() {
            return None;
        }
        let lines = of_draft(visit.draft());
        let asker = certificates::asker(visit.text("request.asker"));
        let mut groups: Vec<(&str, CertificateGroup)> = Vec::new();
        let offered = certificates().list().iter();
        for certificate in offered.filter(|one| events().certificate(&one.id).is_some()) {
            let view = draw(certificate, &lines, visit.text("request.asker"));
            let known = groups.iter_mut().find(|(id, _)| *id == certificate.group);
            if let Some((_, group)) = known {
                group.certificates.push(view);
            } else {
                let label = certificates().group(&certificate.group);
                let group = CertificateGroup {
                    label: label.map(|words| words.ja.clone()).unwrap_or_default(),
                    certificates: vec![view],
                };
                groups.push((&certificate.group, group));
            }
        }
        let papers = certificates::papers(&lines, asker);
        Some(RequestView {
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            total: if lines.is_empty() {
                word("request", "none")
            } else {
                certificates::total_in_words(&lines)
            },
            papers: if papers.is_empty() {
                papers
            } else {
                sentence("request", "papers", &[("papers", &papers)])
            },
        })
    }
}

/// What keeps a request from being signed, in words.
pub(super) fn problem(visit: &Visit) -> Option<String> {
    if !visit.plan().asks_for_certificates() {
        return None;
    }
    let lines = of_draft(visit.draft());
    if lines.is_empty() {
        return Some(word("blocked", "no_certificate"));
    }
    let asker = certificates::asker(visit.text("request.asker"));
    lines.iter().find_map(|line| {
        let reason = certificates::refused(&line.certificate, asker)?;
        Some(sentence("blocked", "asker", &[("reason", &reason)]))
    })
}

fn draw(certificate: &Certificate, lines: &[RequestLine], asker: &str) -> CertificateView {
    let line = lines.iter().find(|line| line.certificate == certificate.id);
    let options = additions(certificate).filter_map(|id| {
        let words = certificates().option(id)?;
        Some(Choice {
            value: id.clone(),
            label: words.ja.clone(),
        })
    });
    let fee = match certificate.fee_yen {
        0 => word("request", "free"),
        yen => sentence("request", "fee", &[("yen", &certificates::grouped(yen))]),
    };
    CertificateView {
        id: certificate.id.clone(),
        name: certificate.name.ja.clone(),
        fee,
        copies: line.map_or(0, |line| line.copies),
        options: options.filter(|_| line.is_some()).collect(),
        chosen: line.map(|line| line.options.clone()).unwrap_or_default(),
        warning: warning(certificate, line, asker),
    }
}

fn warning(certificate: &Certificate, line: Option<&RequestLine>, asker: &str) -> String {
    let Some(asker) = certificates::asker(asker) else {
        return String::new();
    };
    if let Some(who) = certificates::refused(&certificate.id, Some(asker)) {
        return sentence("request", "who", &[("who", &who)]);
    }
    let mailed = line.is_some_and(|line| Certificates::must_be_mailed(line, asker));
    if mailed {
        word("request", "mailed")
    } else {
        String::new()
    }
}

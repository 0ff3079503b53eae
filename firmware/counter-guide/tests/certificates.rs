//! Certificate requests: fees, who may ask, several in one request.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_guide::certificates::{
    Asker, BUNDLED, CertificateRequest, Certificates, Identity, Outcome, Permission, RequestError,
    RequestLine,
};

fn certificates() -> Certificates {
    Certificates::bundled().unwrap()
}

fn line(certificate: &str, copies: u16, options: &[&str]) -> RequestLine {
    RequestLine {
        certificate: certificate.to_owned(),
        copies,
        options: options.iter().map(|one| (*one).to_owned()).collect(),
    }
}

/// The papers somebody needs, or `-` and who may ask instead.
fn asked(id: &str, asker: Asker) -> String {
    match certificates().permission(id, asker).unwrap() {
        Permission::With(papers) => {
            let papers: Vec<&str> = papers.iter().map(|words| words.ja.as_str()).collect();
            papers.join("・")
        }
        Permission::Refused(who) => format!("- {}", who.ja),
    }
}

#[test]
fn sixty_four_certificates_have_every_text() {
    let all = certificates();
    assert_eq!(all.list().len(), 64);
    for one in all.list() {
        assert!(
            !one.name.ja.is_empty() && !one.name.en.is_empty(),
            "{}",
            one.id
        );
        assert!(all.group(&one.group).unwrap().easy.is_some(), "{}", one.id);
        for option in &one.options {
            let words = all.option(option).unwrap();
            assert!(words.easy.is_some() && !words.en.is_empty(), "{option}");
        }
    }
}

#[test]
fn several_certificates_are_one_request() {
    let all = certificates();
    let request = [
        line("C01", 2, &["members", "honseki"]),
        line("C19", 1, &[]),
        line("C10", 3, &[]),
    ];
    assert_eq!(all.fee(&request), Ok(2 * 300 + 450));
    assert_eq!(
        all.fee(&[line("C19", 1, &["mynumber"])]),
        Err(RequestError::Option {
            certificate: "C19".to_owned(),
            option: "mynumber".to_owned()
        })
    );
    assert_eq!(
        all.fee(&[line("C99", 1, &[])]),
        Err(RequestError::Certificate("C99".to_owned()))
    );
    assert_eq!(
        all.fee(&[line("C01", 0, &[])]),
        Err(RequestError::NoCopies("C01".to_owned()))
    );
}

#[test]
fn who_may_ask_follows_the_law() {
    assert_eq!(asked("C01", Asker::Household), "本人確認書類");
    assert_eq!(asked("C01", Asker::Proxy), "本人確認書類・委任状");
    assert_eq!(
        asked("C16", Asker::Proxy),
        "本人確認書類・印鑑登録証・登録者の住所・氏名・生年月日の記入"
    );
    assert!(asked("C16", Asker::Professional).starts_with("- 登録した本人"));
    assert_eq!(
        asked("C30", Asker::SpouseOrLineal),
        "顔写真付きの本人確認書類"
    );
    assert!(asked("C30", Asker::Proxy).starts_with("- 本人・配偶者・直系"));
    assert_eq!(asked("C10", Asker::ThirdParty), "");
    assert_eq!(
        asked("C05", Asker::Heir),
        "本人確認書類・続柄・相続が分かる戸籍"
    );
}

#[test]
fn individual_number_is_never_handed_to_a_proxy() {
    let with_number = line("C01", 1, &["mynumber"]);
    assert!(Certificates::must_be_mailed(&with_number, Asker::Proxy));
    assert!(!Certificates::must_be_mailed(
        &with_number,
        Asker::Household
    ));
    assert!(!Certificates::must_be_mailed(
        &line("C01", 1, &[]),
        Asker::Proxy
    ));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let text = BUNDLED.1.replacen(
        "who: W1, options: [members, honseki",
        "who: W77, options: [members, honseki",
        1,
    );
    let said = Certificates::from_file("certificates.yaml", &text)
        .unwrap_err()
        .to_string();
    assert!(
        said.starts_with("certificates.yaml:")
            && said.ends_with("there is no rule of who may ask called W77"),
        "{said}"
    );
}

fn request(asker: Asker, identity: Identity, lines: Vec<RequestLine>) -> CertificateRequest {
    CertificateRequest {
        asker,
        identity,
        papers: [].into(),
        purpose: String::new(),
        stops: [].into(),
        exemption: None,
        lines,
    }
}

/// One line a certificate, then the sum: `C01 issued 600`, with what is missing or why not.
fn decided(request: &CertificateRequest) -> Vec<String> {
    let all = certificates();
    let decision = all.decide(request).unwrap();
    let mut said: Vec<String> = decision
        .lines
        .iter()
        .map(|line| {
            let missing: Vec<&str> = line.missing.iter().map(|one| one.ja.as_str()).collect();
            let reason = line.reason.map_or("", |words| words.ja.as_str());
            let (id, outcome) = (&line.certificate.id, line.outcome);
            format!(
                "{id} {outcome:?} {} {}{reason}",
                line.fee_yen,
                missing.join("・")
            )
            .trim_end()
            .to_owned()
        })
        .collect();
    let purpose = if decision.purpose_missing {
        " purpose?"
    } else {
        ""
    };
    said.push(format!("{} yen{purpose}", decision.fee_yen));
    said
}

#[test]
fn several_lines_are_decided_and_summed() {
    let mut asked = request(
        Asker::Person,
        Identity::PhotoDocument,
        vec![
            line("C01", 2, &["honseki"]),
            line("C16", 1, &[]),
            line("C10", 1, &[]),
        ],
    );
    assert_eq!(
        decided(&asked),
        [
            "C01 Issued 600",
            "C16 Missing 300 印鑑登録証",
            "C10 Issued 0",
            "900 yen"
        ]
    );
    asked.papers.insert("seal_card".to_owned());
    assert_eq!(
        decided(&asked),
        [
            "C01 Issued 600",
            "C16 Issued 300",
            "C10 Issued 0",
            "900 yen"
        ]
    );
    asked.exemption = Some("welfare".to_owned());
    assert_eq!(decided(&asked)[3], "0 yen");
}

#[test]
fn nobody_gets_a_certificate_without_identification() {
    let asked = request(Asker::Household, Identity::None, vec![line("C01", 1, &[])]);
    assert_eq!(decided(&asked), ["C01 Missing 300 本人確認書類", "300 yen"]);
    let asked = request(
        Asker::SpouseOrLineal,
        Identity::TwoDocuments,
        vec![line("C30", 1, &[])],
    );
    assert_eq!(
        decided(&asked)[0],
        "C30 Missing 450 顔写真付きの本人確認書類",
        "the register of another city needs a photograph (戸籍法120条の2)"
    );
}

#[test]
fn purpose_is_asked_of_third_parties_and_for_the_register() {
    let mut asked = request(
        Asker::Person,
        Identity::PhotoDocument,
        vec![line("C19", 1, &[]), line("C01", 1, &[])],
    );
    assert_eq!(
        decided(&asked),
        ["C19 Missing 450", "C01 Missing 300", "750 yen purpose?"]
    );
    asked.purpose = "相続の手続き".to_owned();
    assert_eq!(decided(&asked)[2], "750 yen");
    let asked = request(
        Asker::ThirdParty,
        Identity::PhotoDocument,
        vec![line("C01", 1, &[])],
    );
    assert_eq!(
        decided(&asked),
        [
            "C01 Missing 300 正当な理由を示す資料（契約書など）",
            "300 yen purpose?"
        ]
    );
}

#[test]
fn protected_person_stops_everything_and_costs_nothing() {
    let mut asked = request(
        Asker::Person,
        Identity::PhotoDocument,
        vec![line("C01", 1, &[]), line("C44", 1, &[])],
    );
    asked.stops.insert("protected".to_owned());
    let said = decided(&asked);
    assert!(
        said[0].starts_with("C01 Refused 0 対象の方に支援措置があります。"),
        "{said:?}"
    );
    assert!(said[1].starts_with("C44 Refused 0 "), "{said:?}");
    assert_eq!(said[2], "0 yen");
}

#[test]
fn pending_register_stops_the_register_only() {
    let mut asked = request(
        Asker::Person,
        Identity::PhotoDocument,
        vec![line("C19", 1, &[]), line("C01", 1, &[])],
    );
    asked.purpose = "旅券".to_owned();
    asked.stops.insert("register_pending".to_owned());
    let said = decided(&asked);
    assert!(
        said[0].starts_with("C19 Refused 0 戸籍の届出を処理しています。"),
        "{said:?}"
    );
    assert_eq!(said[1..], ["C01 Issued 300", "300 yen"]);
}

#[test]
fn numbers_are_mailed_for_a_proxy_and_never_shown_to_others() {
    let with_number = || vec![line("C01", 1, &["mynumber"])];
    let mut asked = request(Asker::Proxy, Identity::PhotoDocument, with_number());
    asked.papers.insert("ininjo".to_owned());
    assert!(
        decided(&asked)[0].starts_with("C01 Mailed 300 代理の方には"),
        "{:?}",
        decided(&asked)
    );
    let mut asked = request(Asker::ThirdParty, Identity::PhotoDocument, with_number());
    asked.purpose = "債権回収".to_owned();
    asked.papers.insert("reason".to_owned());
    assert!(decided(&asked)[0].starts_with("C01 Refused 0 個人番号・住民票コードは"));
}

#[test]
fn unknown_papers_and_stops_are_named() {
    let mut asked = request(Asker::Person, Identity::None, Vec::new());
    asked.papers.insert("passport".to_owned());
    let said = certificates().decide(&asked).unwrap_err();
    assert_eq!(said.to_string(), "there is no paper passport");
    asked.papers.clear();
    asked.stops.insert("protcted".to_owned());
    let said = certificates().decide(&asked).unwrap_err();
    assert_eq!(said.to_string(), "there is no stop protcted");
}

#[test]
fn every_certificate_is_decided_for_every_asker_without_a_gap() {
    let all = certificates();
    let askers = [
        Asker::Person,
        Asker::Household,
        Asker::SpouseOrLineal,
        Asker::Heir,
        Asker::Proxy,
        Asker::Tenant,
        Asker::Company,
        Asker::ThirdParty,
        Asker::Official,
        Asker::Professional,
    ];
    for certificate in all.list() {
        for asker in askers {
            let mut asked = request(
                asker,
                Identity::PhotoDocument,
                vec![line(&certificate.id, 1, &[])],
            );
            asked.purpose = "提出".to_owned();
            asked.papers = all.papers().map(|(id, _)| id.to_owned()).collect();
            let decision = all.decide(&asked).unwrap();
            let one = &decision.lines[0];
            match one.outcome {
                Outcome::Issued => assert_eq!(one.fee_yen, certificate.fee_yen),
                Outcome::Refused => assert!(one.reason.is_some() && one.fee_yen == 0),
                Outcome::Mailed | Outcome::Missing => panic!("{} for {asker:?}", certificate.id),
            }
        }
    }
}

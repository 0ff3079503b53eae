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
            "C16 Missing 300 印鑑登録証（本人はマイナンバーカードでも可）",
            "C10 Issued 0",
            "900 yen"
        ]
    );
    asked.papers.insert("seal_card_own".to_owned());
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

#[test]
fn all_sixty_four_are_asked_for_on_a_form() {
    let all = certificates();
    assert_eq!(all.offered().count(), 64);
    let forms: std::collections::BTreeSet<&str> = all
        .offered()
        .filter_map(|one| Some(one.form.as_ref()?.form.as_str()))
        .collect();
    assert_eq!(forms.len(), 10);
    let mut places: Vec<String> = all
        .offered()
        .filter_map(|one| Some(one.form.as_ref()?.to_string()))
        .collect();
    places.sort();
    let count = places.len();
    places.dedup();
    assert_eq!(
        places.len(),
        count,
        "two certificates in one place of a form"
    );
}

#[test]
fn forms_come_from_the_program_where_an_old_edition_has_none() {
    let text: String = BUNDLED
        .1
        .lines()
        .map(|line| match line.split_once(", form: ") {
            Some((start, _)) if line.starts_with("  - {") => format!("{start} }}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let old = Certificates::from_file("certificates.yaml", &text).unwrap();
    assert_eq!(old.offered().count(), 0);
    assert_eq!(old.with_forms_of(&certificates()).offered().count(), 64);
}

#[test]
fn code_for_the_register_is_free_beside_the_paper() {
    let mut asked = request(
        Asker::Person,
        Identity::PhotoDocument,
        vec![line("C19", 1, &[]), line("C32", 1, &[])],
    );
    asked.purpose = "旅券".to_owned();
    assert_eq!(
        decided(&asked),
        ["C19 Issued 450", "C32 Issued 0", "450 yen"],
        "手数料令: nothing for the code where the certificate is asked for with it"
    );
    assert_eq!(certificates().fee(&asked.lines), Ok(450));
    asked.lines.remove(0);
    assert_eq!(decided(&asked), ["C32 Issued 400", "400 yen"]);
}

#[test]
fn code_is_charged_where_the_paper_beside_it_is_refused() {
    let mut asked = request(
        Asker::SpouseOrLineal,
        Identity::PhotoDocument,
        vec![line("C32", 1, &[]), line("C38", 1, &[])],
    );
    asked.purpose = "年金".to_owned();
    let said = decided(&asked);
    assert_eq!(said[0], "C32 Issued 400");
    assert!(said[1].starts_with("C38 Refused 0 本人。"), "{said:?}");
}

#[test]
fn papers_to_show_are_named_once_without_identification() {
    let all = certificates();
    let shown = all.papers_to_show(["C01", "C16", "C44"].into_iter(), Asker::Proxy);
    let ids: Vec<&str> = shown.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["ininjo", "seal_card", "seal_knowledge"]);
}

#[test]
fn record_of_another_city_is_for_the_household_with_a_photograph() {
    assert_eq!(
        asked("C08", Asker::Household),
        "顔写真付きの本人確認書類",
        "住基法12条の4"
    );
    assert!(asked("C08", Asker::Proxy).starts_with("- 本人・同一世帯"));
    assert!(asked("C12", Asker::Person).starts_with("- 国・地方公共団体"));
}

#[test]
fn mistakes_in_forms_are_told_with_their_place() {
    let check = |from: &str, to: &str| {
        let text = BUNDLED.1.replacen(from, to, 1);
        Certificates::from_file("certificates.yaml", &text)
            .unwrap_err()
            .to_string()
    };
    let said = check("form: resident-record/all", "form: resident-record");
    assert!(said.ends_with("for example resident-record/all"), "{said}");
    let said = check("free_with: [C19,", "free_with: [C91,");
    assert!(
        said.ends_with("there is no certificate called C91"),
        "{said}"
    );
}

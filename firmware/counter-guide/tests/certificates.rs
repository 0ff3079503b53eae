//! Certificate requests: fees, who may ask, several in one request.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_guide::certificates::{
    Asker, BUNDLED, Certificates, Permission, RequestError, RequestLine,
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

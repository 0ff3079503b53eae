//! The authority's files and texts.

use std::os::unix::fs::PermissionsExt as _;

use sync_protocol::SiteId;
use sync_transport::{Authority, AuthorityError, DeviceRequest};

const NOON_MS: u64 = 1_795_000_000_000;

#[test]
fn second_start_finds_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let first = Authority::load_or_create(folder.path(), NOON_MS).unwrap();
    let second = Authority::load_or_create(folder.path(), NOON_MS + 1).unwrap();
    assert_eq!(first.fingerprint(), second.fingerprint());
    assert_eq!(first.publishing_point(), second.publishing_point());
    let out_and_in = Authority::from_pem(&first.to_pem()).unwrap();
    assert_eq!(first.fingerprint(), out_and_in.fingerprint());
}

#[test]
fn every_file_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    Authority::load_or_create(folder.path(), NOON_MS).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{file:?}"
        );
    }
}

#[test]
fn damaged_file_is_reported_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    Authority::load_or_create(folder.path(), NOON_MS).unwrap();
    let key = folder.path().join("authority-key.pem");
    std::fs::write(&key, "damaged").unwrap();
    assert!(Authority::load_or_create(folder.path(), NOON_MS).is_err());
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "damaged");
}

#[test]
fn published_bytes_verify_with_the_point() {
    let authority = Authority::create(NOON_MS).unwrap();
    let signature = authority.sign_published(b"manifest").unwrap();
    let point = ring::signature::UnparsedPublicKey::new(
        &ring::signature::ECDSA_P256_SHA256_ASN1,
        authority.publishing_point(),
    );
    assert!(point.verify(b"manifest", &signature).is_ok());
    assert!(point.verify(b"manifesto", &signature).is_err());
    assert_eq!(authority.publishing_point().len(), 65);
}

#[test]
fn head_office_is_no_branch_for_a_counter() {
    let authority = Authority::create(NOON_MS).unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = rcgen::CertificateParams::default()
        .serialize_request(&key)
        .unwrap()
        .pem()
        .unwrap();
    let request = DeviceRequest::from_pem(&pem).unwrap();
    let site = SiteId([1; 16]);
    for branch in ["00", "1", "001", "ab", ""] {
        let signed = authority.sign_device(&request, branch, site, NOON_MS);
        assert!(matches!(signed, Err(AuthorityError::Branch)), "{branch}");
    }
    assert!(authority.sign_device(&request, "01", site, NOON_MS).is_ok());
}

#[test]
fn request_of_another_kind_of_key_is_refused() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let pem = rcgen::CertificateParams::default()
        .serialize_request(&key)
        .unwrap()
        .pem()
        .unwrap();
    assert!(matches!(
        DeviceRequest::from_pem(&pem),
        Err(AuthorityError::Request)
    ));
}

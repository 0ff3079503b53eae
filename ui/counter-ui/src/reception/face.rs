//! The face of the card that was read. Its pictures leave the screen with the view.

use counter_api::{FaceFinding, FaceVerdict, FaceView};

use crate::paper::picture;
use crate::rows::list;
use crate::ui::{FaceData, FaceMark, FindingData};

/// As drawn; nothing without a view.
pub(super) fn face(view: Option<&FaceView>) -> FaceData {
    let Some(view) = view else {
        return FaceData::default();
    };
    let (photo, name) = (picture(&view.photo), picture(&view.name));
    let (address, front) = (picture(&view.address), picture(&view.front));
    FaceData {
        shown: true,
        person: view.member_name.as_str().into(),
        has_photo: photo.is_some(),
        photo: photo.unwrap_or_default(),
        has_name: name.is_some(),
        name: name.unwrap_or_default(),
        has_address: address.is_some(),
        address: address.unwrap_or_default(),
        has_front: front.is_some(),
        front: front.unwrap_or_default(),
        name_text: view.name_text.as_str().into(),
        address_text: view.address_text.as_str().into(),
        findings: list(view.findings.iter().map(finding)),
        more_by_number: view.more_by_number,
    }
}

fn finding(finding: &FaceFinding) -> FindingData {
    FindingData {
        mark: match finding.verdict {
            FaceVerdict::Wrong => FaceMark::Wrong,
            FaceVerdict::Look => FaceMark::Look,
            FaceVerdict::Right => FaceMark::Right,
        },
        text: finding.text.as_str().into(),
    }
}

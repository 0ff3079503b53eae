//! What an edited form is like: what stands in its way, and what it looks like beside the version in
//! force.

use counter_forms::{
    Assets, FormData, FormFolder, FormMeta, Forms, Picture, PublishFormError, PublishedForms,
    SampleKind,
};

/// Pixels per point of a page that is compared; three pages stand side by side.
const SCALE: f32 = 1.2;
/// Filing day and receipt number of a sample that does not say its own.
const SAMPLE_NUMBER: &str = "07-2-261121-0184-6";
/// A day after every other: a trial names none yet.
const SOME_DAY: &str = "9999-12-31";
const WHITE: u8 = 0xFF;

/// What trying out an edited form came to.
pub(crate) struct Trial {
    /// What it says about itself; `None` when that cannot be read.
    pub meta: Option<FormMeta>,
    /// What is to be put right: the samples it shows with, and the words.
    pub findings: Vec<(Vec<SampleKind>, String)>,
    /// Why it is not the next version, whatever stands on it.
    pub refused: Option<PublishFormError>,
}

/// Checks an edited form with its four samples. Takes about half a second.
pub(crate) fn try_out(forms: &Forms, published: &PublishedForms, folder: &FormFolder) -> Trial {
    let alone = match forms.alone(folder) {
        Ok(alone) => alone,
        Err(error) => {
            return Trial {
                meta: None,
                findings: vec![(Vec::new(), error.operator_text())],
                refused: None,
            };
        }
    };
    let findings = alone.check_all().into_iter();
    Trial {
        meta: alone.list().first().map(|meta| (*meta).clone()),
        findings: findings.map(|one| (one.samples, one.text)).collect(),
        refused: Forms::can_follow(published, folder, SOME_DAY).err(),
    }
}

/// A page of the version in force, the edited one, and what differs, as one picture.
pub(crate) struct Compared {
    /// PNG.
    pub png: Vec<u8>,
    /// Whether anything differs.
    pub differs: bool,
}

/// Draws a sample on the version in force on `day` and on the edited form, page by page. `None` when
/// the edited one cannot be drawn.
pub(crate) fn compared(
    forms: &Forms,
    folder: &FormFolder,
    kind: SampleKind,
    day: &str,
) -> Option<Vec<Compared>> {
    let alone = forms.alone(folder).ok()?;
    let id = alone.list().first().map(|meta| meta.id.clone())?;
    let now = pages(&alone, &id, &alone.sample(&id, kind)?, day)?;
    let in_force = forms.in_force(&id, day);
    let in_force = in_force.map(|meta| format!("{}/{}", meta.id, meta.version));
    let before = in_force.and_then(|name| {
        let sample = forms.sample_on(&name, day, kind)?;
        pages(forms, &name, &sample, day)
    });
    let before = before.unwrap_or_default();
    (0..before.len().max(now.len()))
        .map(|page| beside(before.get(page), now.get(page)))
        .collect()
}

fn beside(before: Option<&Picture>, now: Option<&Picture>) -> Option<Compared> {
    let blank = |other: &Picture| Picture {
        width: other.width,
        height: other.height,
        rgb: vec![WHITE; other.rgb.len()],
    };
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before.clone(), now.clone()),
        (Some(before), None) => (before.clone(), blank(before)),
        (None, Some(now)) => (blank(now), now.clone()),
        (None, None) => return None,
    };
    Some(Compared {
        png: before.beside(&now).to_png().ok()?,
        differs: before.differing(&now) > 0,
    })
}

fn pages(forms: &Forms, name: &str, data: &FormData, day: &str) -> Option<Vec<Picture>> {
    let or = |given: &str, otherwise: &str| match given {
        "" => otherwise.to_owned(),
        given => given.to_owned(),
    };
    let assets = Assets::for_receipt(&or(data.text("receipt_number"), SAMPLE_NUMBER));
    let day = or(data.text("filed_on"), day);
    forms.pictures(name, data, &assets, &day, SCALE).ok()
}

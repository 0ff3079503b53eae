//! Views of the daemon as the screen's data.

use counter_api::{
    Answered, CardView, CertificateView, Choice, DifferenceView, FieldKind, FieldView, FinishView,
    PicksView, ProcedureState, ProcedureView, Purpose, PurposeView, QuestionMember, QuestionView,
    RefusalView, RemarkView, RequestView, SaveState, SignView, Step, StepState, TrailItem,
};
use counter_domain::draft::Source;

use crate::notice::shown;
use crate::rows::list;
use crate::ui::{
    AnsweredData, AskedData, BesideData, CardKind, CertificateData, CertificateGroupData,
    ChoiceData, DifferenceData, FieldData, FieldType, FinishData, OtherData, PickData, PickedData,
    ProcedureData, QuestionData, ReceptionApi, RefusalData, RemarkData, SignKind, SourceKind,
    StepKind, StepMark, TrailData,
};

pub(super) fn step(at: Step) -> StepKind {
    match at {
        Step::Documents => StepKind::Documents,
        Step::Household => StepKind::Household,
        Step::Request => StepKind::Request,
        Step::Questions => StepKind::Questions,
        Step::Procedures => StepKind::Procedures,
        Step::Identity => StepKind::Identity,
        Step::Sign => StepKind::Sign,
        Step::Finish => StepKind::Finish,
    }
}

pub(super) fn trail(item: &TrailItem) -> TrailData {
    TrailData {
        step: step(item.step),
        mark: match item.state {
            StepState::Done => StepMark::Done,
            StepState::Current => StepMark::Current,
            StepState::Open => StepMark::Open,
            StepState::Attention => StepMark::Attention,
        },
        count: item
            .count
            .and_then(|count| i32::try_from(count).ok())
            .unwrap_or_default(),
    }
}

pub(super) fn choice(choice: &Choice) -> ChoiceData {
    ChoiceData {
        value: choice.value.as_str().into(),
        label: choice.label.as_str().into(),
    }
}

pub(super) fn field(field: &FieldView) -> FieldData {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    FieldData {
        path: field.path.as_str().into(),
        label: field.label.as_str().into(),
        translated: field.translated.as_str().into(),
        kind: match field.kind {
            FieldKind::Text => FieldType::Text,
            FieldKind::ExactGlyphs => FieldType::Exact,
            FieldKind::Kana => FieldType::Kana,
            FieldKind::Date => FieldType::Date,
            FieldKind::Choice => FieldType::Choice,
            FieldKind::Choices => FieldType::Choices,
            FieldKind::Phone => FieldType::Phone,
        },
        value: field.value.as_str().into(),
        hint: field.hint.as_str().into(),
        choices: list(field.choices.iter().map(choice)),
        source: field.source.map_or(SourceKind::None, source),
        confidence: field.confidence.map_or(100, i32::from),
        required: field.required,
        error: text(&field.error),
        remark: text(&field.remark),
        old_value: text(&field.old_value),
        copy_value: text(&field.copy_value),
        read: crate::paper::read(field.read.as_ref()),
        picks_characters: field.picks_characters,
        finds_characters: field.picks_characters && is_name(&field.path),
        lacking: field.lacking.as_str().into(),
        beside: list(field.beside.iter().map(|other| BesideData {
            kind: other.kind.code().into(),
            source: source(other.source),
            value: other.value.as_str().into(),
        })),
        others: list(field.others.iter().map(|other| OtherData {
            counter: other.counter.to_string().into(),
            value: other.value.as_str().into(),
            at: other.at.as_str().into(),
        })),
    }
}

/// Names are looked up character by character; addresses are found whole.
fn is_name(path: &str) -> bool {
    path.ends_with("name") || path.starts_with("head.") || path.ends_with(".register_head")
}

fn source(source: Source) -> SourceKind {
    match source {
        Source::Chip => SourceKind::Chip,
        Source::LicenceChip => SourceKind::LicenceChip,
        Source::ResidenceChip => SourceKind::ResidenceChip,
        Source::PassportChip => SourceKind::PassportChip,
        Source::Ocr => SourceKind::Ocr,
        Source::Certificate => SourceKind::Certificate,
        Source::Reservation => SourceKind::Reservation,
        Source::PaperCertificate => SourceKind::PaperCertificate,
        Source::ResidentCopy => SourceKind::ResidentCopy,
        Source::Resident => SourceKind::Resident,
        Source::Staff => SourceKind::Staff,
        Source::Derived => SourceKind::Derived,
    }
}

pub(super) fn question(question: Option<&QuestionView>) -> QuestionData {
    question.map_or_else(QuestionData::default, |question| QuestionData {
        shown: true,
        fact: question.fact.as_str().into(),
        member: question.member.map_or(0, i32::from),
        member_name: question.member_name.as_str().into(),
        text: question.text.as_str().into(),
        easy: question.text_easy.as_str().into(),
        english: question.text_english.as_str().into(),
        asked: list(question.members.iter().map(asked)),
        choices: list(question.choices.iter().map(choice)),
        settles: list(question.settles.iter().map(|name| name.as_str().into())),
        sensitive: question.sensitive,
        records: list(question.records.iter().map(|said| said.as_str().into())),
    })
}

fn asked(member: &QuestionMember) -> AskedData {
    AskedData {
        number: i32::from(member.number),
        name: member.name.as_str().into(),
        answer: member.answer.as_deref().unwrap_or_default().into(),
    }
}

pub(super) fn answered(answered: &Answered) -> AnsweredData {
    AnsweredData {
        fact: answered.fact.as_str().into(),
        member: answered.member.map_or(0, i32::from),
        member_name: answered.member_name.as_str().into(),
        text: answered.text.as_str().into(),
        answer: answered.answer.as_str().into(),
        source: answered.source.map_or(SourceKind::None, source),
        can_ask: answered.can_ask,
        beside: answered.beside.as_str().into(),
        beside_from: answered.beside_from.map_or(SourceKind::None, source),
    }
}

pub(super) fn procedure(procedure: &ProcedureView) -> ProcedureData {
    ProcedureData {
        id: procedure.id.as_str().into(),
        name: procedure.name.as_str().into(),
        member: procedure.member.as_str().into(),
        to_confirm: procedure.state == ProcedureState::ToConfirm,
        reason: procedure.reason.as_str().into(),
        deadline: procedure.deadline.as_str().into(),
        section: procedure.section.as_str().into(),
        documents: list(procedure.documents.iter().map(|name| name.as_str().into())),
        to_hear: list(procedure.to_hear.iter().map(|text| text.as_str().into())),
    }
}

pub(super) fn remark((remark, has_field): &(RemarkView, bool)) -> RemarkData {
    RemarkData {
        has_field: *has_field,
        path: remark.path.as_str().into(),
        label: remark.label.as_str().into(),
        category: remark.category.as_str().into(),
        text: remark.text.as_str().into(),
        settled: remark.settled,
    }
}

pub(super) fn finish(finish: Option<&FinishView>) -> FinishData {
    finish.map_or_else(FinishData::default, |finish| FinishData {
        shown: true,
        at_head_office: finish.at_head_office,
        sending: finish.sending.as_str().into(),
        receipt_printed: finish.receipt_printed,
        problem: shown(finish.receipt_problem.as_ref()),
        state: finish.state.as_str().into(),
        papers: finish.papers.as_str().into(),
        papers_stuck: finish.papers_stuck,
    })
}

pub(super) fn card(api: &ReceptionApi<'_>, card: &CardView) {
    let (kind, pin, number_b) = match card {
        CardView::NoReader => (CardKind::NoReader, 0, 0),
        CardView::Empty => (CardKind::Empty, 0, 0),
        CardView::Unknown => (CardKind::Unknown, 0, 0),
        CardView::Present {
            pin_tries_left,
            number_b_tries_left,
        } => (CardKind::Present, *pin_tries_left, *number_b_tries_left),
        CardView::Licence {
            pin_tries_left,
            second_tries_left,
        } => (CardKind::Licence, *pin_tries_left, *second_tries_left),
        CardView::Residence => (CardKind::Residence, 0, 0),
        CardView::Passport => (CardKind::Passport, 0, 0),
        CardView::Reading => (CardKind::Reading, 0, 0),
        CardView::Read => (CardKind::Read, 0, 0),
    };
    api.set_card(kind);
    api.set_pin_tries(pin.into());
    api.set_number_b_tries(number_b.into());
}

pub(super) fn sign(api: &ReceptionApi<'_>, sign: &SignView) {
    let (kind, at, fingerprint) = match sign {
        SignView::NotShown => (SignKind::NotShown, "", ""),
        SignView::Reading => (SignKind::Reading, "", ""),
        SignView::Objected => (SignKind::Objected, "", ""),
        SignView::Signing => (SignKind::Signing, "", ""),
        SignView::Held => (SignKind::Held, "", ""),
        SignView::Signed { at, fingerprint } => {
            (SignKind::Signed, at.as_str(), fingerprint.as_str())
        }
        SignView::Void => (SignKind::Void, "", ""),
    };
    api.set_sign(kind);
    api.set_signed_at(at.into());
    api.set_fingerprint(fingerprint.into());
}

pub(super) fn save(api: &ReceptionApi<'_>, save: &SaveState) {
    match save {
        SaveState::Saved { at } => {
            api.set_save_failed(false);
            api.set_saved_at(at.as_str().into());
        }
        SaveState::Failed { notice } => {
            api.set_save_failed(true);
            api.set_save_notice(notice.into());
        }
    }
}

pub(super) fn refusal(refusal: &RefusalView) -> RefusalData {
    let instead = refusal.instead.as_ref();
    RefusalData {
        reason: refusal.reason.as_str().into(),
        way_out: refusal.way_out.as_str().into(),
        instead: instead.map(key).unwrap_or_default().into(),
        instead_label: instead
            .map(|purpose| purpose.label.as_str())
            .unwrap_or_default()
            .into(),
    }
}

pub(super) fn difference(difference: &DifferenceView) -> DifferenceData {
    DifferenceData {
        name: difference.name.as_str().into(),
        added: difference.added,
    }
}

/// How a purpose is named between the screen and here: event and flow.
pub(super) fn key(purpose: &Purpose) -> String {
    [purpose.event.as_str(), &purpose.flow].join("/")
}

/// The purposes: groups by the key of their first, and those of the chosen group.
pub(super) fn purposes(api: &ReceptionApi<'_>, view: Option<&PurposeView>) {
    let offered = |purpose: &Purpose| ChoiceData {
        value: key(purpose).into(),
        label: purpose.label.as_str().into(),
    };
    let groups = view.map_or(&[][..], |view| &view.groups);
    let chosen = groups.iter().find(|group| group.chosen);
    let inside = chosen.map_or(&[][..], |group| &group.purposes);
    let purpose = inside.iter().find(|purpose| purpose.chosen);
    api.set_purpose_groups(list(groups.iter().filter_map(|group| {
        let first = group.purposes.first()?;
        Some(ChoiceData {
            value: key(first).into(),
            label: group.label.as_str().into(),
        })
    })));
    let label = chosen.map(|group| group.label.as_str()).unwrap_or_default();
    api.set_purpose_group(label.into());
    api.set_purposes(list(inside.iter().map(offered)));
    api.set_purpose(purpose.map(key).unwrap_or_default().into());
    api.set_purpose_fresh(view.is_some_and(|view| view.fresh));
}

/// The certificates that can be asked for.
pub(super) fn request(api: &ReceptionApi<'_>, view: Option<&RequestView>) {
    let nothing = RequestView::default();
    let shown = view.unwrap_or(&nothing);
    api.set_is_request(view.is_some());
    api.set_certificates_total(shown.total.as_str().into());
    api.set_certificates_papers(shown.papers.as_str().into());
    api.set_certificates_asked(values(&shown.asked));
    api.set_certificate_groups(list(shown.groups.iter().map(|group| ChoiceData {
        value: group.label.as_str().into(),
        label: group.label.as_str().into(),
    })));
    api.set_request_papers(list(shown.shown.choices.iter().map(choice)));
    api.set_request_papers_shown(values(&shown.shown.chosen));
    api.set_request_stops(list(shown.stops.choices.iter().map(choice)));
    api.set_request_stopped(values(&shown.stops.chosen));
    api.set_certificates(list(shown.groups.iter().map(|group| {
        CertificateGroupData {
            label: group.label.as_str().into(),
            certificates: list(group.certificates.iter().map(certificate)),
        }
    })));
}

fn values(chosen: &[String]) -> slint::ModelRc<slint::SharedString> {
    list(chosen.iter().map(|one| one.as_str().into()))
}

fn certificate(certificate: &CertificateView) -> CertificateData {
    CertificateData {
        id: certificate.id.as_str().into(),
        name: certificate.name.as_str().into(),
        fee: certificate.fee.as_str().into(),
        copies: i32::from(certificate.copies),
        options: list(certificate.options.iter().map(choice)),
        chosen: values(&certificate.chosen),
        warning: certificate.warning.as_str().into(),
    }
}

/// The procedures somebody may come for alone.
pub(super) fn picks(api: &ReceptionApi<'_>, view: Option<&PicksView>) {
    let nothing = PicksView::default();
    let shown = view.unwrap_or(&nothing);
    api.set_is_picking(view.is_some());
    api.set_picks_sought(shown.sought.as_str().into());
    api.set_picks_hint(shown.hint.as_str().into());
    api.set_picks_sections(list(shown.sections.iter().map(choice)));
    api.set_picks_found(list(shown.found.iter().map(|row| PickData {
        id: row.id.as_str().into(),
        name: row.name.as_str().into(),
        section: row.section.as_str().into(),
        chosen: row.chosen,
    })));
    api.set_picks_chosen(list(shown.chosen.iter().map(|one| PickedData {
        id: one.id.as_str().into(),
        name: one.name.as_str().into(),
        people: list(one.people.iter().map(choice)),
        whose: values(&one.whose),
        note: one.note.as_str().into(),
        refused: one.refused,
    })));
}

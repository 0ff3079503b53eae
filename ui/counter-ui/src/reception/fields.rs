//! The fields of a reception: those of the move, of each person, and those head office remarked on.

use std::collections::BTreeMap;

use counter_api::{BoxGroup, FieldView, MarkView, MemberView, ReceptionView, RemarkView};
use slint::Model as _;

use crate::reception::{draw, sides};
use crate::rows::Rows;
use crate::staff_line::Labels;
use crate::ui::{BoxGroupData, FieldData, MarkData, MemberData, ReceptionApi, RemarkData};

/// The lists of fields on the screen.
#[derive(Default)]
pub(super) struct FieldRows {
    moves: Rows<FieldView, FieldData>,
    /// Asked beside the certificates.
    requested: Rows<FieldView, FieldData>,
    /// Asked where identity is checked.
    identified: Rows<FieldView, FieldData>,
    members: Rows<(u8, String, Option<MarkView>), MemberData>,
    of_members: BTreeMap<u8, Rows<FieldView, FieldData>>,
    /// What the forms ask, by person.
    boxes: Rows<(u8, String, String), BoxGroupData>,
    of_boxes: BTreeMap<u8, Rows<FieldView, FieldData>>,
    remarks: Rows<(RemarkView, bool), RemarkData>,
    remarked: Rows<FieldView, FieldData>,
}

impl FieldRows {
    pub(super) fn new(api: &ReceptionApi<'_>) -> Self {
        let rows = Self::default();
        api.set_move_fields(rows.moves.model());
        api.set_request_fields(rows.requested.model());
        api.set_identity_fields(rows.identified.model());
        api.set_members(rows.members.model());
        api.set_boxes(rows.boxes.model());
        api.set_remarks(rows.remarks.model());
        api.set_remark_fields(rows.remarked.model());
        rows
    }

    /// A field with a remark stands at the top, with the remark, and not among the others.
    pub(super) fn show(&mut self, view: &ReceptionView) {
        let of_members = view.members.iter().flat_map(|member| &member.fields);
        let of_request = of_request(view);
        let of_identity = &view.identity.fields;
        let all = view.move_fields.iter().chain(of_request).chain(of_identity);
        let all = all.chain(of_members);
        let remarked: Vec<FieldView> = all.filter(|field| has_remark(field)).cloned().collect();
        let moves: Vec<FieldView> = without_remark(&view.move_fields);
        let remarks: Vec<(RemarkView, bool)> = view
            .remarks
            .iter()
            .map(|remark| {
                let has_field = remarked.iter().any(|field| field.path == remark.path);
                (remark.clone(), has_field)
            })
            .collect();
        self.remarks.show(&remarks, draw::remark);
        self.remarked.show(&remarked, draw::field);
        self.moves.show(&moves, draw::field);
        let requested = without_remark(of_request);
        self.requested.show(&requested, draw::field);
        let identified = without_remark(of_identity);
        self.identified.show(&identified, draw::field);
        self.show_members(&view.members);
        self.show_boxes(&view.boxes);
    }

    fn show_boxes(&mut self, boxes: &[BoxGroup]) {
        let of_boxes = &mut self.of_boxes;
        of_boxes.retain(|number, _| boxes.iter().any(|group| group.member == *number));
        for group in boxes {
            let rows = of_boxes.entry(group.member).or_default();
            rows.show(&group.fields, draw::field);
        }
        let keys: Vec<(u8, String, String)> = boxes
            .iter()
            .map(|group| (group.member, group.name.clone(), group.forms.join("、")))
            .collect();
        self.boxes
            .show(&keys, |(number, name, forms)| BoxGroupData {
                member: i32::from(*number),
                name: name.as_str().into(),
                forms: forms.as_str().into(),
                fields: of_boxes.get(number).map(Rows::model).unwrap_or_default(),
            });
    }

    fn show_members(&mut self, members: &[MemberView]) {
        let of_members = &mut self.of_members;
        of_members.retain(|number, _| members.iter().any(|member| member.number == *number));
        for member in members {
            let rows = of_members.entry(member.number).or_default();
            rows.show(&without_remark(&member.fields), draw::field);
        }
        let keys: Vec<(u8, String, Option<MarkView>)> = members
            .iter()
            .map(|member| (member.number, sides::name_of(member), member.mark.clone()))
            .collect();
        self.members.show(&keys, |(number, name, mark)| MemberData {
            number: i32::from(*number),
            name: name.as_str().into(),
            fields: of_members.get(number).map(Rows::model).unwrap_or_default(),
            mark: mark.as_ref().map(drawn_mark).unwrap_or_default(),
        });
    }

    pub(super) fn clear(&mut self) {
        self.moves.show(&[], draw::field);
        self.requested.show(&[], draw::field);
        self.identified.show(&[], draw::field);
        self.remarks.show(&[], draw::remark);
        self.remarked.show(&[], draw::field);
        self.show_members(&[]);
        self.show_boxes(&[]);
    }

    /// What the daemon has at `path`; `None` when there is no such field on the screen.
    pub(super) fn shown(&self, path: &str) -> Option<String> {
        let lists = [
            &self.moves,
            &self.requested,
            &self.identified,
            &self.remarked,
        ];
        let lists = lists.into_iter().chain(self.of_members.values());
        let lists = lists.chain(self.of_boxes.values());
        lists
            .flat_map(|rows| rows.model().iter().collect::<Vec<_>>())
            .find(|field| field.path == path)
            .map(|field| field.value.into())
    }
}

fn drawn_mark(mark: &MarkView) -> MarkData {
    MarkData {
        shown: true,
        yes: mark.yes.as_str().into(),
        no: mark.no.as_str().into(),
        set: mark.set,
    }
}

fn has_remark(field: &FieldView) -> bool {
    field.remark.is_some()
}

fn without_remark(fields: &[FieldView]) -> Vec<FieldView> {
    let others = fields.iter().filter(|field| !has_remark(field));
    others.cloned().collect()
}

/// The fields the certificates asked for need.
fn of_request(view: &ReceptionView) -> &[FieldView] {
    let request = view.request.as_ref();
    request.map_or(&[], |request| &request.fields)
}

fn all(view: &ReceptionView) -> impl Iterator<Item = (u8, &FieldView)> {
    let moves = view.move_fields.iter().chain(of_request(view));
    let moves = moves.chain(&view.identity.fields);
    let moves = moves.map(|field| (0, field));
    let of_members = view.members.iter().flat_map(|member| {
        let fields = member.fields.iter();
        fields.map(|field| (member.number, field))
    });
    let of_boxes = view.boxes.iter().flat_map(|group| {
        let fields = group.fields.iter();
        fields.map(|field| (group.member, field))
    });
    moves.chain(of_members).chain(of_boxes)
}

/// Path and value of every field.
pub(super) fn values(view: &ReceptionView) -> impl Iterator<Item = (&str, &str)> {
    all(view).map(|(_, field)| (field.path.as_str(), field.value.as_str()))
}

/// What every field is called.
pub(super) fn labels(view: &ReceptionView) -> Labels {
    all(view)
        .map(|(member, field)| (field.path.clone(), (member, field.label.clone())))
        .collect()
}

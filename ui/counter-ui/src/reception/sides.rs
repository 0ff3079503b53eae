//! The household before and after, as people read it.

use counter_api::{FieldView, MemberView, ReceptionView};

use crate::rows::list;
use crate::ui::SideData;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Before,
    After,
    Staying,
}

pub(super) fn name_of(member: &MemberView) -> String {
    shown_in(&member.fields, &format!("member.{}.name", member.number))
}

/// The value at `path` as people read it: the label of a choice, not its code.
fn shown_in(fields: &[FieldView], path: &str) -> String {
    fields
        .iter()
        .find(|field| field.path == path)
        .map(as_read)
        .unwrap_or_default()
}

fn as_read(field: &FieldView) -> String {
    field
        .choices
        .iter()
        .find(|choice| choice.value == field.value)
        .map_or_else(|| field.value.clone(), |choice| choice.label.clone())
}

pub(super) fn side(view: &ReceptionView, side: Side) -> SideData {
    let (address, head, relation) = match side {
        Side::Before => ("address.old", "head.old", "relation_before"),
        Side::After => ("address.new", "head.new", "relation"),
        Side::Staying => ("address.old", "head.staying", "relation"),
    };
    let building = match side {
        Side::Before | Side::Staying => String::new(),
        Side::After => shown_in(&view.move_fields, "address.new.building"),
    };
    let stays = |member: &&MemberView| member.mark.as_ref().is_some_and(|mark| !mark.set);
    let on_this_side = |member: &&MemberView| match side {
        Side::Before => true,
        Side::After => !stays(member),
        Side::Staying => stays(member),
    };
    let shown = view.sides && (side != Side::Staying || view.members.iter().any(|one| stays(&one)));
    let people = view
        .members
        .iter()
        .filter(on_this_side)
        .filter_map(|member| {
            let name = name_of(member);
            let path = format!("member.{}.{relation}", member.number);
            let relation = shown_in(&member.fields, &path);
            (!name.is_empty()).then(|| [name, relation].join("　").trim_end().into())
        });
    let address = [shown_in(&view.move_fields, address), building].join("　");
    SideData {
        shown,
        address: address.trim().into(),
        head: shown_in(&view.move_fields, head).into(),
        people: list(people),
    }
}

//! The household before and after, as people read it.

use counter_api::{FieldView, MemberView, ReceptionView};

use crate::rows::list;
use crate::ui::SideData;

/// The head's relation as people read it.
const HEAD: &str = "世帯主";

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
            (!name.is_empty()).then_some((name, relation))
        });
    let people = by_household(people.collect());
    let address = [shown_in(&view.move_fields, address), building].join("　");
    SideData {
        shown,
        address: address.trim().into(),
        head: shown_in(&view.move_fields, head).into(),
        people: list(people.into_iter().map(Into::into)),
    }
}

/// Names with relations, a line each; several households under headings of their own. Each head
/// begins one.
fn by_household(people: Vec<(String, String)>) -> Vec<String> {
    let heads = people
        .iter()
        .filter(|(_, relation)| relation == HEAD)
        .count();
    let mut lines = Vec::new();
    let mut household = 0;
    for (name, relation) in people {
        if heads > 1 && (relation == HEAD || lines.is_empty()) {
            household += 1;
            lines.push(["世帯", &household.to_string()].concat());
        }
        lines.push([name, relation].join("　").trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_households_stand_apart() {
        let person = |name: &str, relation: &str| (name.to_owned(), relation.to_owned());
        let one = vec![person("架空　太郎", HEAD), person("架空　花子", "妻")];
        assert_eq!(
            by_household(one.clone()),
            ["架空　太郎　世帯主", "架空　花子　妻"]
        );
        let two = [one, vec![person("見本　梅", HEAD), person("見本　桃", "")]].concat();
        assert_eq!(
            by_household(two),
            [
                "世帯1",
                "架空　太郎　世帯主",
                "架空　花子　妻",
                "世帯2",
                "見本　梅　世帯主",
                "見本　桃",
            ]
        );
    }
}

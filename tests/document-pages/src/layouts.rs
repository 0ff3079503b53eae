//! The layouts: each draws a whole certificate in a way of its own. Even places of the list are for
//! design, odd ones only for the figures that are reported.

mod blocks;
mod host;
mod lists;
mod tables;

use crate::sheet::Sheet;

/// A way to print a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) name: &'static str,
    /// Width and height of the paper in millimetres.
    pub(crate) paper: (f32, f32),
    pub(crate) members_max: usize,
    /// The body of each page.
    pub(crate) draw: fn(&mut Sheet<'_>) -> Vec<String>,
}

const A4: (f32, f32) = (210.0, 297.0);
const A4_WIDE: (f32, f32) = (297.0, 210.0);
const B5: (f32, f32) = (182.0, 257.0);

/// Every layout.
pub(crate) const LAYOUTS: [Layout; 26] = [
    Layout {
        name: "rows",
        paper: A4,
        members_max: 6,
        draw: tables::rows,
    },
    Layout {
        name: "two-row-heading",
        paper: A4,
        members_max: 5,
        draw: tables::two_row_heading,
    },
    Layout {
        name: "columns",
        paper: A4,
        members_max: 4,
        draw: tables::columns,
    },
    Layout {
        name: "matrix",
        paper: A4,
        members_max: 6,
        draw: tables::matrix,
    },
    Layout {
        name: "blocks",
        paper: A4,
        members_max: 4,
        draw: blocks::blocks,
    },
    Layout {
        name: "numbered",
        paper: A4,
        members_max: 4,
        draw: blocks::numbered,
    },
    Layout {
        name: "small-labels",
        paper: A4,
        members_max: 4,
        draw: blocks::small_labels,
    },
    Layout {
        name: "grid",
        paper: A4,
        members_max: 6,
        draw: blocks::grid,
    },
    Layout {
        name: "list",
        paper: A4,
        members_max: 3,
        draw: lists::list,
    },
    Layout {
        name: "brackets",
        paper: A4,
        members_max: 3,
        draw: lists::brackets,
    },
    Layout {
        name: "host-blocks",
        paper: A4,
        members_max: 4,
        draw: host::blocks,
    },
    Layout {
        name: "host-rows",
        paper: A4_WIDE,
        members_max: 6,
        draw: host::rows,
    },
    Layout {
        name: "wide",
        paper: A4_WIDE,
        members_max: 5,
        draw: tables::wide,
    },
    Layout {
        name: "stacked-headings",
        paper: A4_WIDE,
        members_max: 6,
        draw: tables::stacked_headings,
    },
    Layout {
        name: "b5",
        paper: B5,
        members_max: 3,
        draw: blocks::small_paper,
    },
    Layout {
        name: "digit-boxes",
        paper: A4,
        members_max: 3,
        draw: blocks::digit_boxes,
    },
    Layout {
        name: "sheets",
        paper: A4,
        members_max: 6,
        draw: tables::sheets,
    },
    Layout {
        name: "block-sheets",
        paper: B5,
        members_max: 4,
        draw: blocks::sheets,
    },
    Layout {
        name: "dotted",
        paper: A4,
        members_max: 4,
        draw: lists::dotted,
    },
    Layout {
        name: "underlined",
        paper: A4,
        members_max: 3,
        draw: lists::underlined,
    },
    Layout {
        name: "grouped",
        paper: A4,
        members_max: 4,
        draw: tables::grouped,
    },
    Layout {
        name: "ticks",
        paper: A4,
        members_max: 4,
        draw: blocks::ticks,
    },
    Layout {
        name: "open-columns",
        paper: A4_WIDE,
        members_max: 4,
        draw: lists::open_columns,
    },
    Layout {
        name: "strips",
        paper: A4,
        members_max: 4,
        draw: blocks::strips,
    },
    Layout {
        name: "ledger",
        paper: A4_WIDE,
        members_max: 6,
        draw: host::ledger,
    },
    Layout {
        name: "headed-cells",
        paper: A4,
        members_max: 3,
        draw: tables::headed_cells,
    },
];

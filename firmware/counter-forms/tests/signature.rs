//! Drawings: equal strokes give equal lines, whatever the pad sent.

use counter_forms::{Point, Stroke, qr_svg, signature_svg};

fn stroke(points: &[(i32, i32)]) -> Stroke {
    Stroke {
        points: points.iter().map(|&(x, y)| Point { x, y, t: 0 }).collect(),
    }
}

#[test]
fn line_runs_through_its_ends() {
    let svg = signature_svg(&[stroke(&[(0, 0), (1_000, 500), (2_000, 0)])]);
    assert!(svg.contains("M0 0Q1000 500 1500 250L2000 0"), "{svg}");
}

#[test]
fn dot_leaves_ink() {
    assert!(signature_svg(&[stroke(&[(500, 700)])]).contains("M500 700h1"));
}

#[test]
fn frame_is_cut_to_the_ink() {
    let svg = signature_svg(&[stroke(&[(100_000, 50_000), (140_000, 60_000)])]);
    assert!(svg.contains("viewBox=\"99400 49400 41200 11200\""), "{svg}");
}

#[test]
fn nothing_signed_draws_nothing() {
    for strokes in [vec![], vec![stroke(&[])]] {
        assert!(!signature_svg(&strokes).contains("<path"));
    }
}

#[test]
fn far_points_do_not_overflow() {
    let svg = signature_svg(&[stroke(&[(i32::MIN, i32::MIN), (i32::MAX, i32::MAX)])]);
    assert!(svg.contains("<path"));
}

#[test]
fn text_too_long_for_a_code_has_none() {
    assert!(qr_svg("07-2-261121-0184-6").is_some());
    assert!(qr_svg(&"0".repeat(8_000)).is_none());
}

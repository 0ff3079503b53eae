//! The strokes of a signature as a drawing.

use std::fmt::Write;

use serde::Deserialize;

/// More points than a person draws; a longer blob is not drawn.
const POINTS_MAX: usize = 50_000;

#[derive(Deserialize)]
struct Signature {
    pad_width: u32,
    pad_height: u32,
    strokes: Vec<Stroke>,
}

#[derive(Deserialize)]
struct Stroke {
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

/// Draws the strokes blob (JSON, hundredths of a pixel, as the resident's screen sends it).
/// `None` when it is not one. The result holds numbers only, nothing of the blob's text.
pub(crate) fn svg(blob: &[u8]) -> Option<String> {
    let signature: Signature = serde_json::from_slice(blob).ok()?;
    let points: usize = signature
        .strokes
        .iter()
        .map(|stroke| stroke.points.len())
        .sum();
    if points == 0 || points > POINTS_MAX || signature.pad_width == 0 || signature.pad_height == 0 {
        return None;
    }
    let (width, height) = (signature.pad_width, signature.pad_height);
    let pen = (width / 240).max(1);
    let mut svg = format!(
        r#"<svg class="signature" role="img" aria-label="署名の筆跡" viewBox="0 0 {width} {height}" stroke-width="{pen}">"#
    );
    for stroke in &signature.strokes {
        draw(&mut svg, stroke, pen).ok()?;
    }
    svg.push_str("</svg>");
    Some(svg)
}

fn draw(svg: &mut String, stroke: &Stroke, pen: u32) -> std::fmt::Result {
    match stroke.points.as_slice() {
        [] => Ok(()),
        [dot] => write!(
            svg,
            r#"<circle cx="{}" cy="{}" r="{}"/>"#,
            dot.x,
            dot.y,
            pen / 2 + 1
        ),
        [first, rest @ ..] => {
            write!(svg, r#"<path d="M{} {}"#, first.x, first.y)?;
            for point in rest {
                write!(svg, "L{} {}", point.x, point.y)?;
            }
            svg.write_str(r#""/>"#)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn strokes_become_paths_and_dots() {
        let blob = br#"{"pad_width":48000,"pad_height":12000,"strokes":[
            {"points":[{"x":10,"y":20,"t":0},{"x":-30,"y":40,"t":9}]},{"points":[{"x":1,"y":2,"t":3}]}]}"#;
        let drawn = svg(blob).unwrap();
        assert!(drawn.contains(r#"viewBox="0 0 48000 12000""#));
        assert!(drawn.contains(r#"<path d="M10 20L-30 40"/>"#));
        assert!(drawn.contains(r#"<circle cx="1" cy="2""#));
    }

    #[test]
    fn anything_else_is_not_drawn() {
        for blob in [
            "",
            "[]",
            r#"{"pad_width":0,"pad_height":1,"strokes":[]}"#,
            "<script>",
        ] {
            assert!(svg(blob.as_bytes()).is_none(), "{blob}");
        }
    }
}

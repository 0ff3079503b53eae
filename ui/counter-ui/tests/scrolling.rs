//! A page that is longer than the window can be scrolled to its end, also where texts wrap.

use counter_ui::app::Window;
use counter_ui::gallery::{examples, looks, stage};
use counter_ui::scripted::{see, use_headless};
use slint::platform::WindowEvent;

/// Turns the wheel over the middle column until it turns no further.
fn scroll_down(window: &Window, size: (u32, u32)) {
    #[expect(clippy::cast_precision_loss, reason = "a window is small")]
    let at = |part: f32, of: u32| part * of as f32;
    let event = WindowEvent::PointerScrolled {
        position: slint::LogicalPosition::new(at(0.45, size.0), at(0.5, size.1)),
        delta_x: 0.0,
        delta_y: -100_000.0,
    };
    for _ in 0..2 {
        i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_millis(20));
        window.slint().dispatch_event(event.clone());
    }
}

#[test]
fn what_stands_last_on_a_long_page_is_reached_by_scrolling() {
    use_headless().unwrap();
    let examples = examples().unwrap();
    for (name, last) in [
        ("staff-43-long-interview", "聞き直す"),
        ("staff-21-long-question", "聞き直す"),
    ] {
        let (_, view) = examples.iter().find(|(other, _)| other == name).unwrap();
        for (size, scale) in looks() {
            let app = stage(view, size, scale).unwrap();
            scroll_down(app.window(), size);
            let seen = see(app.window());
            assert!(
                seen.iter().any(|one| one.label == last),
                "{name}, {size:?}, type times {scale}: 「{last}」 lies beyond the end"
            );
        }
    }
}

//! Something that takes long: how far it is, and a way to stop it.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::button::icon_button;
use super::elided;
use super::units::count_text;
use crate::ui::theme::{self, icons, size, text};

/// What was pressed on a progress line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressAnswer {
    /// Stop it.
    Cancel,
}

/// The share done, where the total is known.
#[must_use]
pub fn share(done: u64, total: Option<u64>) -> Option<f32> {
    total.filter(|total| *total > 0).map(|total| (done as f64 / total as f64).clamp(0.0, 1.0) as f32)
}

/// `1,204 of 3,000`, or `1,204`.
#[must_use]
pub fn progress_text(done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => t!("common.done_of", done = count_text(done), total = count_text(total)).into_owned(),
        None => count_text(done),
    }
}

/// What is done, a bar, and a button to cancel where that is possible.
pub fn progress_line(
    ui: &mut Ui,
    label: &str,
    done: u64,
    total: Option<u64>,
    cancel: bool,
) -> Option<ProgressAnswer> {
    let tokens = theme::tokens(ui);
    let mut answer = None;
    ui.horizontal(|ui| {
        let room = ui.available_width() - if cancel { size::CONTROL_SMALL + size::PAD } else { 0.0 };
        let (rect, response) = ui.allocate_exact_size(vec2(room.max(60.0), size::BAR), Sense::hover());
        let words = progress_text(done, total);
        response.widget_info(|| WidgetInfo {
            value: share(done, total).map(f64::from),
            ..WidgetInfo::labeled(Role::ProgressIndicator, true, format!("{label} {words}"))
        });
        let count = ui.painter().layout_no_wrap(words, text::mono_small(), tokens.second);
        let left =
            elided(ui.painter(), label, text::meta(), tokens.text, rect.width() - count.size().x - 12.0);
        let y = rect.top() + 4.0;
        let right = pos2(rect.right() - count.size().x, y);
        ui.painter().galley(right, count, tokens.second);
        ui.painter().galley(pos2(rect.left(), y), left, tokens.text);
        let track = Rect::from_min_size(
            pos2(rect.left(), rect.bottom() - size::PROGRESS - 4.0),
            vec2(rect.width(), size::PROGRESS),
        );
        bar(ui, track, share(done, total));
        if cancel && icon_button(ui, icons::X, &t!("common.cancel"), None).clicked() {
            answer = Some(ProgressAnswer::Cancel);
        }
    });
    answer
}

/// Paints a bar; without a share it moves to and fro (or stands still when nothing may move).
pub fn bar(ui: &Ui, track: Rect, share: Option<f32>) {
    let tokens = theme::tokens(ui);
    let radius = CornerRadius::same((size::PROGRESS / 2.0) as u8);
    ui.painter().rect_filled(track, radius, tokens.border);
    let (from, to) = match share {
        Some(share) => (0.0, share),
        None if theme::reduced_motion(ui) => (0.3, 0.7),
        None => {
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(33));
            let at = (ui.input(|input| input.time) * 0.8).rem_euclid(2.0) as f32;
            let at = if at > 1.0 { 2.0 - at } else { at };
            (at * 0.7, at * 0.7 + 0.3)
        }
    };
    let part = Rect::from_x_y_ranges(
        track.left() + track.width() * from..=track.left() + track.width() * to,
        track.y_range(),
    );
    ui.painter().rect_filled(part, radius, tokens.accent);
}

//! Shares of a whole as one small bar.

use egui::{Color32, CornerRadius, Rect, Ui, pos2};

use crate::ui::theme;

/// A part that is there is never thinner than this.
const LEAST: f32 = 2.0;

/// Paints the parts in order, each at least thinly; an empty track where all are 0.
pub fn paint(ui: &Ui, rect: Rect, parts: &[(u32, Color32)]) {
    let tokens = theme::tokens(ui);
    let radius = CornerRadius::same(2);
    let whole: u32 = parts.iter().map(|(count, _)| count).sum();
    if whole == 0 {
        ui.painter().rect_filled(rect, radius, tokens.border);
        return;
    }
    let shown = parts.iter().filter(|(count, _)| *count > 0).count() as f32;
    let room = (rect.width() - shown * LEAST).max(0.0);
    let mut x = rect.left();
    for (count, colour) in parts.iter().filter(|(count, _)| *count > 0) {
        let width = LEAST + room * *count as f32 / whole as f32;
        let end = (x + width).min(rect.right());
        let part = Rect::from_min_max(pos2(x, rect.top()), pos2(end, rect.bottom()));
        ui.painter().rect_filled(part, radius, *colour);
        x = end;
    }
}

//! A line of the palette.

use egui::text::LayoutJob;
use egui::{CornerRadius, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::entries::Entry;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{elided, elided_job, format};

const HEIGHT: f32 = 32.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, entry: &Entry, chosen: bool) -> Response {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, entry.runnable, chosen, &entry.name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let radius = CornerRadius::same(size::RADIUS);
    if chosen {
        ui.painter().rect_filled(rect, radius, tokens.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, radius, tokens.hover);
    }
    let y = rect.center().y;
    let (primary, faint) = if entry.runnable {
        (tokens.text, if chosen { tokens.second } else { tokens.faint })
    } else {
        (tokens.faint, tokens.faint.gamma_multiply(0.8))
    };
    paint_icon(ui, pos2(rect.left() + 18.0, y), entry.icon, size::ICON, faint);
    let mut right = rect.right() - 10.0;
    if let Some(keys) = &entry.shortcut {
        let galley = ui.painter().layout_no_wrap(keys.clone(), text::meta(), faint);
        right -= galley.size().x;
        ui.painter().galley(pos2(right, y - galley.size().y / 2.0), galley, faint);
        right -= 12.0;
    }
    let left = rect.left() + 38.0;
    let font = if entry.mono { text::mono() } else { text::medium() };
    let mut job = LayoutJob::default();
    let mut buffer = [0; 4];
    for (at, sign) in entry.name.chars().enumerate() {
        let marked = u32::try_from(at).is_ok_and(|at| entry.marks.binary_search(&at).is_ok());
        let colour = if marked && entry.runnable { tokens.accent } else { primary };
        job.append(sign.encode_utf8(&mut buffer), 0.0, format(font.clone(), colour));
    }
    let name = elided_job(ui.painter(), job, right - left);
    let hint_left = left + name.size().x + 10.0;
    ui.painter().galley(pos2(left, y - name.size().y / 2.0), name, primary);
    if !entry.hint.is_empty() && right - hint_left > 40.0 {
        let hint = elided(ui.painter(), entry.hint.clone(), text::meta(), faint, right - hint_left);
        ui.painter().galley(pos2(hint_left, y - hint.size().y / 2.0), hint, faint);
    }
    response
}

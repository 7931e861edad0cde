//! Choices side by side.

use egui::{
    Color32, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::focus_ring;

/// A choice of few: all are visible, one is chosen. Returns the one that was pressed.
pub fn segmented<T: Copy + PartialEq>(ui: &mut Ui, chosen: T, choices: &[(T, &str)]) -> Option<T> {
    let tokens = theme::tokens(ui);
    let font = text::medium();
    let widths: Vec<f32> = choices
        .iter()
        .map(|(_, label)| {
            let galley = ui.painter().layout_no_wrap((*label).to_owned(), font.clone(), tokens.text);
            (galley.size().x + 24.0).ceil()
        })
        .collect();
    let whole = vec2(widths.iter().sum::<f32>() + 4.0, size::CONTROL);
    let (rect, room) = ui.allocate_exact_size(whole, Sense::hover());
    let radius = CornerRadius::same(size::RADIUS);
    let ground = if tokens.dark { tokens.base } else { tokens.hover };
    ui.painter().rect(rect, radius, ground, tokens.line(), StrokeKind::Inside);
    let mut pressed = None;
    let mut x = rect.left() + 2.0;
    for ((value, label), width) in choices.iter().zip(widths) {
        let part = Rect::from_min_size(pos2(x, rect.top() + 2.0), vec2(width, rect.height() - 4.0));
        x += width;
        let response = ui.interact(part, room.id.with(*label), Sense::click());
        let selected = *value == chosen;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, selected, *label));
        let inner = CornerRadius::same(size::RADIUS_SMALL);
        let colour = if selected || response.hovered() { tokens.text } else { tokens.second };
        if selected {
            let fill = if tokens.dark { tokens.hover } else { tokens.base };
            ui.painter().rect(part, inner, fill, tokens.line(), StrokeKind::Inside);
        }
        let galley = ui.painter().layout_no_wrap((*label).to_owned(), font.clone(), colour);
        ui.painter().galley(part.center() - galley.size() / 2.0, galley, colour);
        focus_ring(ui, part.shrink(2.0), &response);
        if response.clicked() {
            pressed = Some(*value);
        }
    }
    pressed
}

/// Pages of a view, with a line below the one shown. A mark (a count, a sign) may stand behind the
/// name. Returns the one that was pressed.
pub fn tabs<T: Copy + PartialEq>(ui: &mut Ui, chosen: T, pages: &[(T, &str, Option<String>)]) -> Option<T> {
    let mut pressed = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        for (page, name, mark) in pages {
            if tab(ui, *page == chosen, name, mark.as_deref()).clicked() {
                pressed = Some(*page);
            }
        }
    });
    pressed
}

fn tab(ui: &mut Ui, selected: bool, name: &str, mark: Option<&str>) -> Response {
    let tokens = theme::tokens(ui);
    let galley = ui.painter().layout_no_wrap(name.to_owned(), text::medium(), Color32::PLACEHOLDER);
    let mark =
        mark.map(|mark| ui.painter().layout_no_wrap(mark.to_owned(), text::mono_small(), tokens.faint));
    let mark_width = mark.as_ref().map_or(0.0, |mark| mark.size().x + 6.0);
    let wide = vec2(galley.size().x + mark_width + 16.0, size::BAR);
    let (rect, response) = ui.allocate_exact_size(wide, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, selected, name));
    if ui.is_rect_visible(rect) {
        let colour = if selected || response.hovered() { tokens.text } else { tokens.second };
        let at = pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0);
        let end = at.x + galley.size().x;
        ui.painter().galley(at, galley, colour);
        if let Some(mark) = mark {
            let at = pos2(end + 6.0, rect.center().y - mark.size().y / 2.0);
            ui.painter().galley(at, mark, tokens.faint);
        }
        if selected {
            let line = Stroke::new(2.0, tokens.accent);
            ui.painter().hline(rect.shrink2(vec2(6.0, 0.0)).x_range(), rect.bottom() - 1.0, line);
        }
        focus_ring(ui, rect.shrink(3.0), &response);
    }
    response
}

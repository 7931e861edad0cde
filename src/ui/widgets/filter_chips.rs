//! What a list is sorted out by: a chip each with how many lines it would show, one of them chosen.

use std::borrow::Cow;

use egui::{CornerRadius, Response, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::count_text;

/// A chip.
#[derive(Clone, Debug)]
pub struct FilterChip<T> {
    /// What it stands for.
    pub value: T,
    /// What it is called.
    pub label: Cow<'static, str>,
    /// What it lets pass.
    pub hint: Cow<'static, str>,
    /// So many lines it would show.
    pub count: usize,
    /// How bad these are: their shape stands before it. Plain ones have none.
    pub tone: Tone,
}

/// Draws the chips, in as many rows as they need. Returns the one that was pressed.
pub fn filter_chips<T: Copy + PartialEq>(ui: &mut Ui, chosen: T, chips: &[FilterChip<T>]) -> Option<T> {
    let mut pressed = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(size::GRID, size::GRID);
        for one in chips {
            if chip(ui, one, one.value == chosen).clicked() {
                pressed = Some(one.value);
            }
        }
    });
    pressed
}

fn chip<T>(ui: &mut Ui, one: &FilterChip<T>, chosen: bool) -> Response {
    let tokens = theme::tokens(ui);
    let shaped = one.tone != Tone::Plain && one.count > 0;
    let count = count_text(one.count as u64);
    let name = format!("{} {count}", one.label);
    let lay = |words: &str, font| ui.painter().layout_no_wrap(words.to_owned(), font, tokens.second);
    let (label, count) = (lay(&one.label, text::meta_medium()), lay(&count, text::mono_small()));
    let mark = if shaped { size::DOT + 6.0 } else { 0.0 };
    let wide = vec2(mark + label.size().x + 6.0 + count.size().x + 18.0, size::CHIP + 2.0);
    let (rect, response) = ui.allocate_exact_size(wide, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
    if ui.is_rect_visible(rect) {
        let radius = CornerRadius::same((wide.y / 2.0) as u8);
        let (fill, colour) = match (chosen, response.hovered()) {
            (true, _) => (tokens.selected, tokens.text),
            (false, true) => (tokens.hover, tokens.text),
            (false, false) => (egui::Color32::TRANSPARENT, tokens.second),
        };
        ui.painter().rect(rect, radius, fill, tokens.line(), StrokeKind::Inside);
        let y = rect.center().y;
        let mut x = rect.left() + 9.0;
        if shaped {
            dot(ui, pos2(x + size::DOT / 2.0, y), one.tone);
            x += mark;
        }
        let middle = |height: f32| y - height / 2.0;
        let (label_wide, label_high) = (label.size().x, label.size().y);
        ui.painter().galley_with_override_text_color(pos2(x, middle(label_high)), label, colour);
        let count_colour = if shaped { one.tone.colour(tokens) } else { tokens.second };
        let at = pos2(x + label_wide + 6.0, middle(count.size().y));
        ui.painter().galley_with_override_text_color(at, count, count_colour);
        focus_ring(ui, rect.shrink(2.0), &response);
    }
    let hint = one.hint.clone();
    response.on_hover_text(hint)
}

//! Problems on screen: the list below a text, and the box that must be ticked to save all the same.

use egui::{Frame, Margin, RichText, ScrollArea, Sense, Ui, WidgetInfo};
use rust_i18n::t;

use super::words;
use crate::model::schema::{Checked, Problem};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::field::check_box;
use crate::ui::widgets::{Tone, elided};

/// So many problems are seen at once.
const SEEN: usize = 4;

/// How a check's problems are dressed: those of a rule block, those of what was recognised warn.
#[must_use]
pub fn tone_of(checked: &Checked) -> Tone {
    match (checked.problems.is_empty(), checked.blocks()) {
        (true, _) => Tone::Live,
        (false, true) => Tone::Danger,
        (false, false) => Tone::Changed,
    }
}

/// Lists problems, each as a button that leads to its place; the one that was pressed.
pub fn list(ui: &mut Ui, checked: &Checked) -> Option<usize> {
    let tokens = theme::tokens(ui);
    let colour = tone_of(checked).colour(tokens);
    let mut pressed = None;
    Frame::new().fill(tokens.soft(colour)).inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        let rows = checked.problems.len().min(SEEN);
        let height = rows as f32 * size::ROW_COMPACT;
        ScrollArea::vertical().id_salt("problems").max_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (at, problem) in checked.problems.iter().enumerate() {
                    if row(ui, colour, problem, at) {
                        pressed = Some(at);
                    }
                }
                if checked.more {
                    ui.label(tokens.meta(t!("schema.more")));
                }
            },
        );
    });
    pressed
}

fn row(ui: &mut Ui, colour: egui::Color32, problem: &Problem, at: usize) -> bool {
    let tokens = theme::tokens(ui);
    let words = words::problem(problem);
    let place = egui::vec2(ui.available_width(), size::ROW_COMPACT);
    let (rect, response) = ui.allocate_exact_size(place, Sense::click());
    let leads = problem.line > 0;
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, leads, &words));
    if ui.is_rect_visible(rect) {
        let icon = if at == 0 { icons::WARNING_CIRCLE } else { "" };
        paint_icon(
            ui,
            rect.left_center() + egui::vec2(size::ICON / 2.0, 0.0),
            icon,
            size::ICON_SMALL,
            colour,
        );
        let left = size::ICON + size::GRID + 2.0;
        let galley = elided(ui.painter(), words.as_str(), text::body(), tokens.text, rect.width() - left);
        let from = rect.left_center() + egui::vec2(left, -galley.size().y / 2.0);
        if leads && (response.hovered() || response.has_focus()) {
            let y = from.y + galley.size().y - 1.0;
            let line = egui::Stroke::new(size::LINE, tokens.second);
            ui.painter().hline(from.x..=from.x + galley.size().x, y, line);
        }
        ui.painter().galley(from, galley, tokens.text);
        focus_ring(ui, rect.shrink(2.0), &response);
    }
    let response = response.on_hover_text(words);
    response.clicked() && leads
}

/// What a rule has against a value that is about to be written, and the box to tick. `on`: it is
/// ticked; whether it was changed. Draws nothing where nothing blocks.
pub fn attached(ui: &mut Ui, checked: &Checked, on: &mut bool) -> bool {
    let Some(applied) = checked.applied.as_ref().filter(|_| checked.blocks()) else {
        return false;
    };
    let tokens = theme::tokens(ui);
    let before = *on;
    Frame::new().fill(tokens.soft(tokens.danger)).inner_margin(size::PAD + size::GRID).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = size::GRID;
        let name = words::schema_name(applied);
        let title = t!("schema.breaks", name = name);
        ui.horizontal(|ui| {
            let icon = RichText::new(icons::SHIELD_WARNING).font(text::icon(size::ICON)).color(tokens.danger);
            ui.label(icon);
            let title = RichText::new(title).font(text::strong()).color(tokens.text);
            ui.add(egui::Label::new(title).truncate());
        });
        for problem in checked.problems.iter().take(SEEN) {
            ui.add(egui::Label::new(tokens.body(words::problem(problem))).truncate());
        }
        let left = checked.problems.len().saturating_sub(SEEN);
        if left > 0 {
            ui.label(tokens.meta(t!("schema.and_more", count = left)));
        }
        check_box(ui, on, &t!("schema.save_although", name = name), None);
    });
    *on != before
}

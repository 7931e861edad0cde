//! The services at the left.

use egui::accesskit::Role;
use egui::{Align, Layout, ScrollArea, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::view::View;
use crate::model::bytes::Key;
use crate::model::key_text::display_name;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{count_text, elided};

/// Draws the list.
pub(super) fn show(ui: &mut Ui, view: &mut View) {
    let Some(table) = view.table().cloned() else { return };
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical().id_salt("layer groups").auto_shrink([false, false]).show(ui, |ui| {
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            let all = t!("environments.all_groups");
            let counts = table.counts;
            entry(ui, view, None, &all, counts.lines, counts.marked);
            for group in &table.groups {
                let name = match group.name.is_empty() {
                    true => t!("environments.no_group").into_owned(),
                    false => display_name(&group.name).into_owned(),
                };
                entry(ui, view, Some(&group.name), &name, group.lines, group.marked);
            }
        });
    });
}

fn entry(ui: &mut Ui, view: &mut View, group: Option<&Key>, name: &str, lines: usize, marked: usize) {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    let chosen = view.group.as_ref() == group;
    response.widget_info(|| {
        let words = t!("environments.group_row", name = name, lines = lines, marked = marked);
        egui::WidgetInfo::selected(Role::Tab, true, chosen, words)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    row_ground(ui, rect, chosen, response.hovered(), false);
    focus_ring(ui, rect.shrink(2.0), &response);
    let (count, colour) = match marked {
        0 => (count_text(lines as u64), tokens.faint),
        marked => (count_text(marked as u64), tokens.changed),
    };
    let count = ui.painter().layout_no_wrap(count, text::mono_small(), colour);
    let right = rect.right() - size::PAD - size::GRID;
    let y = rect.center().y;
    ui.painter().galley(pos2(right - count.size().x, y - count.size().y / 2.0), count.clone(), colour);
    let left = rect.left() + size::PAD + size::GRID;
    let room = right - count.size().x - size::PAD - left;
    let shade = if chosen || response.hovered() { tokens.text } else { tokens.second };
    let galley = elided(ui.painter(), name, text::body(), shade, room);
    ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, shade);
    if response.clicked() {
        view.group = group.cloned();
    }
}

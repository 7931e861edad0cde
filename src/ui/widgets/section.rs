//! Headers of sections and rows of properties.

use egui::{Align, Label, Layout, Response, RichText, Sense, Ui, UiBuilder, pos2, vec2};

use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::icon_button;

/// The header of a section, with room for controls at its right.
pub fn section_header<R>(ui: &mut Ui, title: &str, right: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let builder = UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
    let mut row = ui.new_child(builder);
    row.add(Label::new(RichText::new(title).font(text::meta_medium()).color(tokens.second)).truncate());
    row.with_layout(Layout::right_to_left(Align::Center), right).inner
}

/// What a row holds at its left, after its right side was drawn; at most once in a row. A widget's id
/// follows from how many were drawn before it: here they do not count, so that something that comes or
/// goes at the right (the answer of a check, say) takes no press from a button at the left.
pub fn from_left(ui: &mut Ui, left: impl FnOnce(&mut Ui)) {
    let id = ui.unique_id().with("from left");
    let builder = UiBuilder::new().scope_id(id).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, left);
}

/// A label and its value; the value can be selected, and copied by the button that appears under the
/// pointer. Returns the text to copy when it was asked for.
pub fn property(ui: &mut Ui, label: &str, value: &str) -> Option<String> {
    row(ui, label, RichText::new(value).font(text::body()), value)
}

/// As [`property`], monospaced: keys, numbers, ids.
pub fn property_mono(ui: &mut Ui, label: &str, value: &str) -> Option<String> {
    row(ui, label, RichText::new(value).font(text::mono_small()), value)
}

fn row(ui: &mut Ui, label: &str, shown: RichText, value: &str) -> Option<String> {
    let tokens = theme::tokens(ui);
    let mut copy = None;
    let width = ui.available_width();
    let label_width = size::LABEL.min(width * 0.45);
    let response: Response = ui
        .horizontal(|ui| {
            ui.set_min_height(size::ROW);
            let (rect, _) = ui.allocate_exact_size(vec2(label_width, size::ROW), Sense::hover());
            let galley = super::elided(ui.painter(), label, text::meta(), tokens.second, label_width);
            let at = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, tokens.second);
            let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(20.0);
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(Label::new(shown.color(tokens.text)).truncate().selectable(true))
                    .accessible_name(format!("{label} {value}"));
            });
        })
        .response;
    let over = ui.rect_contains_pointer(response.rect);
    if over && !value.is_empty() {
        let middle = pos2(response.rect.left() + width - size::CONTROL_SMALL / 2.0, response.rect.center().y);
        let rect = egui::Rect::from_center_size(middle, egui::Vec2::splat(size::CONTROL_SMALL));
        let mut child = ui.new_child(UiBuilder::new().id_salt(("copy", label)).max_rect(rect));
        let name = rust_i18n::t!("common.copy_value", name = label);
        if icon_button(&mut child, icons::COPY, &name, None).clicked() {
            copy = Some(value.to_owned());
        }
    }
    copy
}

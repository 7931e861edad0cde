//! Text fields with a name, an icon, and what is wrong with their content.

use egui::{Color32, Id, Key, Response, RichText, TextEdit, Ui, pos2};

use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::paint_icon;

/// A field for one line of text. `name` is its accessible name.
pub fn text_field(ui: &mut Ui, id: impl Into<Id>, content: &mut String, name: &str, hint: &str) -> Response {
    show(ui, &Field { id: id.into(), name, hint, mono: false, password: false, icon: None }, content)
}

/// A field for keys, endpoints, paths: monospaced.
pub fn mono_field(ui: &mut Ui, id: impl Into<Id>, content: &mut String, name: &str, hint: &str) -> Response {
    show(ui, &Field { id: id.into(), name, hint, mono: true, password: false, icon: None }, content)
}

/// A field whose text is hidden.
pub fn password_field(
    ui: &mut Ui,
    id: impl Into<Id>,
    content: &mut String,
    name: &str,
    hint: &str,
) -> Response {
    show(ui, &Field { id: id.into(), name, hint, mono: false, password: true, icon: None }, content)
}

/// A search field: a magnifying glass, and a cross once there is text. Escape empties it, then gives
/// the keyboard back.
pub fn search_field(
    ui: &mut Ui,
    id: impl Into<Id>,
    content: &mut String,
    name: &str,
    hint: &str,
) -> Response {
    let id = id.into();
    // Escape takes the keyboard away before anyone is asked.
    let focused = ui.memory(|memory| memory.has_focus(id) || memory.had_focus_last_frame(id));
    let escape = focused
        && !content.is_empty()
        && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape));
    if escape {
        content.clear();
    }
    let field = Field { id, name, hint, mono: false, password: false, icon: Some(icons::MAGNIFYING_GLASS) };
    let mut response = show(ui, &field, content);
    if !content.is_empty() {
        let tokens = theme::tokens(ui);
        let middle = pos2(response.rect.right() - 14.0, response.rect.center().y);
        let rect = egui::Rect::from_center_size(middle, egui::Vec2::splat(20.0));
        let clear = ui.interact(rect, id.with("clear"), egui::Sense::click());
        let clear_name = rust_i18n::t!("common.clear");
        clear.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &*clear_name));
        let colour = if clear.hovered() { tokens.text } else { tokens.faint };
        paint_icon(ui, middle, icons::X, size::ICON_SMALL, colour);
        if clear.on_hover_cursor(egui::CursorIcon::Default).clicked() {
            content.clear();
            response.mark_changed();
        }
    }
    if escape {
        response.mark_changed();
    }
    response
}

struct Field<'a> {
    id: Id,
    name: &'a str,
    hint: &'a str,
    mono: bool,
    password: bool,
    icon: Option<&'a str>,
}

fn show(ui: &mut Ui, field: &Field<'_>, content: &mut String) -> Response {
    let tokens = theme::tokens(ui);
    // The ring of a field that has the keyboard is drawn with this stroke.
    let selection = std::mem::replace(&mut ui.visuals_mut().selection.stroke, tokens.focus_ring());
    let font = if field.mono { text::mono() } else { text::body() };
    let left = if field.icon.is_some() { 28 } else { 8 };
    let right = if field.icon.is_some() { 26 } else { 8 };
    let edit = TextEdit::singleline(content)
        .id(field.id)
        .font(font)
        .text_color(tokens.text)
        .hint_text(RichText::new(field.hint).font(text::body()).color(tokens.faint))
        .password(field.password)
        .desired_width(f32::INFINITY)
        .align(egui::Align2::LEFT_CENTER)
        .margin(egui::Margin { left, right, top: 4, bottom: 4 })
        .min_size(egui::vec2(0.0, size::CONTROL));
    let response = ui.add(edit).accessible_name(field.name);
    ui.visuals_mut().selection.stroke = selection;
    if let Some(icon) = field.icon {
        let middle = pos2(response.rect.left() + 15.0, response.rect.center().y);
        paint_icon(ui, middle, icon, size::ICON_SMALL, tokens.faint);
    }
    response
}

/// A label above a field.
pub fn field_label(ui: &mut Ui, label: &str) {
    let tokens = theme::tokens(ui);
    ui.label(RichText::new(label).font(text::meta_medium()).color(tokens.second));
}

/// What is wrong with a field, below it.
pub fn field_error(ui: &mut Ui, error: &str) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.label(
            RichText::new(icons::WARNING_CIRCLE).font(text::icon(size::ICON_SMALL)).color(tokens.danger),
        );
        ui.label(RichText::new(error).font(text::meta()).color(tokens.danger));
    });
}

/// A box to tick, with what it means below.
pub fn check_box(ui: &mut Ui, on: &mut bool, label: &str, hint: Option<&str>) -> Response {
    let tokens = theme::tokens(ui);
    let response = ui.checkbox(on, RichText::new(label).font(text::body()).color(tokens.text));
    if let Some(hint) = hint {
        let margin = egui::Margin { left: 22, right: 0, top: 0, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.add(egui::Label::new(tokens.hint(hint)).wrap());
        });
    }
    response
}

/// Outlines a field in danger, for content that cannot be taken.
pub fn outline_error(ui: &Ui, response: &Response) {
    let tokens = theme::tokens(ui);
    let colour: Color32 = tokens.danger;
    let stroke = egui::Stroke::new(size::FOCUS, colour);
    ui.painter().rect_stroke(
        response.rect,
        egui::CornerRadius::same(size::RADIUS),
        stroke,
        egui::StrokeKind::Inside,
    );
}

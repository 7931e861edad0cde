//! Above the pages of a key: the key in full, its format, and the pages.

use egui::{Align, ComboBox, Layout, Ui, UiBuilder, Vec2};
use rust_i18n::t;

use super::state::{Body, DocumentState};
use super::{KEY_CHARS, View, lay_out};
use crate::action::{Action, Actions, UserCommand};
use crate::model::document::DocumentPage;
use crate::model::format::ValueFormat;
use crate::model::key_text::{display_key, display_short};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::{Button, Tone, chip, from_left, icon_button, key_label, shortcut_text, tabs};

/// Below this width the editor leaves out what is said elsewhere.
pub(super) const NARROW: f32 = 560.0;

/// A bar across the editor with its content from the left; `right` draws from the right first, so
/// that it always has room.
pub(super) fn bar(
    ui: &mut Ui,
    height: f32,
    right: impl FnOnce(&mut Ui),
    left: impl FnOnce(&mut Ui),
) -> egui::Rect {
    let place = Vec2::new(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(place, egui::Sense::hover());
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center)));
    row.spacing_mut().item_spacing.x = size::PAD;
    right(&mut row);
    row.spacing_mut().item_spacing.x = size::PAD;
    from_left(&mut row, left);
    rect
}

/// Draws the header.
pub(super) fn show(ui: &mut Ui, view: View<'_>, shown_state: &mut DocumentState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let document = view.document;
    let mut chosen = None;
    let mut lay_out_now = false;
    let wide = ui.available_width() >= NARROW;
    bar(
        ui,
        size::BAR + size::GRID,
        |ui| {
            let format = shown_state.format();
            let read_only = view.session.profile.read_only;
            let has_layout = !matches!(format, ValueFormat::Plain | ValueFormat::Binary);
            if has_layout && !read_only && document.page == DocumentPage::Edit {
                let label = t!("editor.format.lay_out");
                let keys = shortcut_text(UserCommand::Format);
                lay_out_now = if wide {
                    let hint = t!("editor.format.lay_out_hint", format = format_name(format));
                    let button = Button::ghost(&label).icon(icons::TEXT_INDENT).small();
                    button.tooltip(hint).shortcut(keys).show(ui).clicked()
                } else {
                    icon_button(ui, icons::TEXT_INDENT, &label, keys).clicked()
                };
            }
            chosen = format_chooser(ui, shown_state, wide);
        },
        |ui| {
            if icon_button(ui, icons::COPY, &t!("editor.copy_key"), None).clicked() {
                actions.push(Action::CopyText(display_key(&document.key).into_owned()));
            }
            key_tail(ui, &document.key, view.session.profile.separator_byte());
        },
    );
    if let Some(format) = chosen {
        shown_state.choose(format);
    }
    if lay_out_now {
        lay_out(ui.ctx(), view, shown_state, actions);
    }
    let mut chosen_page = None;
    let pages = bar(
        ui,
        size::BAR,
        |ui| about(ui, view, shown_state, actions),
        |ui| {
            let modified = document.is_dirty().then(|| "●".to_owned());
            let choices = [
                (DocumentPage::Edit, t!("editor.page.edit"), None),
                (DocumentPage::Diff, t!("editor.page.diff"), modified),
                (DocumentPage::History, t!("editor.page.history"), None),
            ];
            let choices: Vec<_> =
                choices.iter().map(|(page, name, mark)| (*page, name.as_ref(), mark.clone())).collect();
            // From the top: the line below the page shown lies on the line below the bar.
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                chosen_page = tabs(ui, document.page, &choices);
            });
        },
    );
    if let Some(page) = chosen_page {
        actions.push(Action::ShowPage { key: document.key.clone(), page });
    }
    ui.painter().hline(pages.x_range(), pages.bottom() - 0.5, tokens.line());
}

/// The key, from its end as far as there is room: its name matters more than where it lies.
fn key_tail(ui: &mut Ui, key: &[u8], separator: u8) {
    let whole = display_short(key, KEY_CHARS);
    let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono(), '0'));
    let room = (ui.available_width() / char_width) as usize;
    let mut tail = key;
    while tail.len() + 1 > room
        && let Some(at) = memchr::memchr(separator, tail.get(1..).unwrap_or_default())
        && at + 2 < tail.len()
    {
        tail = &tail[at + 1..];
    }
    if tail.len() < key.len() {
        let tokens = theme::tokens(ui);
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.label(tokens.mono("…").color(tokens.second));
    }
    key_label(ui, tail, separator).accessible_name(whole.as_ref()).on_hover_text(whole);
}

/// What etcd keeps beside the value, in short, and a button that copies the value.
fn about(ui: &mut Ui, view: View<'_>, state: &DocumentState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    if let Body::Text(text) = &state.body
        && icon_button(ui, icons::CLIPBOARD, &t!("editor.copy_value"), None).clicked()
    {
        actions.push(Action::CopyText(text.as_str().to_owned()));
    }
    if view.session.profile.read_only {
        chip(ui, Tone::Plain, &t!("editor.read_only"));
    }
    match view.document.newest_meta() {
        Some(meta) => {
            let words = t!("editor.revision_version", revision = meta.mod_revision, version = meta.version);
            ui.label(tokens.mono_meta(words));
        }
        None if view.document.base.value().is_some() => {
            chip(ui, Tone::Accent, &t!("editor.new_key"));
        }
        None => {}
    }
}

/// The name of a format on screen.
pub(super) fn format_name(format: ValueFormat) -> String {
    let name = format!("editor.format.{}", format.name());
    t!(&name).into_owned()
}

/// Returns the format that was chosen just now (`Some(None)`: by key and content).
fn format_chooser(ui: &mut Ui, state: &DocumentState, wide: bool) -> Option<Option<ValueFormat>> {
    let mut chosen = state.chosen();
    let before = chosen;
    let detected = state.detected();
    let is_text = detected.is_text();
    let automatic = t!("editor.format.automatic", format = format_name(detected));
    ui.add_enabled_ui(is_text, |ui| {
        let selected = format_name(state.format());
        let width = if wide { 120.0 } else { 88.0 };
        let combo =
            ComboBox::from_id_salt("format").icon(open_sign).width(width).truncate().selected_text(selected);
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(&mut chosen, None, automatic.as_ref());
            for format in ValueFormat::ALL {
                let name = match format {
                    ValueFormat::Binary => t!("editor.format.as_bytes").into_owned(),
                    format => format_name(format),
                };
                ui.selectable_value(&mut chosen, Some(format), name);
            }
        });
        let response = combo.response.accessible_name(t!("editor.format.chooser"));
        if is_text {
            response.on_hover_text(t!("editor.format.chooser_hint"));
        } else {
            response.on_disabled_hover_text(t!("editor.format.only_bytes"));
        }
    });
    (chosen != before).then_some(chosen)
}

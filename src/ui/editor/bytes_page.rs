//! The page on which bytes are edited.

use egui::Ui;
use rust_i18n::t;

use super::header::{NARROW, bar};
use super::state::{Body, DocumentState};
use super::{KEY_CHARS, View};
use crate::action::{Action, Actions};
use crate::model::bytes::Value;
use crate::model::hex;
use crate::model::key_text::display_short;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::hex_view::{HexEdit, hex_view};
use crate::ui::widgets::{Button, icon_button};

/// Draws the page.
pub(super) fn show(ui: &mut Ui, view: View<'_>, shown_state: &mut DocumentState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let editable = !view.session.profile.read_only;
    let Body::Bytes(bytes) = &mut shown_state.body else { return };
    let at = bytes.cursor.at;
    let mut edits = Vec::new();
    let wide = ui.available_width() >= NARROW;
    let rect = bar(
        ui,
        size::BAR,
        |ui| {
            if !editable {
                return;
            }
            ui.add_enabled_ui(bytes.can_redo(), |ui| {
                if icon_button(ui, icons::ARROW_CLOCKWISE, &t!("editor.bytes.redo"), None).clicked() {
                    edits.push(HexEdit::Redo);
                }
            });
            ui.add_enabled_ui(bytes.can_undo(), |ui| {
                if icon_button(ui, icons::ARROW_COUNTER_CLOCKWISE, &t!("editor.bytes.undo"), None).clicked() {
                    edits.push(HexEdit::Undo);
                }
            });
            let remove = t!("editor.bytes.remove");
            let can_remove = at < bytes.bytes.len();
            if Button::ghost(&remove).icon(icons::MINUS).small().enabled(can_remove).show(ui).clicked() {
                edits.push(HexEdit::Remove { at });
            }
            let insert = t!("editor.bytes.insert");
            if Button::ghost(&insert).icon(icons::PLUS).small().show(ui).clicked() {
                edits.push(HexEdit::Insert { at, bytes: vec![0] });
            }
        },
        |ui| {
            let words = match bytes.bytes.get(at) {
                Some(byte) => {
                    let hex = hex::byte_text(*byte);
                    t!("editor.bytes.at", offset = format!("{at:08x}"), hex = hex, decimal = byte)
                }
                None => t!("editor.bytes.at_end", offset = format!("{at:08x}")),
            };
            ui.label(tokens.mono_meta(words));
            if editable && wide {
                ui.label(tokens.hint(t!("editor.bytes.hint")));
            }
        },
    );
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    let name = t!("editor.bytes_of", key = display_short(&view.document.key, KEY_CHARS));
    let salt = ("bytes", &view.document.key);
    edits.extend(hex_view(ui, salt, &name, &bytes.bytes, &mut bytes.cursor, editable));
    let mut changed = false;
    for edit in edits {
        changed |= bytes.apply(edit);
    }
    if changed {
        let value = Value::from(bytes.bytes.as_slice());
        let time = ui.input(|input| input.time);
        shown_state.edited(&view.document.key, time);
        actions.push(Action::EditDraft { key: view.document.key.clone(), value });
    }
}

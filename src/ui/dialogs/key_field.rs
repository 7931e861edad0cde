//! A field for a key as reversible text, with what is wrong with it.

use egui::{Id, Ui};
use rust_i18n::t;

use crate::model::key_text::{KeyTextError, parse_key};
use crate::ui::widgets::field::{field_error, field_label, mono_field, outline_error};

/// Draws the label and the field; gives the bytes, where what is typed is a key.
pub fn show(ui: &mut Ui, id: Id, label: &str, text: &mut String) -> Option<Vec<u8>> {
    field_label(ui, label);
    let response = mono_field(ui, id, text, label, "/config/…");
    match parse_key(text) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            outline_error(ui, &response);
            field_error(ui, &words(error));
            None
        }
    }
}

fn words(error: KeyTextError) -> String {
    let name = format!("dialogs.key_text.{}", error.fault.name());
    t!(&name, position = error.position + 1).into_owned()
}

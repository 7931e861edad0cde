//! Values that are read and not edited: for views beside the editor that show what a key was.

use egui::Ui;

use super::compare::{DiffCache, DiffLook};
use super::diff_page::{Stale, show_diff};
use super::state::syntax_of;
use crate::model::bytes::{Key, Value};
use crate::model::format::{ValueFormat, detect};
use crate::ui::widgets::code::CodeView;
use crate::ui::widgets::hex_view::{HexCursor, hex_view};

/// Remembers the difference that is shown.
#[derive(Default)]
pub struct ReadDiff {
    cache: DiffCache,
    look: DiffLook,
}

impl ReadDiff {
    /// Shows what differs between two values with these names.
    pub fn show(&mut self, ui: &mut Ui, old: &Value, new: &Value, names: [&str; 2]) {
        show_diff(ui, &mut self.cache, old, new, names, &mut self.look, Stale::Hide, |_| {});
    }
}

/// Remembers the value that is shown.
#[derive(Default)]
pub struct ReadValue {
    code: Option<CodeView>,
    format: Option<(Key, Value, ValueFormat)>,
    cursor: HexCursor,
}

impl ReadValue {
    /// Shows a value of a key: text with its colours, anything else in hexadecimal. `name` is its
    /// accessible name.
    pub fn show(&mut self, ui: &mut Ui, key: &Key, value: &Value, name: &str) {
        let format = self.format_of(key, value);
        if format == ValueFormat::Binary || std::str::from_utf8(value).is_err() {
            let salt = ("read bytes", key);
            drop(hex_view(ui, salt, name, value, &mut self.cursor, false));
            return;
        }
        let syntax = syntax_of(format);
        if !self.code.as_mut().is_some_and(|code| code.is_of(value, syntax)) {
            self.code = Some(CodeView::new(value.clone(), syntax));
        }
        if let Some(code) = &mut self.code {
            code.show(ui);
        }
    }

    fn format_of(&mut self, key: &Key, value: &Value) -> ValueFormat {
        if let Some((known, of, format)) = &self.format
            && known == key
            && std::sync::Arc::ptr_eq(of, value)
        {
            return *format;
        }
        let format = detect(key, value);
        self.format = Some((key.clone(), value.clone(), format));
        format
    }
}

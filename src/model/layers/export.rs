//! The effective configuration of an environment as one document.

use super::board::Board;
use super::doc::Doc;
use super::write::document;
use crate::model::format::ValueFormat;
use crate::model::key_text::display_key;

impl Board {
    /// What an environment has, as one document: a name for each key, structured values inside; where
    /// there is one document alone, that. Bytes that are no text are left out; how many is told.
    ///
    /// # Errors
    /// What the syntax can not say.
    pub fn export(&self, environment: usize, format: ValueFormat) -> Result<(String, usize), String> {
        let stack = self.set.stack(environment);
        let mut map = Vec::new();
        let mut left_out = 0;
        for item in &self.items {
            let Some(effective) = item.effective(&stack, self.set.deep) else { continue };
            let text = effective.cell.value.as_ref().map(|value| std::str::from_utf8(value));
            let doc = match (effective.doc, text) {
                (Some(doc), _) => doc.into_owned(),
                (None, Some(Ok(text))) => Doc::Text(text.to_owned()),
                (None, _) => {
                    left_out += 1;
                    continue;
                }
            };
            map.push((display_key(&item.name).into_owned(), doc));
        }
        let doc = match map.as_slice() {
            [(_, only)] if only.is_map() => only.clone(),
            _ => Doc::Map(map),
        };
        document(&doc, format).map(|text| (text, left_out))
    }
}

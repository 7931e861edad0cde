//! XML: well-formedness. Entities are never expanded and nothing outside the text is read.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ValueIssue;

/// Checks that a text is one well-formed XML document (a DTD is not applied).
pub(super) fn validate(text: &str) -> Result<(), ValueIssue> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut state = State::default();
    loop {
        let start = offset(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| ValueIssue::at(text, offset(reader.error_position()), error.to_string()))?;
        let issue = |message: String| ValueIssue::at(text, start, message);
        match event {
            Event::Start(element) => {
                state.begin(&element).map_err(issue)?;
                state.open.push(start);
            }
            Event::Empty(element) => state.begin(&element).map_err(issue)?,
            Event::End(_) => {
                state.open.pop();
            }
            Event::Text(words) => {
                let words: &str = &words;
                let outside = words.trim_start_matches('\u{feff}').trim_ascii();
                if state.open.is_empty() && !outside.is_empty() {
                    return Err(issue("text outside the root element".to_owned()));
                }
            }
            Event::CData(_) if state.open.is_empty() => {
                return Err(issue("text outside the root element".to_owned()));
            }
            Event::DocType(_) => state.has_dtd = true,
            Event::GeneralRef(reference) => state.check_reference(&reference).map_err(issue)?,
            Event::Eof => break,
            _ => {}
        }
    }
    match (state.open.last(), state.roots) {
        (Some(open), _) => Err(ValueIssue::at(text, *open, "this element is not closed")),
        (None, 0) => Err(ValueIssue::at(text, 0, "there is no root element")),
        _ => Ok(()),
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[derive(Default)]
struct State {
    /// Where the open elements begin.
    open: Vec<usize>,
    roots: usize,
    has_dtd: bool,
}

impl State {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.open.is_empty() {
            self.roots += 1;
            if self.roots > 1 {
                return Err("a second root element".to_owned());
            }
        }
        // Duplicates are searched among all attributes of the element: bound that work.
        let mut attributes = element.attributes();
        if element.len() > 64 * 1024 {
            attributes.with_checks(false);
        }
        attributes.try_for_each(|attribute| attribute.map(drop)).map_err(|error| error.to_string())
    }

    fn check_reference(&self, reference: &quick_xml::events::BytesRef<'_>) -> Result<(), String> {
        let known = matches!(reference.as_ref(), "amp" | "lt" | "gt" | "quot" | "apos");
        if known || (self.has_dtd && !reference.is_char_ref()) {
            return Ok(());
        }
        match reference.resolve_char_ref() {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err("this entity is not defined".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

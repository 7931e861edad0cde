//! YAML.

use serde::Deserialize as _;
use serde::de::IgnoredAny;
use serde_yaml_ng::{Deserializer, Value};

use super::{ValueIssue, tidy_end};

/// Flow nesting beyond this is refused: the parser's work grows with its square.
const DEPTH_LIMIT: usize = 256;

/// Checks every document of a YAML text.
pub(super) fn validate(text: &str) -> Result<(), ValueIssue> {
    if let Some(offset) = too_deep(text, DEPTH_LIMIT) {
        return Err(ValueIssue::at(text, offset, "nested too deeply to be checked"));
    }
    for document in Deserializer::from_str(text) {
        // Ignoring everything neither recurses nor follows aliases.
        IgnoredAny::deserialize(document).map_err(|error| issue(&error))?;
    }
    if has_aliases(text) {
        return Ok(());
    }
    // Repeated keys are found only by reading the values. Their depth is limited, the text's is not.
    match values(text) {
        Err(error) if !error.message.contains("recursion limit") => Err(error),
        _ => Ok(()),
    }
}

/// Takes spaces off the ends of lines and blank lines off the end, where no value changes by it.
/// Comments stay, which no YAML writer would keep.
pub(super) fn tidy(text: &str) -> Result<String, ValueIssue> {
    let mut tidied = String::with_capacity(text.len());
    for line in tidy_end(text).split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        tidied.push_str(body.trim_end_matches([' ', '\t']));
        tidied.push_str(&line[body.len()..]);
    }
    if tidied == text || values(&tidied)? == values(text)? {
        return Ok(tidied);
    }
    Err(ValueIssue::somewhere("spaces at the ends of lines are part of a value here, so they stay"))
}

fn values(text: &str) -> Result<Vec<Value>, ValueIssue> {
    if has_aliases(text) {
        return Err(ValueIssue::somewhere("a text with aliases is left as it is"));
    }
    Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).map_err(|error| issue(&error)))
        .collect()
}

/// Whether a text may have aliases: following them can multiply it without bound.
fn has_aliases(text: &str) -> bool {
    text.contains('*') && text.contains('&')
}

fn issue(error: &serde_yaml_ng::Error) -> ValueIssue {
    let words = error.to_string();
    match error.location() {
        Some(place) => {
            let suffix = format!(" at line {} column {}", place.line(), place.column());
            let message = words.replace(&suffix, "");
            ValueIssue { line: place.line(), column: place.column(), message }
        }
        None => ValueIssue::somewhere(words),
    }
}

/// Where the nesting of brackets exceeds `limit`, if it does. Brackets in strings count too: this
/// only has to be safe, and no text written by people comes near the limit.
pub(super) fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut depth: usize = 0;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Some(offset);
        }
    }
    None
}

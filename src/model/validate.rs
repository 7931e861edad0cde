//! Checks a text by its syntax, and lays it out where that loses nothing.

use super::format::ValueFormat;
use super::{json_text, shell_text};

mod toml;
mod xml;
mod xml_layout;
mod yaml;

/// A mistake in a text, in the words of its syntax's parser (English).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ValueIssue {
    /// Its line, from 1; 0 where the parser does not tell.
    pub line: usize,
    /// Its character in the line, from 1; 0 where the parser does not tell.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ValueIssue {
    /// A mistake at this byte of the text.
    #[must_use]
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        Self { line, column: before[line_start..].chars().count() + 1, message: message.into() }
    }

    /// A mistake whose place is not known.
    #[must_use]
    pub fn somewhere(message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, message: message.into() }
    }
}

/// Checks a text. Plain text has nothing to check; of properties only the escapes and of shell
/// only the quotes are checked. Bounded in time and stack for any text.
///
/// # Errors
/// The first mistake.
pub fn validate(format: ValueFormat, text: &str) -> Result<(), ValueIssue> {
    match format {
        ValueFormat::Json => json_text::check(text).map_err(|error| json_issue(text, error)),
        ValueFormat::Yaml => yaml::validate(text),
        ValueFormat::Toml => toml::validate(text),
        ValueFormat::Xml => xml::validate(text),
        ValueFormat::Properties => validate_properties(text),
        ValueFormat::Shell => match shell_text::open_quote(text) {
            Some((offset, message)) => Err(ValueIssue::at(text, offset, message)),
            None => Ok(()),
        },
        ValueFormat::Plain | ValueFormat::Binary => Ok(()),
    }
}

/// Lays a text out without changing what it means, its comments or the order of its parts: JSON and
/// XML in full, TOML's signs and spaces, of the others only what no reader of them sees (spaces at
/// the ends of lines, blank lines at the end). The indentation and line endings that a text has are
/// kept.
///
/// # Errors
/// The first mistake, or that this format is not laid out.
pub fn format_text(format: ValueFormat, text: &str) -> Result<String, ValueIssue> {
    validate(format, text)?;
    match format {
        ValueFormat::Json => json_text::layout(text).map_err(|error| json_issue(text, error)),
        ValueFormat::Toml => toml::layout(text),
        ValueFormat::Yaml => yaml::tidy(text),
        ValueFormat::Xml => xml_layout::layout(text),
        // What ends a script may belong to a here-document.
        ValueFormat::Shell if text.contains("<<") => Ok(text.to_owned()),
        // White space inside is content: only what follows the last line is not.
        ValueFormat::Shell | ValueFormat::Properties => Ok(tidy_end(text)),
        ValueFormat::Plain | ValueFormat::Binary => {
            Err(ValueIssue::somewhere("plain text and bytes are left as they are"))
        }
    }
}

fn json_issue(text: &str, error: json_text::JsonError) -> ValueIssue {
    ValueIssue::at(text, error.offset, error.message)
}

/// Takes blank lines at the end away, leaving one line ending where there was any.
fn tidy_end(text: &str) -> String {
    let body = text.trim_end_matches(['\n', '\r']);
    match &text[body.len()..] {
        "" => body.to_owned(),
        end if end.starts_with("\r\n") => format!("{body}\r\n"),
        _ => format!("{body}\n"),
    }
}

/// Java properties take nearly anything; a `\u` without four digits is what they refuse.
fn validate_properties(text: &str) -> Result<(), ValueIssue> {
    let bytes = text.as_bytes();
    let mut comment = false;
    let mut line_start = true;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => (line_start, comment) = (true, false),
            b' ' | b'\t' => {}
            b'#' | b'!' if line_start => (line_start, comment) = (false, true),
            b'\\' if !comment => {
                line_start = false;
                let digits = bytes.get(at + 2..at + 6);
                let right = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                if bytes.get(at + 1) == Some(&b'u') && !right {
                    return Err(ValueIssue::at(text, at, "\\u must be followed by four hexadecimal digits"));
                }
                at += 1;
            }
            _ => line_start = false,
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Java properties as named texts, each with its place.

use std::fmt::Write as _;
use std::ops::Range;

use super::doc::Doc;

/// One `name=value`.
struct Entry {
    name: String,
    value: String,
    /// From the start of its line to behind its line ending.
    line: Range<usize>,
    /// The value as it is written.
    written: Range<usize>,
}

/// Reads properties; of a name that is there twice the last one counts, as for Java.
///
/// # Errors
/// Sections, which are not properties.
pub(super) fn parse(text: &str) -> Result<Doc, String> {
    let mut map: Vec<(String, Doc)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries(text) {
        if entry.name.starts_with('[') && entry.name.ends_with(']') && entry.value.is_empty() {
            return Err("it has sections".to_owned());
        }
        let at = *places.entry(entry.name.clone()).or_insert(map.len());
        let value = Doc::Text(entry.value);
        if at == map.len() {
            map.push((entry.name, value));
        } else {
            map[at].1 = value;
        }
    }
    Ok(Doc::Map(map))
}

fn entries(text: &str) -> Vec<Entry> {
    let bytes = text.as_bytes();
    let mut entries = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let end = logical_end(bytes, at);
        at = end;
        let line = &text[start..end];
        let body = line.trim_end_matches(['\n', '\r']);
        let first = body.len() - body.trim_start_matches([' ', '\t', '\x0c', '\n', '\r']).len();
        let content = &body[first..];
        if content.is_empty() || content.starts_with(['#', '!']) {
            continue;
        }
        let (name_end, value_start) = split(content);
        let written = start + first + value_start..start + body.len();
        entries.push(Entry {
            name: unescaped(&content[..name_end]),
            value: unescaped(&content[value_start..]),
            line: start..end,
            written,
        });
    }
    entries
}

/// Where the line that begins here ends, with the lines that go on from it.
fn logical_end(bytes: &[u8], start: usize) -> usize {
    let first = bytes[start..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
    let comment = matches!(first, Some(b'#' | b'!'));
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' if !comment => {
                if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') {
                    at += 1;
                }
                at = (at + 1).min(bytes.len());
            }
            b'\n' => return at,
            b'\r' if bytes.get(at) != Some(&b'\n') => return at,
            _ => {}
        }
    }
    at
}

/// Where the name ends and the value begins.
fn split(content: &str) -> (usize, usize) {
    let bytes = content.as_bytes();
    let mut at = 0;
    while at < bytes.len() && !matches!(bytes[at], b'=' | b':' | b' ' | b'\t' | b'\x0c') {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    let name_end = at.min(bytes.len());
    let blanks = |from: usize| {
        from + bytes[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count()
    };
    let mut value = blanks(name_end);
    if matches!(bytes.get(value), Some(b'=' | b':')) {
        value = blanks(value + 1);
    }
    let mut name_end = name_end;
    while !content.is_char_boundary(name_end) {
        name_end += 1;
    }
    (name_end, value.max(name_end))
}

fn unescaped(written: &str) -> String {
    let mut out: Vec<u16> = Vec::with_capacity(written.len());
    let mut signs = written.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            out.extend(sign.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        match signs.next() {
            Some('n') => out.push(10),
            Some('r') => out.push(13),
            Some('t') => out.push(9),
            Some('f') => out.push(12),
            Some('u') => {
                let digits: String = signs.by_ref().take(4).collect();
                out.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
            }
            Some(newline @ ('\n' | '\r')) => {
                if newline == '\r' && signs.peek() == Some(&'\n') {
                    signs.next();
                }
                while matches!(signs.peek(), Some(' ' | '\t' | '\x0c')) {
                    signs.next();
                }
            }
            Some(other) => out.extend(other.encode_utf16(&mut [0; 2]).iter()),
            None => {}
        }
    }
    String::from_utf16_lossy(&out)
}

/// A name or a value as properties write it.
fn escaped(text: &str, is_name: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, sign) in text.chars().enumerate() {
        match sign {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0c' => out.push_str("\\f"),
            ' ' if is_name || at == 0 => out.push_str("\\ "),
            '=' | ':' | '#' | '!' if is_name => {
                out.push('\\');
                out.push(sign);
            }
            control if control.is_control() => {
                // Writing into a string cannot fail.
                write!(out, "\\u{:04x}", u32::from(control)).unwrap_or_default();
            }
            plain => out.push(plain),
        }
    }
    out
}

/// A line of properties.
pub(super) fn line(name: &str, value: &str) -> String {
    format!("{}={}\n", escaped(name, true), escaped(value, false))
}

/// The text with this value for this name; everything else stays as it was written.
pub(super) fn set(text: &str, name: &str, value: &str) -> String {
    let found = entries(text).into_iter().rfind(|entry| entry.name == name);
    match found {
        Some(entry) => {
            let bare = entry.written.is_empty()
                && !text[entry.line.clone()].trim_end_matches(['\n', '\r']).contains(['=', ':']);
            let sign = if bare { "=" } else { "" };
            let (before, after) = (&text[..entry.written.start], &text[entry.written.end..]);
            format!("{before}{sign}{}{after}", escaped(value, false))
        }
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{gap}{}", line(name, value))
        }
    }
}

/// The text without this name.
pub(super) fn remove(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for entry in entries(text).into_iter().filter(|entry| entry.name == name) {
        out.push_str(&text[at..entry.line.start]);
        at = entry.line.end;
    }
    out.push_str(&text[at..]);
    out
}

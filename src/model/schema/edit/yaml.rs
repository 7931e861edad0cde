//! Changes of YAML, where they stay within one line. What is not certain is left to the text.

use std::ops::Range;

use serde_json::Value;

use super::Edit;
use crate::model::schema::place::yaml::find;

/// Changes the value at a path of a text that is one YAML document.
pub(super) fn edit(text: &str, path: &[String], edit: &Edit) -> Option<String> {
    match edit {
        Edit::Set(value) => match place(text, path, false) {
            Some(at) => replace(text, at, value),
            None => add(text, path, value),
        },
        Edit::Remove => remove(text, path),
    }
}

/// Where the value at a path (or its name) begins, in bytes.
fn place(text: &str, path: &[String], at_name: bool) -> Option<usize> {
    let (line, column) = find(text, 0, path, at_name)?;
    let range = line_range(text, line)?;
    let written = &text[range.clone()];
    let within = written.char_indices().nth(column.checked_sub(1)?).map_or(written.len(), |(at, _)| at);
    Some(range.start + within)
}

/// A line, from 1, without its end.
fn line_range(text: &str, line: usize) -> Option<Range<usize>> {
    let mut start = 0;
    for (number, written) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let body = written.trim_end_matches(['\n', '\r']);
            return Some(start..start + body.len());
        }
        start += written.len();
    }
    None
}

/// The line that a place is in.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Where a single value that begins here ends, if it ends in its line.
fn end_of_scalar(text: &str, at: usize) -> Option<usize> {
    let line = line_range(text, line_of(text, at))?;
    let written = text.get(at..line.end)?;
    let mut signs = written.char_indices().peekable();
    match signs.peek()?.1 {
        quote @ ('"' | '\'') => {
            signs.next();
            while let Some((offset, sign)) = signs.next() {
                match sign {
                    '\\' if quote == '"' => drop(signs.next()),
                    _ if sign == quote => {
                        if quote == '\'' && signs.peek().is_some_and(|(_, next)| *next == '\'') {
                            signs.next();
                        } else {
                            return Some(at + offset + 1);
                        }
                    }
                    _ => {}
                }
            }
            None
        }
        '[' | '{' | '|' | '>' | '&' | '*' | '!' | '#' => None,
        _ => {
            let before = &text[line.start..at];
            let flow = before.contains(['[', '{']);
            let mut end = written.len();
            let mut previous = ' ';
            for (offset, sign) in written.char_indices() {
                let comment = sign == '#' && previous.is_whitespace();
                if comment || (flow && matches!(sign, ',' | ']' | '}')) {
                    end = offset;
                    break;
                }
                previous = sign;
            }
            let plain = written[..end].trim_end();
            (!plain.is_empty()).then_some(at + plain.len())
        }
    }
}

/// A single value in YAML, quoted as `like` was.
fn scalar(value: &Value, like: Option<char>) -> Option<String> {
    match value {
        Value::String(text) => Some(match like {
            Some('\'') if !text.contains(['\n', '\r']) => format!("'{}'", text.replace('\'', "''")),
            Some('"') => serde_json::to_string(text).ok()?,
            _ if is_plain(text) => text.clone(),
            _ => serde_json::to_string(text).ok()?,
        }),
        Value::Array(entries) if entries.is_empty() => Some(String::from("[]")),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// Whether a text means itself without quotes.
fn is_plain(text: &str) -> bool {
    let simple = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.' | '/' | ' ');
    text.chars().all(simple)
        && text.starts_with(|sign: char| sign.is_alphabetic() || sign == '/')
        && !text.ends_with(' ')
        && !matches!(
            text.to_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        )
}

fn replace(text: &str, at: usize, value: &Value) -> Option<String> {
    let end = end_of_scalar(text, at)?;
    let written = scalar(value, text[at..].chars().next())?;
    let mut changed = text.to_owned();
    changed.replace_range(at..end, &written);
    Some(changed)
}

fn name_of(name: &str) -> Option<String> {
    if is_plain(name) { Some(name.to_owned()) } else { serde_json::to_string(name).ok() }
}

/// Adds a field to a mapping, or an entry to a list, as the last one.
fn add(text: &str, path: &[String], value: &Value) -> Option<String> {
    let (last, parent) = path.split_last()?;
    // Where nothing is written yet, the end is the place.
    let entry = |indent: &str| -> Option<String> {
        Some(format!("{indent}{}: {}\n", name_of(last)?, scalar(value, None)?))
    };
    let read = super::one_document(text, crate::model::format::ValueFormat::Yaml)?;
    match crate::model::schema::place::at(&read, parent) {
        Some(Value::Object(fields)) if !fields.is_empty() => {
            let (sibling, _) = fields.iter().next_back()?;
            let sibling: Vec<String> = parent.iter().cloned().chain([sibling.clone()]).collect();
            let at = place(text, &sibling, true)?;
            let line = line_range(text, line_of(text, at))?;
            let indent = &text[line.start..at];
            // Behind a dash the names of an entry stand below each other.
            let indent: String = indent.chars().map(|sign| if sign == '\t' { '\t' } else { ' ' }).collect();
            insert_after_block(text, line_of(text, at), indent.len(), &entry(&indent)?)
        }
        Some(Value::Array(entries)) if last.parse() == Ok(entries.len()) && !entries.is_empty() => {
            let sibling: Vec<String> =
                parent.iter().cloned().chain([(entries.len() - 1).to_string()]).collect();
            let at = place(text, &sibling, false)?;
            let line = line_range(text, line_of(text, at))?;
            let before = &text[line.start..at];
            if before.contains(['[', '{']) {
                let end = end_of_scalar(text, at)?;
                let mut changed = text.to_owned();
                changed.insert_str(end, &format!(", {}", flow_scalar(value)?));
                return Some(changed);
            }
            let dash = before.trim_end().strip_suffix('-')?;
            let entry = format!("{dash}- {}\n", scalar(value, None)?);
            insert_after_block(text, line_of(text, at), dash.len(), &entry)
        }
        Some(Value::Array(entries)) if entries.is_empty() => {
            let at = place(text, parent, false)?;
            let mut changed = text.to_owned();
            (text.get(at..at + 2) == Some("[]")).then(|| changed.replace_range(at..at + 2, ""))?;
            changed.insert_str(at, &format!("[{}]", flow_scalar(value)?));
            Some(changed)
        }
        Some(Value::Null) | None if parent.is_empty() => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            Some(format!("{text}{gap}{}", entry("")?))
        }
        None if last == "0" => {
            let list = format!("[{}]", flow_scalar(value)?);
            let marker = Value::String(String::from("etcdscope"));
            let added = add(text, parent, &marker)?;
            let at = place(&added, parent, false)?;
            let end = end_of_scalar(&added, at)?;
            let mut changed = added.clone();
            changed.replace_range(at..end, &list);
            Some(changed)
        }
        _ => None,
    }
}

/// A single value inside brackets.
fn flow_scalar(value: &Value) -> Option<String> {
    scalar(value, None)
}

/// Inserts lines behind a line and what belongs to it: deeper lines, and blank ones between.
fn insert_after_block(text: &str, line: usize, indent: usize, entry: &str) -> Option<String> {
    let mut end = 0;
    let mut offset = 0;
    for (number, written) in text.split_inclusive('\n').enumerate() {
        offset += written.len();
        if number + 1 < line {
            continue;
        }
        let body = written.trim_end();
        let depth = body.len() - body.trim_start().len();
        let list_of_field =
            body.trim_start().starts_with('-') && depth == indent && !entry.trim_start().starts_with('-');
        if number + 1 == line || (!body.is_empty() && (depth > indent || list_of_field)) {
            end = offset;
        } else if !body.is_empty() {
            break;
        }
    }
    let mut changed = text.to_owned();
    if !changed[..end].ends_with('\n') {
        changed.insert(end, '\n');
        end += 1;
    }
    changed.insert_str(end, entry);
    Some(changed)
}

/// Takes a field or an entry of one line away.
fn remove(text: &str, path: &[String]) -> Option<String> {
    let (_, parent) = path.split_last()?;
    let read = super::one_document(text, crate::model::format::ValueFormat::Yaml)?;
    let is_entry = crate::model::schema::place::at(&read, parent).is_some_and(Value::is_array);
    let value = place(text, path, false)?;
    let end = end_of_scalar(text, value)?;
    let line = line_range(text, line_of(text, value))?;
    let before = &text[line.start..value];
    let mut changed = text.to_owned();
    if before.contains(['[', '{']) {
        let after = text[end..].trim_start();
        if let Some(rest) = after.strip_prefix(',') {
            let next = text.len() - rest.trim_start_matches(' ').len();
            changed.replace_range(value..next, "");
        } else {
            let start = before.trim_end();
            let start = start.strip_suffix(',').unwrap_or(start);
            changed.replace_range(line.start + start.len()..end, "");
        }
        return is_entry.then_some(changed);
    }
    let only = if is_entry {
        before.trim() == "-"
    } else {
        place(text, path, true)
            .is_some_and(|name| text.get(line.start..name).is_some_and(|gap| gap.trim().is_empty()))
    };
    if !only {
        return None;
    }
    let next = text[line.end..].find('\n').map_or(text.len(), |at| line.end + at + 1);
    changed.replace_range(line.start..next, "");
    Some(changed)
}

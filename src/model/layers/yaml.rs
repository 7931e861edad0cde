//! YAML: read, and changed line by line where its layout allows it.

use serde::Deserialize as _;
use serde_yaml_ng::{Deserializer, Value};

use super::doc::{Doc, MAX_DEPTH};
use super::write;
use crate::model::format::ValueFormat;
use crate::model::validate::validate;

/// Reads YAML.
///
/// # Errors
/// What is wrong, or why it is not opened.
pub(super) fn parse(text: &str) -> Result<Doc, String> {
    validate(ValueFormat::Yaml, text).map_err(|issue| issue.to_string())?;
    // Following aliases can multiply a text without bound.
    if text.contains('&') && text.contains('*') {
        return Err("it has aliases".to_owned());
    }
    let mut documents = Deserializer::from_str(text);
    let Some(first) = documents.next() else { return Ok(Doc::empty()) };
    let value = Value::deserialize(first).map_err(|error| error.to_string())?;
    if documents.next().is_some() {
        return Err("it has several documents".to_owned());
    }
    match doc(value, 0)? {
        // Nothing but comments.
        Doc::Null => Ok(Doc::empty()),
        doc => Ok(doc),
    }
}

fn doc(value: Value, depth: usize) -> Result<Doc, String> {
    if depth > MAX_DEPTH {
        return Err("nested too deeply to be opened".to_owned());
    }
    Ok(match value {
        Value::Null => Doc::Null,
        Value::Bool(value) => Doc::Bool(value),
        Value::Number(number) => Doc::Number(number.to_string()),
        Value::String(text) => Doc::Text(text),
        Value::Sequence(list) => {
            let list: Result<_, _> = list.into_iter().map(|value| doc(value, depth + 1)).collect();
            Doc::List(list?)
        }
        Value::Mapping(map) => {
            let mut members: Vec<(String, Doc)> = Vec::with_capacity(map.len());
            let mut names = std::collections::BTreeSet::new();
            for (name, value) in map {
                let name = match name {
                    Value::String(name) => name,
                    Value::Number(number) => number.to_string(),
                    Value::Bool(value) => value.to_string(),
                    _ => return Err("a name is neither text nor a number".to_owned()),
                };
                if !names.insert(name.clone()) {
                    return Err(format!("{name} is there twice"));
                }
                members.push((name, doc(value, depth + 1)?));
            }
            Doc::Map(members)
        }
        Value::Tagged(_) => return Err("it has tags".to_owned()),
    })
}

/// A line by its content.
struct Line<'t> {
    text: &'t str,
    /// Spaces before it; `None`: nothing or only a comment.
    indent: Option<usize>,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let line = |text: &'_ str| {
        let content = text.trim_start_matches(' ');
        let nothing = content.trim().is_empty() || content.starts_with('#') || content.starts_with("---");
        (!nothing).then(|| text.len() - content.len())
    };
    text.split_inclusive('\n').map(|text| Line { text, indent: line(text) }).collect()
}

/// Where a name was found, or where it would be.
enum Place {
    /// Its line, and the end of what belongs to it.
    Found(usize, usize),
    /// It is missing: so many names of the path are there; a line for the next one goes here, indented
    /// by so much.
    Missing { depth: usize, at: usize, indent: usize },
}

/// Finds a path by the indentation. It is only a guess: whoever uses it reads the result again.
fn find(lines: &[Line<'_>], path: &[String]) -> Option<Place> {
    let (mut start, mut end) = (0, lines.len());
    let mut outer = 0;
    for (depth, name) in path.iter().enumerate() {
        let content = || lines[start..end].iter().filter_map(|line| line.indent);
        let indent = content().next().unwrap_or(outer);
        if depth > 0 && indent <= outer && content().next().is_some() {
            return None;
        }
        let found = (start..end).find(|at| {
            lines[*at].indent == Some(indent) && key_end(lines[*at].text.trim_start(), name).is_some()
        });
        let Some(at) = found else {
            let last = (start..end).rev().find(|at| lines[*at].indent.is_some());
            let indent = if content().next().is_none() && depth > 0 { outer + 2 } else { indent };
            return Some(Place::Missing { depth, at: last.map_or(start, |at| at + 1), indent });
        };
        let inside =
            |line: &Line<'_>| line.indent.is_none_or(|inner| inner > indent || is_item(line, indent));
        let mut last = at + 1;
        for (place, line) in lines.iter().enumerate().take(end).skip(at + 1) {
            if !inside(line) {
                break;
            }
            // Comments and blank lines behind it belong to what follows.
            if line.indent.is_some() {
                last = place + 1;
            }
        }
        if depth + 1 == path.len() {
            return Some(Place::Found(at, last));
        }
        let line = lines[at].text.trim();
        let rest = &line[key_end(line, name)?..];
        if !rest.trim().is_empty() && !rest.trim_start().starts_with('#') {
            return None;
        }
        (start, end, outer) = (at + 1, last, indent);
    }
    None
}

/// A list may stand as far left as its name.
fn is_item(line: &Line<'_>, indent: usize) -> bool {
    line.indent == Some(indent) && line.text.trim_start().starts_with("- ")
}

/// Behind the colon of this name, if the line begins with it.
fn key_end(line: &str, name: &str) -> Option<usize> {
    let forms = [name.to_owned(), format!("\"{name}\""), format!("'{name}'")];
    forms.iter().find_map(|form| {
        let rest = line.strip_prefix(form.as_str())?;
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let after = rest.trim_start_matches(' ').strip_prefix(':')?;
        let ends = after.is_empty() || after.starts_with([' ', '\n', '\r']);
        ends.then_some(form.len() + spaces + 1)
    })
}

/// The text with this value at this path. `None`: its layout does not allow it.
pub(super) fn set(text: &str, path: &[String], value: &Doc) -> Option<String> {
    let lines = lines(text);
    let flow = text.trim_start().starts_with('{');
    if flow {
        return None;
    }
    let write = |from: usize, to: usize, middle: &str| {
        let join = |lines: &[Line<'_>]| lines.iter().map(|line| line.text).collect::<String>();
        let (mut before, mut after) = (join(&lines[..from]), join(&lines[to..]));
        if !before.is_empty() && !before.ends_with('\n') {
            before.push('\n');
        }
        if after.is_empty() && to == lines.len() && !text.ends_with('\n') && !text.is_empty() {
            after = String::new();
            return format!("{before}{}{after}", middle.trim_end_matches('\n'));
        }
        format!("{before}{middle}{after}")
    };
    match find(&lines, path)? {
        Place::Found(at, end) => {
            let line = lines[at].text;
            let indent = lines[at].indent?;
            let name = path.last()?;
            let key = &line[..indent + key_end(&line[indent..], name)?];
            let nested = matches!(value, Doc::Map(map) if !map.is_empty())
                || matches!(value, Doc::List(list) if !list.is_empty());
            if end == at + 1 && !nested {
                let comment = comment_of(&line[key.len()..]);
                let new = format!("{key} {}{comment}\n", write::yaml_scalar(value));
                return Some(write(at, end, &new));
            }
            Some(write(at, end, &write::yaml_entry(name, value, indent)))
        }
        Place::Missing { depth, at, indent } => {
            let mut inner = Doc::empty();
            inner.set(&path[depth + 1..], value.clone());
            let inner = if depth + 1 == path.len() { value.clone() } else { inner };
            Some(write(at, at, &write::yaml_entry(&path[depth], &inner, indent)))
        }
    }
}

/// The comment at the end of a line, with the blanks before it.
fn comment_of(rest: &str) -> &str {
    let rest = rest.trim_end();
    // In quotes `#` is text: what follows the closing quote is looked at.
    let body = rest.trim_start();
    let skip = match body.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            body[1..].rfind(quote).map_or(rest.len(), |end| rest.len() - body.len() + end + 2)
        }
        _ => 0,
    };
    let Some(at) = rest[skip..].find(" #") else { return "" };
    &rest[rest[..skip + at].trim_end().len()..]
}

/// The text without this path. `None`: its layout does not allow it.
pub(super) fn remove(text: &str, path: &[String]) -> Option<String> {
    let lines = lines(text);
    let Place::Found(at, end) = find(&lines, path)? else { return None };
    let kept = lines[..at].iter().chain(&lines[end..]).map(|line| line.text);
    Some(kept.collect())
}

//! Structured values as text, in each syntax.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::doc::{Doc, path_text, quoted};
use super::properties;
use crate::model::format::ValueFormat;

/// A document in this syntax, ending with a newline.
///
/// # Errors
/// What the syntax can not say.
pub fn document(doc: &Doc, format: ValueFormat) -> Result<String, String> {
    match format {
        ValueFormat::Json => Ok(json(doc, "") + "\n"),
        ValueFormat::Yaml => Ok(yaml(doc)),
        ValueFormat::Toml => toml(doc),
        ValueFormat::Properties => Ok(properties_of(doc)),
        _ => Err("this is no structured format".to_owned()),
    }
}

/// JSON, an entry a line; `indent` stands before every line but the first.
pub(super) fn json(doc: &Doc, indent: &str) -> String {
    let mut out = String::new();
    json_into(doc, indent, &mut out);
    out
}

fn json_into(doc: &Doc, indent: &str, out: &mut String) {
    let inner = format!("{indent}  ");
    let newline = |out: &mut String, at: usize| {
        out.push_str(if at > 0 { ",\n" } else { "\n" });
        out.push_str(&inner);
    };
    match doc {
        Doc::List(list) if !list.is_empty() => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                newline(out, at);
                json_into(value, &inner, out);
            }
            out.push('\n');
            out.push_str(indent);
            out.push(']');
        }
        Doc::Map(map) if !map.is_empty() => {
            out.push('{');
            for (at, (name, value)) in map.iter().enumerate() {
                newline(out, at);
                out.push_str(&quoted(name));
                out.push_str(": ");
                json_into(value, &inner, out);
            }
            out.push('\n');
            out.push_str(indent);
            out.push('}');
        }
        scalar => out.push_str(&json_compact(scalar)),
    }
}

/// JSON on one line.
pub(super) fn json_compact(doc: &Doc) -> String {
    match doc {
        Doc::Null => "null".to_owned(),
        Doc::Bool(value) => value.to_string(),
        // What JSON has no number for (`.inf`, `0x10`) is text there.
        Doc::Number(text) if crate::model::json_text::check(text).is_ok() => text.clone(),
        Doc::Number(text) | Doc::Date(text) | Doc::Text(text) => quoted(text),
        Doc::List(list) => {
            let parts: Vec<_> = list.iter().map(json_compact).collect();
            format!("[{}]", parts.join(", "))
        }
        Doc::Map(map) => {
            let parts: Vec<_> = map
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), json_compact(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
    }
}

fn yaml(doc: &Doc) -> String {
    let mut out = String::new();
    match doc {
        Doc::Map(map) if !map.is_empty() => yaml_map(map, 0, &mut out),
        Doc::List(list) if !list.is_empty() => yaml_list(list, 0, &mut out),
        scalar => {
            out.push_str(&yaml_scalar(scalar));
            out.push('\n');
        }
    }
    out
}

/// `name:` and its value, as lines indented by so many spaces.
pub(super) fn yaml_entry(name: &str, value: &Doc, indent: usize) -> String {
    let mut out = String::new();
    yaml_map(&[(name.to_owned(), value.clone())], indent, &mut out);
    out
}

fn yaml_map(map: &[(String, Doc)], indent: usize, out: &mut String) {
    for (at, (name, value)) in map.iter().enumerate() {
        if at > 0 || !out.ends_with("- ") {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(&yaml_text(name));
        out.push(':');
        yaml_value(value, indent, out);
    }
}

fn yaml_value(value: &Doc, indent: usize, out: &mut String) {
    match value {
        Doc::Map(map) if !map.is_empty() => {
            out.push('\n');
            yaml_map(map, indent + 2, out);
        }
        Doc::List(list) if !list.is_empty() => {
            out.push('\n');
            yaml_list(list, indent + 2, out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&yaml_scalar(scalar));
            out.push('\n');
        }
    }
}

fn yaml_list(list: &[Doc], indent: usize, out: &mut String) {
    for value in list {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str("- ");
        match value {
            Doc::Map(map) if !map.is_empty() => yaml_map(map, indent + 2, out),
            // A list in a list is rare: on one line it needs no rules.
            other => {
                out.push_str(&yaml_scalar(other));
                out.push('\n');
            }
        }
    }
}

/// A value on one line.
pub(super) fn yaml_scalar(doc: &Doc) -> String {
    match doc {
        Doc::Null => "null".to_owned(),
        Doc::Bool(value) => value.to_string(),
        Doc::Number(text) => text.clone(),
        Doc::Date(text) | Doc::Text(text) => yaml_text(text),
        // JSON is YAML.
        Doc::List(_) | Doc::Map(_) => json_compact(doc),
    }
}

fn yaml_text(text: &str) -> String {
    if text.contains(['\n', '\r', '\t']) || text.chars().any(char::is_control) {
        return quoted(text);
    }
    serde_yaml_ng::to_string(text).map_or_else(|_| quoted(text), |written| written.trim_end().to_owned())
}

fn toml(doc: &Doc) -> Result<String, String> {
    let Doc::Map(map) = doc else { return Err("TOML needs names at the top".to_owned()) };
    let mut document = DocumentMut::new();
    *document.as_table_mut() = toml_table(map)?;
    Ok(document.to_string())
}

fn toml_table(map: &[(String, Doc)]) -> Result<Table, String> {
    let mut table = Table::new();
    let is_table = |value: &Doc| value.is_map() && !value.is_empty_map();
    for (name, value) in map.iter().filter(|(_, value)| !is_table(value)) {
        table.insert(name, Item::Value(toml_value(value)?));
    }
    for (name, value) in map {
        if let (true, Doc::Map(inner)) = (is_table(value), value) {
            let mut inner = toml_table(inner)?;
            inner.set_implicit(true);
            table.insert(name, Item::Table(inner));
        }
    }
    Ok(table)
}

/// A value of TOML.
///
/// # Errors
/// `null`, which TOML does not have.
pub(super) fn toml_value(doc: &Doc) -> Result<Value, String> {
    Ok(match doc {
        Doc::Null => return Err("TOML has no null".to_owned()),
        Doc::Bool(value) => Value::from(*value),
        Doc::Number(text) | Doc::Date(text) => {
            text.parse::<Value>().map_err(|_| format!("{text} is no number of TOML"))?
        }
        Doc::Text(text) => Value::from(text.as_str()),
        Doc::List(list) => {
            let values: Result<Array, String> = list.iter().map(toml_value).collect();
            Value::Array(values?)
        }
        Doc::Map(map) => {
            let mut inline = InlineTable::new();
            for (name, value) in map {
                inline.insert(name, toml_value(value)?);
            }
            Value::InlineTable(inline)
        }
    })
}

/// A single value as the text that properties have for it.
pub(super) fn plain(doc: &Doc) -> String {
    match doc {
        Doc::Null => String::new(),
        Doc::Text(text) | Doc::Number(text) | Doc::Date(text) => text.clone(),
        Doc::Bool(value) => value.to_string(),
        other => json_compact(other),
    }
}

fn properties_of(doc: &Doc) -> String {
    let mut out = String::new();
    doc.leaves(&mut |path, value| indexed(&path_text(path, true), value, &mut out));
    out
}

/// A list has a line for each of its values, as Spring reads them.
fn indexed(name: &str, value: &Doc, out: &mut String) {
    match value {
        Doc::List(list) if !list.is_empty() => {
            for (at, value) in list.iter().enumerate() {
                indexed(&format!("{name}[{at}]"), value, out);
            }
        }
        Doc::Map(map) if !map.is_empty() => {
            for (inner, value) in map {
                indexed(&format!("{name}.{inner}"), value, out);
            }
        }
        scalar => out.push_str(&properties::line(name, &plain(scalar))),
    }
}

//! A value opened: what it is, and what is in it. And one value in it changed, everything else left
//! as it was written.

use toml_edit::{Document, DocumentMut, Item, TableLike, Value};

use super::doc::{Doc, DocPath};
use super::{json, properties, write, yaml};
use crate::model::format::{ValueFormat, detect};
use crate::model::validate::validate;

/// Larger values are compared and promoted as a whole, in bytes.
pub const MAX_OPENED: usize = 256 * 1024;

/// A value, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Its syntax.
    pub format: ValueFormat,
    /// What is in it, if it is a structured value.
    pub doc: Option<Doc>,
    /// Why it is not opened although its syntax has a structure.
    pub problem: Option<String>,
}

/// Opens a value.
#[must_use]
pub fn open(key: &[u8], value: &[u8]) -> Opened {
    let format = detect(key, value);
    let nothing = |problem: Option<&str>| Opened { format, doc: None, problem: problem.map(str::to_owned) };
    let structured =
        matches!(format, ValueFormat::Json | ValueFormat::Yaml | ValueFormat::Toml | ValueFormat::Properties);
    if !structured {
        return nothing(None);
    }
    if value.len() > MAX_OPENED {
        return nothing(Some("it is too large to be opened"));
    }
    let Ok(text) = std::str::from_utf8(value) else { return nothing(None) };
    match parse(format, text) {
        Ok(doc) => Opened { format, doc: Some(doc), problem: None },
        Err(problem) => Opened { format, doc: None, problem: Some(problem) },
    }
}

/// Reads a text in a syntax with a structure.
///
/// # Errors
/// What is wrong, or why it is not opened.
pub fn parse(format: ValueFormat, text: &str) -> Result<Doc, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        ValueFormat::Json => json::parse(text),
        ValueFormat::Yaml => yaml::parse(text),
        ValueFormat::Toml => parse_toml(text),
        ValueFormat::Properties => properties::parse(text),
        _ => Err("it has no structure".to_owned()),
    }
}

fn parse_toml(text: &str) -> Result<Doc, String> {
    validate(ValueFormat::Toml, text).map_err(|issue| issue.to_string())?;
    let document = Document::parse(text).map_err(|error| error.message().to_owned())?;
    Ok(of_table(document.as_table()))
}

fn of_table(table: &dyn TableLike) -> Doc {
    let members = table.iter().filter_map(|(name, item)| Some((name.to_owned(), of_item(item)?)));
    Doc::Map(members.collect())
}

fn of_item(item: &Item) -> Option<Doc> {
    Some(match item {
        Item::None => return None,
        Item::Value(value) => of_value(value),
        Item::Table(table) => of_table(table),
        Item::ArrayOfTables(tables) => Doc::List(tables.iter().map(|table| of_table(table)).collect()),
    })
}

fn of_value(value: &Value) -> Doc {
    match value {
        Value::String(text) => Doc::Text(text.value().clone()),
        Value::Integer(number) => Doc::Number(number.value().to_string()),
        Value::Float(number) => {
            let written = number.display_repr().trim().replace('_', "");
            Doc::Number(written)
        }
        Value::Boolean(value) => Doc::Bool(*value.value()),
        Value::Datetime(date) => Doc::Date(date.value().to_string()),
        Value::Array(list) => Doc::List(list.iter().map(of_value).collect()),
        Value::InlineTable(table) => of_table(table),
    }
}

/// A change of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// This value at this path.
    Set(DocPath, Doc),
    /// Nothing at this path.
    Remove(DocPath),
}

/// A text that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The text.
    pub text: String,
    /// It had to be written anew: comments and layout are lost.
    pub rewritten: bool,
}

/// Changes a document in its text. What comes out is read again: it holds exactly what was meant, or
/// it is refused.
///
/// # Errors
/// Why it can not be done.
pub fn change(format: ValueFormat, text: &str, change: &Change) -> Result<Changed, String> {
    let mut wanted = parse(format, text)?;
    match change {
        Change::Set(path, value) => wanted.set(path, fitting(format, value)),
        Change::Remove(path) => wanted.remove(path),
    }
    let is_right = |text: &String| parse(format, text).is_ok_and(|doc| doc == wanted);
    for attempt in attempts(change) {
        if let Some(text) = in_place(format, text, &attempt).filter(is_right) {
            return Ok(Changed { text, rewritten: false });
        }
    }
    let text = write::document(&wanted, format)?;
    if is_right(&text) {
        return Ok(Changed { text, rewritten: true });
    }
    Err("it can not be said in this syntax".to_owned())
}

/// What may lead to the change: with the last name of a map the map itself goes.
fn attempts(change: &Change) -> Vec<Change> {
    match change {
        Change::Set(..) => vec![change.clone()],
        Change::Remove(path) => {
            (1..=path.len()).rev().map(|length| Change::Remove(path[..length].to_vec())).collect()
        }
    }
}

/// A value as this syntax has it: properties know only text.
fn fitting(format: ValueFormat, value: &Doc) -> Doc {
    match format {
        ValueFormat::Properties => Doc::Text(write::plain(value)),
        _ => value.clone(),
    }
}

fn in_place(format: ValueFormat, text: &str, change: &Change) -> Option<String> {
    match (format, change) {
        (ValueFormat::Json, Change::Set(path, value)) => json::set(text, path, value),
        (ValueFormat::Json, Change::Remove(path)) => json::remove(text, path),
        (ValueFormat::Yaml, Change::Set(path, value)) => yaml::set(text, path, value),
        (ValueFormat::Yaml, Change::Remove(path)) => yaml::remove(text, path),
        (ValueFormat::Properties, Change::Set(path, value)) => {
            Some(properties::set(text, path.first().filter(|_| path.len() == 1)?, &write::plain(value)))
        }
        (ValueFormat::Properties, Change::Remove(path)) => {
            Some(properties::remove(text, path.first().filter(|_| path.len() == 1)?))
        }
        (ValueFormat::Toml, change) => toml_in_place(text, change),
        _ => None,
    }
}

fn toml_in_place(text: &str, change: &Change) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let (Change::Set(path, _) | Change::Remove(path)) = change;
    let (name, parents) = path.split_last()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for parent in parents {
        let made = || {
            let mut table = toml_edit::Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        table = table.entry(parent).or_insert_with(made).as_table_like_mut()?;
    }
    match change {
        Change::Set(_, value) => {
            let mut value = write::toml_value(value).ok()?;
            if let Some(Item::Value(old)) = table.get(name) {
                *value.decor_mut() = old.decor().clone();
            }
            table.insert(name, Item::Value(value));
        }
        Change::Remove(_) => drop(table.remove(name)?),
    }
    Some(document.to_string())
}

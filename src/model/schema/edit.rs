//! Changes of one value in a text, as a form makes them: everything else stays as it was written. What
//! comes out is read again, and given back only if exactly the wanted value has changed.

mod json;
mod toml;
mod yaml;

use serde_json::{Map, Value};

use super::read::{Syntax, read};
use crate::model::format::ValueFormat;

/// A change of the value at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// It becomes this; a list's entry behind the last one is added.
    Set(Value),
    /// It goes.
    Remove,
}

/// The text can not be changed so without touching more than that: it is left to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this can be changed safely in the text only")]
pub struct TextOnly;

/// Changes the value at a path.
///
/// # Errors
/// [`TextOnly`] where only the text can be changed.
pub fn edit(text: &str, syntax: Syntax, path: &[String], edit: &Edit) -> Result<String, TextOnly> {
    let format = match syntax {
        Syntax::Json => ValueFormat::Json,
        Syntax::Yaml => ValueFormat::Yaml,
        Syntax::Toml => ValueFormat::Toml,
        Syntax::Text => return Err(TextOnly),
    };
    let before = one_document(text, format).ok_or(TextOnly)?;
    let wanted = changed(before, path, edit).ok_or(TextOnly)?;
    let written = match syntax {
        Syntax::Json => json::edit(text, path, edit),
        Syntax::Yaml => yaml::edit(text, path, edit),
        Syntax::Toml => toml::edit(text, path, edit),
        Syntax::Text => None,
    };
    let written = written.ok_or(TextOnly)?;
    match one_document(&written, format) {
        Some(after) if same(&after, &wanted) => Ok(written),
        _ => Err(TextOnly),
    }
}

fn one_document(text: &str, format: ValueFormat) -> Option<Value> {
    let mut documents = read(text, format).ok()?.documents;
    match documents.len() {
        0 => Some(Value::Null),
        1 => documents.pop(),
        _ => None,
    }
}

/// The value with the change made.
fn changed(value: Value, path: &[String], edit: &Edit) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else {
        return match edit {
            Edit::Set(new) => Some(new.clone()),
            Edit::Remove => None,
        };
    };
    match value {
        Value::Array(mut entries) => {
            let at: usize = first.parse().ok()?;
            match (rest.is_empty(), edit) {
                (true, Edit::Remove) if at < entries.len() => drop(entries.remove(at)),
                (true, Edit::Set(new)) if at == entries.len() => entries.push(new.clone()),
                _ => {
                    let entry = entries.get_mut(at)?;
                    *entry = changed(entry.take(), rest, edit)?;
                }
            }
            Some(Value::Array(entries))
        }
        Value::Object(mut fields) => {
            if rest.is_empty() && *edit == Edit::Remove {
                fields.shift_remove(first)?;
            } else {
                let inner = fields.get_mut(first).map(Value::take).unwrap_or_else(|| empty_for(rest));
                let inner = changed(inner, rest, edit)?;
                fields.insert(first.clone(), inner);
            }
            Some(Value::Object(fields))
        }
        Value::Null => changed(empty_for(path), path, edit),
        _ => None,
    }
}

/// What must be there so that something can be put into it.
fn empty_for(path: &[String]) -> Value {
    match path.first() {
        Some(step) if step == "0" => Value::Array(Vec::new()),
        Some(_) => Value::Object(Map::new()),
        None => Value::Null,
    }
}

/// Whether two values are the same to every reader: numbers by what they are worth.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;

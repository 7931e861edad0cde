//! Changes of TOML.

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Value};

use super::Edit;

/// Changes the value at a path of a text that is TOML.
pub(super) fn edit(text: &str, path: &[String], edit: &Edit) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let (last, parents) = path.split_last()?;
    let mut parent: Entry<'_> = Entry::Item(document.as_item_mut());
    for (at, step) in parents.iter().enumerate() {
        // A table that is not there yet is made where something is put into it.
        let next_is_list = parents.get(at + 1).unwrap_or(last) == "0";
        parent = parent.enter(step, matches!(edit, Edit::Set(_)), next_is_list)?;
    }
    match edit {
        Edit::Remove => parent.remove(last)?,
        Edit::Set(value) => parent.set(last, value)?,
    }
    Some(document.to_string())
}

enum Entry<'d> {
    Item(&'d mut Item),
    Value(&'d mut Value),
}

impl<'d> Entry<'d> {
    fn enter(self, step: &str, make: bool, list: bool) -> Option<Entry<'d>> {
        match self {
            Self::Item(Item::Value(value)) | Self::Value(value) => match value {
                Value::Array(array) => Some(Entry::Value(array.get_mut(step.parse().ok()?)?)),
                Value::InlineTable(table) => Some(Entry::Value(table.get_mut(step)?)),
                _ => None,
            },
            // Tables in lists are edited in the text.
            Self::Item(Item::ArrayOfTables(_)) => None,
            Self::Item(item) => {
                let table = item.as_table_mut()?;
                if !table.contains_key(step) {
                    if !make {
                        return None;
                    }
                    let made = if list {
                        Value::Array(Array::new())
                    } else {
                        Value::InlineTable(InlineTable::new())
                    };
                    table.insert(step, Item::Value(made));
                }
                table.get_mut(step).map(Entry::Item)
            }
        }
    }

    fn remove(self, step: &str) -> Option<()> {
        match self {
            Self::Item(Item::Value(value)) | Self::Value(value) => match value {
                Value::Array(array) => {
                    let at: usize = step.parse().ok()?;
                    (at < array.len()).then(|| drop(array.remove(at)))
                }
                Value::InlineTable(table) => table.remove(step).map(drop),
                _ => None,
            },
            Self::Item(item) => item.as_table_mut()?.remove(step).map(drop),
        }
    }

    fn set(self, step: &str, new: &Json) -> Option<()> {
        match self {
            Self::Item(Item::Value(value)) | Self::Value(value) => match value {
                Value::Array(array) => {
                    let at: usize = step.parse().ok()?;
                    if at == array.len() {
                        let mut value = written(new, None)?;
                        if let Some(prefix) =
                            array.iter().last().and_then(|last| last.decor().prefix()).cloned()
                        {
                            value.decor_mut().set_prefix(prefix);
                            array.push_formatted(value);
                        } else {
                            array.push(value);
                        }
                        return Some(());
                    }
                    replace(array.get_mut(at)?, new)
                }
                Value::InlineTable(table) => match table.get_mut(step) {
                    Some(old) => replace(old, new),
                    None => {
                        table.insert(step, written(new, None)?);
                        Some(())
                    }
                },
                _ => None,
            },
            Self::Item(item) => {
                let table = item.as_table_mut()?;
                match table.get_mut(step) {
                    Some(Item::Value(old)) => replace(old, new),
                    Some(_) => None,
                    None => {
                        table.insert(step, Item::Value(written(new, None)?));
                        Some(())
                    }
                }
            }
        }
    }
}

/// Puts a value in another's place, with the white space and comments around it.
fn replace(old: &mut Value, new: &Json) -> Option<()> {
    let mut value = written(new, Some(old))?;
    value.decor_mut().clone_from(old.decor());
    *old = value;
    Some(())
}

/// A value as TOML. A number stays of the type that it was of; a time is no text.
fn written(new: &Json, old: Option<&Value>) -> Option<Value> {
    if matches!(old, Some(Value::Datetime(_))) {
        return None;
    }
    Some(match new {
        Json::Null => return None,
        Json::Bool(on) => Value::from(*on),
        Json::Number(number) => match (number.as_i64(), old) {
            (Some(whole), Some(Value::Float(_))) => Value::from(whole as f64),
            (Some(whole), _) => Value::from(whole),
            (None, _) => Value::from(number.as_f64()?),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(entries) => {
            let mut array = Array::new();
            for entry in entries {
                array.push(written(entry, None)?);
            }
            Value::Array(array)
        }
        Json::Object(fields) => {
            let mut table = InlineTable::new();
            for (name, value) in fields {
                table.insert(name, written(value, None)?);
            }
            Value::InlineTable(table)
        }
    })
}

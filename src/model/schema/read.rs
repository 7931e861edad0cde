//! A value's text as JSON: what is checked. YAML and TOML are converted; plain text is what it looks
//! like, or a string.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Number, Value};
use toml_edit::{Document, Item, TableLike};

use crate::model::format::ValueFormat;
use crate::model::json_text;
use crate::model::validate::{ValueIssue, validate};

/// Aliases can multiply a YAML text: it may become at most so many values …
const MAX_VALUES: usize = 1_000_000;
/// … with so many bytes of text.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The syntax that a text was read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Plain text: a string.
    Text,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// How it was read.
    pub syntax: Syntax,
    /// Its documents: several in YAML alone.
    pub documents: Vec<Value>,
}

/// Why a text can not be read.
pub(super) enum Unread {
    /// The mistake in it.
    Mistake(ValueIssue),
    /// Its format has no values; the format's name.
    Format(&'static str),
}

/// Reads a text of this format.
pub(super) fn read(text: &str, format: ValueFormat) -> Result<Read, Unread> {
    let one = |syntax, value| Read { syntax, documents: vec![value] };
    match format {
        ValueFormat::Json => json(text).map(|value| one(Syntax::Json, value)).map_err(Unread::Mistake),
        ValueFormat::Toml => toml(text).map(|value| one(Syntax::Toml, value)).map_err(Unread::Mistake),
        ValueFormat::Yaml => {
            yaml(text).map(|documents| Read { syntax: Syntax::Yaml, documents }).map_err(Unread::Mistake)
        }
        ValueFormat::Xml => Err(Unread::Format("XML")),
        ValueFormat::Shell => Err(Unread::Format("a shell script")),
        ValueFormat::Binary => Err(Unread::Format("bytes")),
        ValueFormat::Plain | ValueFormat::Properties => Ok(plain(text)),
    }
}

/// Text of no known syntax: JSON or a YAML mapping if it is one after all, else a string.
fn plain(text: &str) -> Read {
    if let Ok(value) = json(text) {
        return Read { syntax: Syntax::Json, documents: vec![value] };
    }
    if let Ok(documents) = yaml(text)
        && matches!(documents.as_slice(), [Value::Object(_) | Value::Array(_)])
    {
        return Read { syntax: Syntax::Yaml, documents };
    }
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    Read { syntax: Syntax::Text, documents: vec![Value::String(line.to_owned())] }
}

/// Reads JSON.
pub(super) fn json(text: &str) -> Result<Value, ValueIssue> {
    json_text::check(text).map_err(|error| ValueIssue::at(text, error.offset, error.message))?;
    serde_json::from_str(text).map_err(|error| ValueIssue {
        line: error.line(),
        column: error.column(),
        message: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    })
}

fn toml(text: &str) -> Result<Value, ValueIssue> {
    validate(ValueFormat::Toml, text)?;
    let document =
        Document::parse(text).map_err(|error| ValueIssue::somewhere(error.message().to_owned()))?;
    table(document.as_table())
}

fn table(table: &dyn TableLike) -> Result<Value, ValueIssue> {
    let mut object = Map::new();
    for (name, item) in table.iter() {
        let value = match item {
            Item::None => continue,
            Item::Value(value) => toml_value(value)?,
            Item::Table(inner) => self::table(inner)?,
            Item::ArrayOfTables(tables) => {
                Value::Array(tables.iter().map(|inner| self::table(inner)).collect::<Result<_, _>>()?)
            }
        };
        object.insert(name.to_owned(), value);
    }
    Ok(Value::Object(object))
}

fn toml_value(value: &toml_edit::Value) -> Result<Value, ValueIssue> {
    use toml_edit::Value as Toml;
    Ok(match value {
        Toml::String(text) => Value::String(text.value().clone()),
        Toml::Integer(number) => Value::from(*number.value()),
        Toml::Float(number) => float(*number.value()).map_err(ValueIssue::somewhere)?,
        Toml::Boolean(on) => Value::Bool(*on.value()),
        Toml::Datetime(time) => Value::String(time.value().to_string()),
        Toml::Array(array) => Value::Array(array.iter().map(toml_value).collect::<Result<_, _>>()?),
        Toml::InlineTable(inner) => table(inner)?,
    })
}

fn float(number: f64) -> Result<Value, String> {
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| format!("{number} has no place in JSON, so it can not be checked"))
}

fn yaml(text: &str) -> Result<Vec<Value>, ValueIssue> {
    validate(ValueFormat::Yaml, text)?;
    let left = Budget { values: Cell::new(MAX_VALUES), bytes: Cell::new(MAX_BYTES) };
    let mut documents = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let value = Seed(&left).deserialize(document).map_err(|error| {
            let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            ValueIssue { line, column, message }
        })?;
        documents.push(merged(value));
    }
    Ok(documents)
}

/// What a YAML text may still become.
struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn take<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        let (values, left) = (self.values.get(), self.bytes.get());
        if values == 0 || left < bytes {
            return Err(E::custom("its aliases make it too large to be checked"));
        }
        self.values.set(values - 1);
        self.bytes.set(left - bytes);
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Budget);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Value, E> {
        self.0.take(0).map(|()| Value::Bool(on))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        self.0.take(0).map(|()| Value::from(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        self.0.take(0).map(|()| Value::from(number))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        self.0.take(0)?;
        float(number).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.0.take(text.len()).map(|()| Value::String(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.0.take(0).map(|()| Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.0.take::<A::Error>(0)?;
        let mut array = Vec::new();
        while let Some(value) = entries.next_element_seed(self)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.0.take::<A::Error>(0)?;
        let mut object = Map::new();
        while let Some(name) = entries.next_key_seed(self)? {
            let name = name_of::<A::Error>(name)?;
            let value = entries.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    /// A tag says how others read the value; what is checked is the value.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, value): (Value, _) = tagged.variant_seed(self)?;
        value.newtype_variant_seed(self)
    }
}

/// The name of a field: JSON has no other names than strings.
fn name_of<E: de::Error>(name: Value) -> Result<String, E> {
    match name {
        Value::String(name) => Ok(name),
        Value::Null => Ok(String::from("null")),
        Value::Bool(on) => Ok(on.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Array(_) | Value::Object(_) => Err(E::custom("a name must be a single value")),
    }
}

/// Follows YAML's merge keys: what stands in a mapping itself goes first.
fn merged(value: Value) -> Value {
    match value {
        Value::Array(entries) => Value::Array(entries.into_iter().map(merged).collect()),
        Value::Object(mut object) => {
            let from = match object.get("<<") {
                Some(Value::Object(_)) => object.shift_remove("<<").into_iter().collect(),
                Some(Value::Array(many)) if many.iter().all(Value::is_object) => {
                    match object.shift_remove("<<") {
                        Some(Value::Array(many)) => many,
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            };
            let mut result: Map<String, Value> =
                object.into_iter().map(|(name, value)| (name, merged(value))).collect();
            for value in from {
                if let Value::Object(fields) = merged(value) {
                    for (name, value) in fields {
                        result.entry(name).or_insert(value);
                    }
                }
            }
            Value::Object(result)
        }
        other => other,
    }
}

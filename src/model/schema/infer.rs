//! A schema made of an example: the types that it shows, to be looked over and tightened by hand.

use serde_json::{Map, Value, json};

use super::problem::type_name;
use super::read::read;
use super::rule::SchemaSettings;
use super::set::KEYS_FIELD;
use crate::model::bytes::Key;
use crate::model::format::ValueFormat;

/// The draft of a schema for a key: where it would lie in etcd, and its text. `None` where the value can
/// not be read, or schemas are not kept in etcd.
#[must_use]
pub fn draft_of(
    settings: &SchemaSettings,
    separator: u8,
    key: &[u8],
    text: &str,
    format: ValueFormat,
) -> Option<(Key, String)> {
    let read = read(text, format).ok()?;
    let [value] = read.documents.as_slice() else { return None };
    let folder = settings.folder(separator)?;
    let slash: &[u8] = if key.starts_with(&[separator]) { &[separator] } else { &[] };
    let bare = key.strip_prefix(&[separator]).unwrap_or(key);
    let base_end = memchr::memrchr(separator, &folder[..folder.len() - 1]).map_or(0, |at| at + 1);
    let below = bare.strip_prefix(&folder[..base_end]).and_then(|rest| {
        let at = memchr::memchr(separator, rest)?;
        (at + 1 < rest.len()).then(|| &rest[at + 1..])
    });
    let mut document = Map::new();
    document.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    let rest = match below {
        Some(rest) => rest.to_vec(),
        None => {
            // It lies outside: the document must say what it is for.
            document.insert(KEYS_FIELD.into(), json!([String::from_utf8_lossy(bare)]));
            bare.to_vec()
        }
    };
    let name = rest.rsplit(|byte| *byte == separator).find(|part| !part.is_empty()).unwrap_or_default();
    document.insert("title".into(), json!(String::from_utf8_lossy(name)));
    if let Value::Object(inferred) = infer(value, 0) {
        document.extend(inferred);
    }
    let mut written = serde_json::to_string_pretty(&Value::Object(document)).ok()?;
    written.push('\n');
    Some((Key::from([slash, &folder, &rest].concat()), written))
}

/// What a value shows of its type.
fn infer(value: &Value, depth: usize) -> Value {
    const DEEPEST: usize = 32;
    match value {
        Value::Null => json!({}),
        Value::Object(fields) if depth < DEEPEST => {
            let properties: Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), infer(value, depth + 1))).collect();
            let required: Vec<&String> =
                fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name).collect();
            json!({"type": "object", "required": required, "properties": properties})
        }
        Value::Array(entries) if depth < DEEPEST => {
            let mut items: Option<Value> = None;
            for entry in entries {
                let next = infer(entry, depth + 1);
                items = Some(match items {
                    None => next,
                    Some(before) => common(before, &next),
                });
            }
            match items {
                Some(items) => json!({"type": "array", "items": items}),
                None => json!({"type": "array"}),
            }
        }
        other => json!({"type": type_name(other)}),
    }
}

/// What two examples have in common.
fn common(one: Value, other: &Value) -> Value {
    if one == *other {
        return one;
    }
    let kind = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
    match (kind(&one), kind(other)) {
        (Some(a), Some(b)) if a == "object" && b == "object" => {
            let fields = |value: &Value| {
                value.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
            };
            let needed =
                |value: &Value| value.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut properties = fields(&one);
            for (name, value) in fields(other) {
                let merged = match properties.shift_remove(&name) {
                    Some(before) => common(before, &value),
                    None => value,
                };
                properties.insert(name, merged);
            }
            let theirs = needed(other);
            let required: Vec<Value> =
                needed(&one).into_iter().filter(|name| theirs.contains(name)).collect();
            json!({"type": "object", "required": required, "properties": properties})
        }
        (Some(a), Some(b))
            if matches!((a.as_str(), b.as_str()), ("integer" | "number", "integer" | "number")) =>
        {
            json!({"type": "number"})
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Schema, SchemaSet};
    use super::*;
    use crate::model::keyspace::Keyspace;

    #[test]
    fn an_example_becomes_a_schema_that_it_fits() {
        let text =
            "limit: 200\nratio: 0.5\nnames: [a, b]\nsteps:\n  - {a: 1, b: x}\n  - {a: 1.5}\nnone: null\n";
        let settings = SchemaSettings::default();
        let (key, schema) =
            draft_of(&settings, b'/', b"/config/prod/order/limits.yaml", text, ValueFormat::Yaml)
                .expect("a draft");
        assert_eq!(&*key, b"/config/schema/order/limits.yaml");
        let mut keyspace = Keyspace::new(b'/');
        keyspace.put(&key, crate::model::record::KeyMeta::default(), Some(schema.as_bytes().into()));
        let set = SchemaSet::new(&settings, &keyspace);
        let checked = set.check(b"/config/prod/order/limits.yaml", text.as_bytes(), None);
        assert!(checked.applied.is_some() && checked.problems.is_empty(), "{checked:?}");
        let changed = text.replace("limit: 200", "limit: many");
        assert_eq!(set.check(b"/config/x/order/limits.yaml", changed.as_bytes(), None).problems.len(), 1);
    }

    #[test]
    fn a_key_elsewhere_is_named_in_the_document() {
        let settings = SchemaSettings::default();
        let (key, schema) =
            draft_of(&settings, b'/', b"svc/a", "{\"a\": 1}", ValueFormat::Json).expect("a draft");
        assert_eq!(&*key, b"config/schema/svc/a");
        assert!(schema.contains("\"svc/a\"") && schema.contains(KEYS_FIELD));
        let ready = Schema::new(&schema, None, &std::sync::Arc::default());
        assert!(ready.is_ok());
        let off = SchemaSettings { prefix: Some(String::new()), ..settings };
        assert!(draft_of(&off, b'/', b"svc/a", "{}", ValueFormat::Json).is_none());
    }
}

//! The fields of a form, taken from a schema: what is simple enough to be filled in without knowing
//! the text's syntax. Everything else stays in the text.

use serde_json::{Map, Value};

use super::problem::cut;

/// Groups lie in groups at most so deep.
const DEEPEST: usize = 3;
/// References are followed at most so far.
const MOST_HOPS: usize = 8;
/// A form has at most so many fields.
const MOST_FIELDS: usize = 200;

/// A field of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// Where its value is: names from the root.
    pub path: Vec<String>,
    /// What the schema calls it, if it does.
    pub title: Option<String>,
    /// What the schema says about it.
    pub description: Option<String>,
    /// It must be there.
    pub required: bool,
    /// What is taken where it is not there.
    pub default: Option<Value>,
    /// What can be filled in.
    pub kind: FieldKind,
}

/// What can be filled into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number, perhaps within limits; `whole`: without a fraction.
    Number {
        /// Whole numbers alone.
        whole: bool,
        /// The least, as written.
        least: Option<String>,
        /// The most, as written.
        most: Option<String>,
    },
    /// True or false.
    Switch,
    /// One of these.
    Choice(Vec<Value>),
    /// Several of one kind.
    List(Box<FieldKind>),
    /// Fields below it.
    Group(Vec<FieldSpec>),
    /// Nothing: it is edited in the text.
    TextOnly,
}

/// The fields of a schema's object; `None` where it has none.
#[must_use]
pub fn form_of(document: &Value) -> Option<Vec<FieldSpec>> {
    let mut left = MOST_FIELDS;
    let fields = fields_of(document, document, &[], 0, &mut left)?;
    (!fields.is_empty()).then_some(fields)
}

fn fields_of(
    root: &Value,
    schema: &Value,
    path: &[String],
    depth: usize,
    left: &mut usize,
) -> Option<Vec<FieldSpec>> {
    let properties = schema.get("properties")?.as_object()?;
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut fields = Vec::new();
    for (name, property) in properties {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let Some(resolved) = resolve(root, property) else { continue };
        let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
        let said = |field: &str| {
            let here = property.get(field).or_else(|| resolved.get(field));
            here.and_then(Value::as_str).filter(|text| !text.is_empty()).map(cut)
        };
        let kind = kind_of(root, resolved, &path, depth, left);
        fields.push(FieldSpec {
            title: said("title"),
            description: said("description"),
            required: required.contains(&name.as_str()),
            default: property.get("default").or_else(|| resolved.get("default")).cloned(),
            kind,
            path,
        });
    }
    Some(fields)
}

/// Follows references within the document.
fn resolve<'v>(root: &'v Value, schema: &'v Value) -> Option<&'v Value> {
    let mut schema = schema;
    for _ in 0..MOST_HOPS {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
        schema = root.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

fn kind_of(root: &Value, schema: &Value, path: &[String], depth: usize, left: &mut usize) -> FieldKind {
    let Some(object) = schema.as_object() else { return FieldKind::TextOnly };
    if let Some(simple) = simple_kind(object) {
        return simple;
    }
    match type_of(object) {
        Some("array") => {
            let items = object.get("items").and_then(|items| resolve(root, items)).and_then(Value::as_object);
            match items.and_then(simple_kind) {
                Some(simple) => FieldKind::List(Box::new(simple)),
                None => FieldKind::TextOnly,
            }
        }
        Some("object") if depth < DEEPEST => match fields_of(root, schema, path, depth + 1, left) {
            Some(fields) if !fields.is_empty() => FieldKind::Group(fields),
            _ => FieldKind::TextOnly,
        },
        _ => FieldKind::TextOnly,
    }
}

/// The one type of a value, `null` beside it left out.
fn type_of(schema: &Map<String, Value>) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => Some(one),
        Some(Value::Array(several)) => {
            let mut names = several.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())
        }
        None if schema.contains_key("properties") => Some("object"),
        _ => None,
    }
}

fn simple_kind(schema: &Map<String, Value>) -> Option<FieldKind> {
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let simple = options.iter().all(|option| !option.is_array() && !option.is_object());
        return simple.then(|| FieldKind::Choice(options.clone()));
    }
    if let Some(only) = schema.get("const").filter(|only| !only.is_array() && !only.is_object()) {
        return Some(FieldKind::Choice(vec![only.clone()]));
    }
    let limit = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| schema.get(name).filter(|limit| limit.is_number()).map(ToString::to_string))
    };
    Some(match type_of(schema)? {
        "string" => FieldKind::Text,
        name @ ("integer" | "number") => FieldKind::Number {
            whole: name == "integer",
            least: limit(["minimum", "exclusiveMinimum"]),
            most: limit(["maximum", "exclusiveMaximum"]),
        },
        "boolean" => FieldKind::Switch,
        _ => return None,
    })
}

/// What an operator typed into a field of this kind, as a value; `None` where it is none.
#[must_use]
pub fn typed(kind: &FieldKind, text: &str) -> Option<Value> {
    match kind {
        FieldKind::Text => Some(Value::String(text.to_owned())),
        FieldKind::Number { whole, .. } => {
            let text = text.trim();
            let value: Value = serde_json::from_str(text).ok().filter(Value::is_number)?;
            (!whole || value.is_i64() || value.is_u64()).then_some(value)
        }
        FieldKind::Switch => text.parse().ok().map(Value::Bool),
        FieldKind::Choice(options) => options.iter().find(|option| shown(option) == text).cloned(),
        FieldKind::List(_) | FieldKind::Group(_) | FieldKind::TextOnly => None,
    }
}

/// A single value as it stands in a field.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn simple_fields_are_found_and_the_rest_is_left_to_the_text() {
        let schema = json!({
            "type": "object",
            "required": ["limit"],
            "properties": {
                "limit": {"type": "integer", "minimum": 1, "title": "Limit"},
                "level": {"$ref": "#/$defs/level"},
                "on": {"type": ["boolean", "null"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "deep": {"type": "object", "properties": {"a": {"type": "number"}}},
                "any": {"anyOf": [{"type": "string"}]},
                "round": {"$ref": "#/properties/round"}
            },
            "$defs": {"level": {"enum": ["a", "b"], "description": "How much"}}
        });
        let fields = form_of(&schema).expect("fields");
        let kinds: Vec<_> = fields.iter().map(|field| (field.path.join("."), &field.kind)).collect();
        assert_eq!(fields[0].title.as_deref(), Some("Limit"));
        assert!(fields[0].required && !fields[1].required);
        assert_eq!(fields[1].description.as_deref(), Some("How much"));
        assert!(matches!(kinds[1].1, FieldKind::Choice(options) if options.len() == 2));
        assert!(matches!(kinds[2].1, FieldKind::Switch));
        assert!(matches!(kinds[3].1, FieldKind::List(inner) if **inner == FieldKind::Text));
        assert!(matches!(kinds[4].1, FieldKind::Group(inner) if inner[0].path == ["deep", "a"]));
        assert!(matches!(kinds[5].1, FieldKind::TextOnly));
        assert_eq!(kinds.len(), 6, "what refers to itself is no field");
        assert_eq!(typed(&fields[0].kind, " 7 "), Some(json!(7)));
        assert_eq!(typed(&fields[0].kind, "7.5"), None);
        assert_eq!(typed(&fields[0].kind, ""), None);
        assert_eq!(form_of(&json!({"type": "string"})), None);
    }
}

//! The fields of a registration or a report that is JSON, by the names that programs give them.

use serde_json::{Map, Value as Json};

/// Longer values are not looked into.
pub(super) const MAX_LOOKED_AT: usize = 64 * 1024;
/// Names of a weight.
pub(super) const WEIGHT: &[&str] = &["weight"];
/// Names of a label.
pub(super) const LABEL: &[&str] = &["label"];
/// Names of the part that holds whatever the program wants to say.
const METADATA: &[&str] = &["metadata", "meta", "labels", "tags", "attributes"];

pub(super) use super::value::is_address;

/// The value as a JSON object, if it is one and not too long. Nested too deeply (128 levels) it is none.
pub(super) fn object(value: &[u8]) -> Option<Json> {
    let first = value.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') || value.len() > MAX_LOOKED_AT {
        return None;
    }
    serde_json::from_slice(value).ok().filter(Json::is_object)
}

/// Whether a field has this name: `requestLatencyMs`, `request_latency_ms` and `RequestLatencyMs` are one.
/// The name is given in lower case without marks.
pub(super) fn is_field(field: &str, name: &str) -> bool {
    let mut letters =
        field.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    name.bytes().all(|expected| letters.next() == Some(expected)) && letters.next().is_none()
}

/// The first field with one of these names, with the name that it has; earlier names go before later ones.
pub(super) fn named<'j>(fields: &'j Map<String, Json>, names: &[&str]) -> Option<(&'j str, &'j Json)> {
    names.iter().find_map(|name| {
        let (field, value) = fields.iter().find(|(field, _)| is_field(field, name))?;
        Some((field.as_str(), value))
    })
}

/// The value at a path.
pub(super) fn at<'j>(json: &'j Json, path: &[String]) -> Option<&'j Json> {
    path.iter().try_fold(json, |json, step| match json {
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        json => json.get(step),
    })
}

/// The name of the part that holds whatever the program wants to say.
pub(super) fn metadata_name(json: &Json) -> Option<&str> {
    let fields = json.as_object()?;
    METADATA.iter().find_map(|name| {
        let (field, value) = named(fields, &[name])?;
        value.is_object().then_some(field)
    })
}

/// Where a field with one of these names is: beside the others, in the metadata, or in the metadata of the
/// only node.
pub(super) fn path_of(json: &Json, names: &[&str]) -> Option<Vec<String>> {
    let fields = json.as_object()?;
    if let Some((field, value)) = named(fields, names)
        && !value.is_object()
    {
        return Some(vec![field.to_owned()]);
    }
    for metadata in METADATA {
        if let Some((part, inner)) = named(fields, &[metadata])
            && let Some((field, _)) = inner.as_object().and_then(|inner| named(inner, names))
        {
            return Some(vec![part.to_owned(), field.to_owned()]);
        }
    }
    let (part, nodes) = named(fields, &["nodes"])?;
    let [node] = nodes.as_array()?.as_slice() else { return None };
    let mut path = vec![part.to_owned(), "0".to_owned()];
    path.extend(path_of(node, names)?);
    Some(path)
}

/// Where the weight of the only node of an APISIX upstream is: in the upstream, or in a route or service that
/// has one within.
pub(super) fn only_node_weight(json: &Json) -> Option<Vec<String>> {
    if let Some(upstream) = json.get("upstream") {
        let mut path = vec!["upstream".to_owned()];
        path.extend(only_node_weight(upstream)?);
        return Some(path);
    }
    let nodes = || "nodes".to_owned();
    match json.get("nodes")? {
        Json::Object(by_address) if by_address.len() == 1 => {
            by_address.keys().next().map(|address| vec![nodes(), address.clone()])
        }
        Json::Array(items) if items.len() == 1 => Some(vec![nodes(), "0".to_owned(), "weight".to_owned()]),
        _ => None,
    }
}

/// A finite number, also one that is written as text.
pub(super) fn number(value: &Json) -> Option<f64> {
    let number = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) if text.len() <= 32 => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// A text, or a number or truth as text.
pub(super) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(cut(text)),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A text, at most as long as a person reads.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 500;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text in a field with one of these names; an empty one is none.
pub(super) fn text(fields: &Map<String, Json>, names: &[&str]) -> Option<String> {
    let (_, value) = named(fields, names)?;
    scalar(value).filter(|text| !text.is_empty())
}

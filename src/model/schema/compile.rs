//! JSON Schema documents, ready to check with. Nothing is ever fetched: what a document refers to must
//! be in it, or be another document below the schemas' folder in etcd.

use std::sync::Arc;

use jsonschema::{PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

use super::problem::{self, MAX_REASON_CHARS, Problem, What, cut_at};
use super::read::json;
use crate::model::bytes::{Key, Value as Bytes};

/// Larger documents are not used.
const MAX_SCHEMA_BYTES: usize = 1024 * 1024;
/// A pattern that goes back and forth more often is given up.
const BACKTRACK_LIMIT: usize = 50_000;
/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 2 * 1024 * 1024;
/// How many problems are looked for in one value.
pub(super) const MAX_PROBLEMS: usize = 100;

/// The documents below the schemas' folder: key and text (`None`: not in memory).
#[derive(Clone, Debug, Default)]
pub struct Documents(pub(super) Vec<(Key, Option<Bytes>)>);

impl Documents {
    pub(super) fn position(&self, key: &[u8]) -> Option<usize> {
        self.0.iter().position(|(known, _)| &**known == key)
    }
}

/// A schema, ready to check with.
#[derive(Debug)]
pub struct Schema {
    /// The document.
    pub document: Arc<Value>,
    validator: Validator,
}

impl Schema {
    /// Whether a document can be used that refers to none but these.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(text: &str, others: &Arc<Documents>) -> Result<(), Problem> {
        Self::new(text, None, others).map(drop)
    }

    /// Makes the text of a document ready. `base`: its key, for what it refers to.
    pub(super) fn new(text: &str, base: Option<&Key>, others: &Arc<Documents>) -> Result<Self, Problem> {
        let broken = |why: String| Problem::new(Vec::new(), What::Broken(why));
        if text.len() > MAX_SCHEMA_BYTES {
            return Err(broken(String::from("it is larger than 1 MiB")));
        }
        let document = json(text).map_err(|issue| Problem {
            line: issue.line,
            column: issue.column,
            ..broken(issue.message.clone())
        })?;
        if !document.is_object() && !document.is_boolean() {
            return Err(broken(format!("it is {}, not an object", problem::type_name(&document))));
        }
        let mut options = jsonschema::options()
            .with_retriever(Below(others.clone()))
            .should_validate_formats(true)
            .with_pattern_options(
                PatternOptions::fancy_regex()
                    .backtrack_limit(BACKTRACK_LIMIT)
                    .size_limit(PATTERN_BYTES)
                    .dfa_size_limit(PATTERN_BYTES),
            );
        if let Some(base) = base {
            options = options.with_base_uri(uri_of(base));
        }
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| options.build(&document)));
        let validator = match built {
            Ok(Ok(validator)) => validator,
            Ok(Err(error)) => {
                let path = problem::steps(error.instance_path().as_str());
                let (inner, _) = problem::of(&error);
                let why = match inner.what {
                    What::Broken(why) => why,
                    what => what.to_string(),
                };
                let place = inner_place(&path);
                return Err(Problem::new(
                    path,
                    What::Broken(cut_at(&format!("{place}{why}"), MAX_REASON_CHARS)),
                ));
            }
            Err(_) => return Err(broken(String::from("it can not be made ready to check with"))),
        };
        Ok(Self { document: Arc::new(document), validator })
    }

    /// What is wrong with a value: the problem, and whether its place is a field's name.
    pub(super) fn problems(&self, value: &Value) -> Vec<(Problem, bool)> {
        let check = || {
            self.validator.iter_errors(value).take(MAX_PROBLEMS).map(|error| problem::of(&error)).collect()
        };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).unwrap_or_else(|_| {
            let what = What::Broken(String::from("the check broke off"));
            vec![(Problem::new(Vec::new(), what), false)]
        })
    }
}

fn inner_place(path: &[String]) -> String {
    let text = Problem::new(path.to_vec(), What::Forbidden).path_text();
    if text.is_empty() { text } else { format!("{text}: ") }
}

/// The address of a document in etcd.
fn uri_of(key: &[u8]) -> String {
    let mut uri = String::from("etcd:///");
    for byte in key.strip_prefix(b"/").unwrap_or(key) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Finds what a document refers to among the documents below the schemas' folder.
struct Below(Arc<Documents>);

impl Retrieve for Below {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let wanted = uri.as_str().split('#').next().unwrap_or_default();
        let by_key = self.0.0.iter().find(|(key, _)| uri_of(key) == wanted);
        let text = |value: &Option<Bytes>| -> Option<Value> {
            json(std::str::from_utf8(value.as_ref()?).ok()?).ok()
        };
        match by_key {
            Some((_, value)) => {
                text(value).ok_or_else(|| format!("what it refers to at {wanted} is no JSON").into())
            }
            // Some documents are known by the name that they give themselves.
            None => {
                let named = self.0.0.iter().filter_map(|(_, value)| text(value)).find(|document| {
                    let id = document.get("$id").or_else(|| document.get("id")).and_then(Value::as_str);
                    id.is_some_and(|id| id.trim_end_matches('#') == wanted)
                });
                named.ok_or_else(|| {
                    format!("it refers to {wanted}, which is not among the schemas in etcd; nothing else is fetched").into()
                })
            }
        }
    }
}

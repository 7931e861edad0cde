//! What is wrong with a value, where, and in which words.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

/// Longer texts of schemas are cut in messages.
const MAX_CHARS: usize = 120;
/// Reasons why a schema is broken may be so long.
pub(super) const MAX_REASON_CHARS: usize = 400;
/// Lists in messages go on with `…` after so many.
const MAX_LISTED: usize = 12;

/// Something in a value that its schema does not allow, or why that can not be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the value: names and indexes from its root.
    pub path: Vec<String>,
    /// The line in the text, from 1; 0 where it can not be told.
    pub line: usize,
    /// The character in the line, from 1; 0 where it can not be told.
    pub column: usize,
    /// The character behind its end in the same line, where that is known.
    pub end_column: Option<usize>,
    /// What is wrong.
    pub what: What,
}

impl Problem {
    /// A problem whose place is not known (yet).
    #[must_use]
    pub fn new(path: Vec<String>, what: What) -> Self {
        Self { path, line: 0, column: 0, end_column: None, what }
    }

    /// Where in the value, as operators write it; see [`path_text`].
    #[must_use]
    pub fn path_text(&self) -> String {
        // What is not foreseen is named anyway.
        let named = usize::from(matches!(self.what, What::Additional(_)));
        path_text(&self.path[..self.path.len().saturating_sub(named)])
    }
}

/// A place in a value, as operators write it: `metrics.cpuUsage`, `middleware[2]`; empty for the value
/// itself.
#[must_use]
pub fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{step}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(step);
        }
    }
    cut(&text)
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        let path = self.path_text();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{}", self.what)
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// The value can not be read.
    #[error("{0}")]
    Syntax(String),
    /// It is no text.
    #[error("bytes can not be checked by a schema")]
    Binary,
    /// Its format has no place in JSON Schema; the name of the format.
    #[error("{0} can not be checked by a schema")]
    Format(&'static str),
    /// The schema can not be used, and why.
    #[error("the schema itself is broken: {0}")]
    Broken(String),
    /// It takes too long.
    #[error("checking it takes too long, so it was given up")]
    TooLong,
    /// It is of another type.
    #[error("it is {found}, not {}", .expected.join(" or "))]
    Type {
        /// The types that are allowed.
        expected: Vec<String>,
        /// The type that it is.
        found: &'static str,
    },
    /// A field is missing.
    #[error("{0:?} is missing")]
    Required(String),
    /// Fields that are not foreseen.
    #[error("{} is not foreseen", .0.join(", "))]
    Additional(Vec<String>),
    /// It is none of these.
    #[error("it must be one of {}", .0.join(", "))]
    Enum(Vec<String>),
    /// It is not this.
    #[error("it must be {0}")]
    Const(String),
    /// Too small.
    #[error("it must be at least {0}")]
    Minimum(String),
    /// Too large.
    #[error("it must be at most {0}")]
    Maximum(String),
    /// Too small.
    #[error("it must be more than {0}")]
    Above(String),
    /// Too large.
    #[error("it must be less than {0}")]
    Below(String),
    /// No multiple of this.
    #[error("it must be a multiple of {0}")]
    MultipleOf(String),
    /// Too short.
    #[error("it must have at least {0} characters")]
    MinLength(u64),
    /// Too long.
    #[error("it must have at most {0} characters")]
    MaxLength(u64),
    /// Too few.
    #[error("it must have at least {0} entries")]
    MinItems(u64),
    /// Too many.
    #[error("it must have at most {0} entries")]
    MaxItems(u64),
    /// Too few.
    #[error("it must have at least {0} fields")]
    MinProperties(u64),
    /// Too many.
    #[error("it must have at most {0} fields")]
    MaxProperties(u64),
    /// Something comes twice.
    #[error("its entries must differ from each other")]
    Unique,
    /// It has not this form.
    #[error("it does not match the pattern {0}")]
    Pattern(String),
    /// It is no date, address and so on.
    #[error("it is no {0}")]
    NoFormat(String),
    /// It must not be there at all.
    #[error("nothing is allowed here")]
    Forbidden,
    /// None of several schemas allows it.
    #[error("none of the allowed forms fits")]
    NoneFits,
    /// More than one of several schemas allows it.
    #[error("more than one of the allowed forms fits")]
    SeveralFit,
    /// It is what it must not be.
    #[error("it is what is ruled out")]
    RuledOut,
    /// Nothing of what must be in it is.
    #[error("it has no entry of the kind that is needed")]
    Contains,
    /// Anything else, in the words of the library (English).
    #[error("{0}")]
    Other(String),
}

impl What {
    /// Whether the value could not be held against its schema at all.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        matches!(self, Self::Syntax(_) | Self::Binary | Self::Format(_) | Self::Broken(_) | Self::TooLong)
    }
}

/// The problem that the library found, and whether its place is the name of the field rather than its
/// value.
pub(super) fn of(error: &ValidationError<'_>) -> (Problem, bool) {
    let mut path: Vec<String> = steps(error.instance_path().as_str());
    let mut at_name = false;
    let what = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            if let Some(first) = unexpected.first() {
                path.push(first.clone());
                at_name = true;
            }
            What::Additional(listed(unexpected.iter().map(|name| format!("{name:?}"))))
        }
        ValidationErrorKind::PropertyNames { error } => {
            if let Some(name) = error.instance().as_str() {
                path.push(name.to_owned());
                at_name = true;
            }
            what_of(error)
        }
        _ => what_of(error),
    };
    (Problem::new(path, what), at_name)
}

fn what_of(error: &ValidationError<'_>) -> What {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(one) => vec![one.as_str().to_owned()],
                TypeKind::Multiple(several) => several.iter().map(|one| one.as_str().to_owned()).collect(),
            };
            What::Type { expected, found: type_name(error.instance()) }
        }
        Kind::Required { property } => What::Required(cut(property
            .as_str()
            .map_or_else(|| property.to_string(), str::to_owned)
            .as_str())),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => What::Enum(listed(options.iter().map(shown))),
            None => What::Enum(vec![shown(options)]),
        },
        Kind::Constant { expected_value } => What::Const(shown(expected_value)),
        Kind::Minimum { limit } => What::Minimum(shown(limit)),
        Kind::Maximum { limit } => What::Maximum(shown(limit)),
        Kind::ExclusiveMinimum { limit } => What::Above(shown(limit)),
        Kind::ExclusiveMaximum { limit } => What::Below(shown(limit)),
        Kind::MultipleOf { multiple_of } => What::MultipleOf(multiple_of.to_string()),
        Kind::MinLength { limit } => What::MinLength(*limit),
        Kind::MaxLength { limit } => What::MaxLength(*limit),
        Kind::MinItems { limit } => What::MinItems(*limit),
        Kind::MaxItems { limit } => What::MaxItems(*limit),
        Kind::AdditionalItems { limit } => What::MaxItems(*limit as u64),
        Kind::MinProperties { limit } => What::MinProperties(*limit),
        Kind::MaxProperties { limit } => What::MaxProperties(*limit),
        Kind::UniqueItems => What::Unique,
        Kind::Pattern { pattern } => What::Pattern(cut(pattern)),
        Kind::Format { format } => What::NoFormat(cut(format)),
        Kind::FalseSchema => What::Forbidden,
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => What::NoneFits,
        Kind::OneOfMultipleValid { .. } => What::SeveralFit,
        Kind::Not { .. } => What::RuledOut,
        Kind::Contains => What::Contains,
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => What::TooLong,
        Kind::Referencing(error) => {
            let words = error.to_string();
            What::Broken(cut_at(
                words.rsplit("retrieving it failed: ").next().unwrap_or(&words),
                MAX_REASON_CHARS,
            ))
        }
        // Without the value: it may be long, and it is on screen anyway.
        _ => What::Other(cut(&error.masked().to_string())),
    }
}

/// The steps of a JSON pointer.
pub(super) fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// The name of a value's type in JSON Schema.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn listed(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut list: Vec<String> = words.take(MAX_LISTED + 1).map(|word| cut(&word)).collect();
    if list.len() > MAX_LISTED {
        list.truncate(MAX_LISTED);
        list.push(String::from("…"));
    }
    list
}

pub(super) fn cut(text: &str) -> String {
    cut_at(text, MAX_CHARS)
}

pub(super) fn cut_at(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

//! A structured value, whatever syntax it was written in, and how two of them become one.

use crate::model::key_text::neutral;
use crate::model::quoted;

/// Values nested deeper are not opened.
pub const MAX_DEPTH: usize = 64;

/// A structured value. Numbers keep the digits they were written with: no rounding may pass for what
/// is stored.
#[derive(Clone, Debug)]
pub enum Doc {
    /// `null`: a value like any other. It replaces; it does not remove.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A date or time of TOML, as it was written.
    Date(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Doc>),
    /// Named values, in the order in which they were written; no name twice.
    Map(Vec<(String, Doc)>),
}

/// Where a value is in a document: the names from the outside in; empty: the whole.
pub type DocPath = Vec<String>;

/// What a value is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocKind {
    /// `null`, `true`, `false`.
    Word,
    /// A number or a date.
    Number,
    /// Text.
    Text,
    /// A list, or an empty map.
    List,
    /// A whole value that is not opened: text of several lines, a document.
    Whole,
    /// Not text.
    Binary,
    /// The value is not loaded.
    Unknown,
}

/// The order of names says nothing.
impl PartialEq for Doc {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Number(one), Self::Number(two))
            | (Self::Date(one), Self::Date(two))
            | (Self::Text(one), Self::Text(two)) => one == two,
            (Self::List(one), Self::List(two)) => one == two,
            (Self::Map(one), Self::Map(two)) => one.len() == two.len() && sorted(one) == sorted(two),
            _ => false,
        }
    }
}

fn sorted(map: &[(String, Doc)]) -> Vec<(&str, &Doc)> {
    let mut sorted: Vec<_> = map.iter().map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

impl Doc {
    /// A map without anything in it.
    #[must_use]
    pub fn empty() -> Self {
        Self::Map(Vec::new())
    }

    /// Whether it is a map.
    #[must_use]
    pub fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// Whether it is a map without anything in it.
    #[must_use]
    pub fn is_empty_map(&self) -> bool {
        matches!(self, Self::Map(map) if map.is_empty())
    }

    /// The value at a path.
    #[must_use]
    pub fn get(&self, path: &[String]) -> Option<&Self> {
        let mut at = self;
        for name in path {
            let Self::Map(map) = at else { return None };
            at = &map.iter().find(|(known, _)| known == name)?.1;
        }
        Some(at)
    }

    /// Puts a value at a path; what is no map on the way becomes one.
    pub fn set(&mut self, path: &[String], value: Self) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !self.is_map() {
            *self = Self::empty();
        }
        let Self::Map(map) = self else { return };
        match map.iter_mut().find(|(known, _)| known == name) {
            Some((_, inner)) => inner.set(rest, value),
            None => {
                let mut inner = Self::empty();
                inner.set(rest, value);
                map.push((name.clone(), inner));
            }
        }
    }

    /// Takes the value at a path out, and the maps that are empty then.
    pub fn remove(&mut self, path: &[String]) {
        let (Some((name, rest)), Self::Map(map)) = (path.split_first(), self) else { return };
        let Some(at) = map.iter().position(|(known, _)| known == name) else { return };
        if rest.is_empty() {
            map.remove(at);
            return;
        }
        map[at].1.remove(rest);
        if map[at].1.is_empty_map() {
            map.remove(at);
        }
    }

    /// This with `over` laid on it: maps are merged name by name, everything else is replaced, by
    /// `null` too.
    #[must_use]
    pub fn merged(&self, over: &Self) -> Self {
        let (Self::Map(low), Self::Map(high)) = (self, over) else { return over.clone() };
        let mut map: Vec<(String, Self)> = Vec::with_capacity(low.len() + high.len());
        for (name, below) in low {
            let above = high.iter().find(|(known, _)| known == name);
            map.push((name.clone(), above.map_or_else(|| below.clone(), |(_, above)| below.merged(above))));
        }
        let new = high.iter().filter(|(name, _)| !low.iter().any(|(known, _)| known == name));
        map.extend(new.cloned());
        Self::Map(map)
    }

    /// Visits every value that is not a map with something in it, with its path.
    pub fn leaves<'d>(&'d self, visit: &mut dyn FnMut(&[String], &'d Self)) {
        self.walk(&mut Vec::new(), visit);
    }

    fn walk<'d>(&'d self, path: &mut DocPath, visit: &mut dyn FnMut(&[String], &'d Self)) {
        match self {
            Self::Map(map) if !map.is_empty() => {
                for (name, value) in map {
                    path.push(name.clone());
                    value.walk(path, visit);
                    path.pop();
                }
            }
            leaf => visit(path, leaf),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> DocKind {
        match self {
            Self::Null | Self::Bool(_) => DocKind::Word,
            Self::Number(_) | Self::Date(_) => DocKind::Number,
            Self::Text(_) => DocKind::Text,
            Self::List(_) | Self::Map(_) => DocKind::List,
        }
    }

    /// It on one line, about `max_chars` characters at most. Text stands without quotes where it can
    /// not be taken for anything else.
    #[must_use]
    pub fn one_line(&self, max_chars: usize) -> String {
        let whole = match self {
            Self::Text(text) if !is_mistakable(text) => {
                let head: String = text.chars().take(max_chars + 1).collect();
                head.replace(['\n', '\r', '\t'], " ")
            }
            other => {
                let mut out = String::new();
                other.compact(&mut out, max_chars.saturating_mul(4));
                out
            }
        };
        let shown = neutral(&whole);
        if shown.chars().count() <= max_chars {
            return shown.into_owned();
        }
        let mut cut: String = shown.chars().take(max_chars).collect();
        cut.push('…');
        cut
    }

    /// Compact JSON; stops soon after `limit` bytes.
    fn compact(&self, out: &mut String, limit: usize) {
        if out.len() > limit {
            return;
        }
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) | Self::Date(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::List(list) => {
                out.push('[');
                for (at, value) in list.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    value.compact(out, limit);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push('{');
                for (at, (name, value)) in map.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&quoted(name));
                    out.push_str(": ");
                    value.compact(out, limit);
                }
                out.push('}');
            }
        }
    }
}

/// Whether a text without quotes could be taken for something else, or not be seen.
fn is_mistakable(text: &str) -> bool {
    text.is_empty()
        || text.trim() != text
        || matches!(text, "null" | "true" | "false" | "~")
        || text.starts_with(['[', '{', '"'])
        || (text.len() < 64 && text.parse::<f64>().is_ok())
}

/// A text as a JSON string.
#[must_use]
pub(super) fn quoted(text: &str) -> String {
    quoted::quoted(text, |character| !character.is_control(), |code| format!("\\u{code:04x}"))
}

/// A path as shown: names joined by dots, in quotes where a name has one itself.
#[must_use]
pub fn path_text(path: &[String], flat: bool) -> String {
    let mut out = String::new();
    for (at, name) in path.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        if !flat && (name.is_empty() || name.contains(['.', '"'])) {
            out.push_str(&quoted(name));
        } else {
            out.push_str(&neutral(name));
        }
    }
    out
}

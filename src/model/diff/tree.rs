//! JSON, YAML and TOML as one kind of tree that loses nothing a comparison needs: numbers as they were
//! written, however large; keys that stand twice; the order of everything.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::model::format::ValueFormat;

mod json;
mod number;
mod toml;
mod yaml;

pub use number::same_number;

/// Deeper documents are not compared by structure.
pub(super) const MAX_DEPTH: usize = 120;

/// What kind of scalar it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScalarKind {
    /// Nothing.
    Null,
    /// True or false.
    Bool,
    /// A number, as it was written.
    Number,
    /// A text.
    Text,
    /// A JSON text with half of a surrogate pair, which no text can hold: as it was written.
    BrokenText,
    /// A date, a time, or both (TOML), as it was written.
    Time,
}

/// A scalar: of two of the same kind, the same text means the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// Its kind.
    pub kind: ScalarKind,
    /// Its text: decoded where it is a text, as it was written where it is a number or a time.
    pub text: String,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar.
    Scalar(Scalar),
    /// Elements in order.
    List(Vec<Arc<Node>>),
    /// Entries as they stand there, which may repeat a key.
    Map(Vec<(Scalar, Arc<Node>)>),
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Equal for nodes that are equal up to the order of entries.
    hash: u64,
}

impl Node {
    /// A node.
    #[must_use]
    pub fn new(kind: NodeKind) -> Self {
        let hash = hash_of(&kind);
        Self { kind, hash }
    }

    fn scalar(kind: ScalarKind, text: impl Into<String>) -> Self {
        Self::new(NodeKind::Scalar(Scalar { kind, text: text.into() }))
    }

    /// The hash by which equal nodes are found.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The node as compact JSON-like text, at most about so many bytes.
    #[must_use]
    pub fn text(&self, most: usize) -> String {
        let mut text = String::new();
        self.write(&mut text, most);
        if text.len() > most {
            let mut end = most;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
        }
        text
    }

    fn write(&self, out: &mut String, most: usize) {
        if out.len() > most {
            return;
        }
        match &self.kind {
            NodeKind::Scalar(scalar) => scalar.write(out, most),
            NodeKind::List(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate().take_while(|(at, _)| *at <= most) {
                    out.push_str(if at > 0 { ", " } else { "" });
                    element.write(out, most);
                    if out.len() > most {
                        return;
                    }
                }
                out.push(']');
            }
            NodeKind::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    key.write(out, most);
                    out.push_str(": ");
                    value.write(out, most);
                    if out.len() > most {
                        return;
                    }
                }
                out.push('}');
            }
        }
    }
}

impl Scalar {
    fn write(&self, out: &mut String, most: usize) {
        if self.kind != ScalarKind::Text {
            out.push_str(&self.text);
            return;
        }
        out.push('"');
        for character in self.text.chars().take(most + 1) {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                other => out.push(other),
            }
        }
        out.push('"');
    }
}

/// Equal up to the order of entries; of entries with the same key, their order counts.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        if self.hash != other.hash {
            return false;
        }
        match (&self.kind, &other.kind) {
            (NodeKind::Scalar(a), NodeKind::Scalar(b)) => a == b,
            (NodeKind::List(a), NodeKind::List(b)) => a == b,
            (NodeKind::Map(a), NodeKind::Map(b)) => {
                a.len() == b.len() && {
                    let order = |entries: &[(Scalar, Arc<Node>)]| {
                        let mut order: Vec<usize> = (0..entries.len()).collect();
                        // Stable: entries with the same key stay in their order.
                        order.sort_by(|x, y| {
                            let (x, y) = (&entries[*x].0, &entries[*y].0);
                            (x.kind, &x.text).cmp(&(y.kind, &y.text))
                        });
                        order
                    };
                    order(a).into_iter().zip(order(b)).all(|(x, y)| a[x] == b[y])
                }
            }
            _ => false,
        }
    }
}

impl Eq for Node {}

fn hash_of(kind: &NodeKind) -> u64 {
    let of = |parts: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        parts(&mut hasher);
        hasher.finish()
    };
    match kind {
        NodeKind::Scalar(scalar) => of(&|hasher| (0_u8, scalar).hash(hasher)),
        NodeKind::List(elements) => of(&|hasher| {
            (1_u8, elements.len()).hash(hasher);
            elements.iter().for_each(|element| element.hash.hash(hasher));
        }),
        // The order of entries does not count: their hashes are added.
        NodeKind::Map(entries) => {
            let sum = entries.iter().fold(0_u64, |sum, (key, value)| {
                sum.wrapping_add(of(&|hasher| (key, value.hash).hash(hasher)))
            });
            of(&|hasher| (2_u8, entries.len(), sum).hash(hasher))
        }
    }
}

/// Why a text is not compared by structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTree {
    /// Only JSON, YAML and TOML are.
    Format,
    /// It is not valid; the parser's words.
    Invalid(String),
    /// It is nested too deeply.
    TooDeep,
    /// YAML with several documents.
    SeveralDocuments,
    /// YAML with tags of its own.
    Tags,
    /// YAML with keys that are lists or maps.
    ComplexKeys,
}

impl NoTree {
    /// The name in the catalogues.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Invalid(_) => "invalid",
            Self::TooDeep => "too_deep",
            Self::SeveralDocuments => "several_documents",
            Self::Tags => "tags",
            Self::ComplexKeys => "complex_keys",
        }
    }
}

/// Whether values of this format can be compared by structure.
#[must_use]
pub fn has_structure(format: ValueFormat) -> bool {
    matches!(format, ValueFormat::Json | ValueFormat::Yaml | ValueFormat::Toml)
}

/// Reads a text.
///
/// # Errors
/// Why it cannot be compared by structure.
pub fn parse(format: ValueFormat, text: &str) -> Result<Arc<Node>, NoTree> {
    // As an editor on Windows begins a file.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        ValueFormat::Json => json::parse(text),
        ValueFormat::Yaml => yaml::parse(text),
        ValueFormat::Toml => toml::parse(text),
        _ => Err(NoTree::Format),
    }
    .map(Arc::new)
}

#[cfg(test)]
mod tests;

//! Where in a text the parts of its value stand.

use std::ops::Range;

use serde_json::Value;
use toml_edit::{Document, Item, TableLike};

use super::read::Syntax;
use crate::model::json_text::{self, Token};

pub(super) mod yaml;

/// YAML is read again for each place: no more than so many bytes in all.
const MAX_YAML_BYTES: usize = 24 * 1024 * 1024;

/// Finds places in one text.
pub(super) struct Places<'t> {
    text: &'t str,
    kind: Kind<'t>,
    /// Where the lines begin.
    lines: Vec<usize>,
}

enum Kind<'t> {
    Json(Tree),
    Toml(Box<Document<&'t str>>),
    Yaml { budget: usize },
    Text,
}

/// A place in a text: line and columns (from 1, in characters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
    pub end_column: Option<usize>,
}

impl<'t> Places<'t> {
    /// `text` must have been read by this syntax.
    pub(super) fn new(text: &'t str, syntax: Syntax) -> Self {
        let kind = match syntax {
            Syntax::Json => Tree::new(text).map_or(Kind::Text, Kind::Json),
            Syntax::Toml => {
                Document::parse(text).map_or(Kind::Text, |document| Kind::Toml(Box::new(document)))
            }
            Syntax::Yaml => Kind::Yaml { budget: MAX_YAML_BYTES },
            Syntax::Text => Kind::Text,
        };
        let lines =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { text, kind, lines }
    }

    /// Where the value at a path stands in a document, or (`at_name`) the name of its last step. The
    /// nearest that is there, where it is not.
    pub(super) fn find(&mut self, document: usize, path: &[String], at_name: bool) -> Option<Place> {
        let mut path = path;
        let mut at_name = at_name;
        loop {
            let found = match &mut self.kind {
                Kind::Json(tree) => tree
                    .find(path)
                    .and_then(|node| if at_name { node.name.clone() } else { Some(node.value.clone()) }),
                Kind::Toml(parsed) => toml(parsed.as_table(), path, at_name),
                Kind::Yaml { budget } => {
                    if *budget < self.text.len() {
                        return None;
                    }
                    *budget -= self.text.len();
                    if let Some((line, column)) = yaml::find(self.text, document, path, at_name) {
                        return Some(self.to_line_end(line, column));
                    }
                    None
                }
                Kind::Text => return Some(self.to_line_end(1, 1)),
            };
            match found {
                Some(range) => return Some(self.place(&range)),
                None => {
                    (_, path) = path.split_last()?;
                    at_name = false;
                }
            }
        }
    }

    fn place(&self, range: &Range<usize>) -> Place {
        let line = self.lines.partition_point(|start| *start <= range.start);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let line_end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let count = |to: usize| self.text.get(start..to).map_or(0, |part| part.chars().count());
        Place { line, column: count(range.start) + 1, end_column: Some(count(range.end.min(line_end)) + 1) }
    }

    /// From a character of a line to what is last written in it.
    fn to_line_end(&self, line: usize, column: usize) -> Place {
        let written = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let end = written.trim_end().chars().count() + 1;
        Place { line, column, end_column: Some(end.max(column + 1)) }
    }
}

/// The parts of a JSON text.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// A value in a JSON text.
pub(super) struct Node {
    /// Its name's place, in an object.
    pub name: Option<Range<usize>>,
    /// Its own place.
    pub value: Range<usize>,
    /// Whether it is an object, an array, or neither.
    pub shape: Shape,
    /// What is in it: names (indexes in an array) and nodes.
    pub children: Vec<(String, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Object,
    Array,
    Scalar,
}

impl Tree {
    /// The parts of a text, if it is JSON.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut name: Option<(String, Range<usize>)> = None;
        let walked = json_text::walk(text, &mut |token, written| {
            let start = written.as_ptr() as usize - text.as_ptr() as usize;
            let range = start..start + written.len();
            match token {
                Token::Comma | Token::Colon => {}
                Token::Close => {
                    if let Some(node) = open.pop().and_then(|at| nodes.get_mut(at)) {
                        node.value.end = range.end;
                    }
                }
                Token::Scalar | Token::Open => {
                    let inside = open.last().copied();
                    let in_object = inside.is_some_and(|at| nodes[at].shape == Shape::Object);
                    if in_object && name.is_none() {
                        name = Some((serde_json::from_str(written).unwrap_or_default(), range));
                        return Ok(());
                    }
                    let shape = match (token, written) {
                        (Token::Open, "{") => Shape::Object,
                        (Token::Open, _) => Shape::Array,
                        _ => Shape::Scalar,
                    };
                    let at = nodes.len();
                    let (called, place) =
                        name.take().map_or((None, None), |(called, place)| (Some(called), Some(place)));
                    nodes.push(Node { name: place, value: range, shape, children: Vec::new() });
                    if let Some(inside) = inside {
                        let parent = &mut nodes[inside];
                        let called = called.unwrap_or_else(|| parent.children.len().to_string());
                        parent.children.push((called, at));
                    }
                    if token == Token::Open {
                        open.push(at);
                    }
                }
            }
            Ok(())
        });
        (walked.is_ok() && !nodes.is_empty()).then_some(Self { nodes })
    }

    /// The value at a path. Of names that come twice the last counts, as for every reader.
    pub(super) fn find(&self, path: &[String]) -> Option<&Node> {
        let mut node = self.nodes.first()?;
        for step in path {
            let at = match node.shape {
                Shape::Array => node.children.get(step.parse::<usize>().ok()?)?.1,
                Shape::Object => node.children.iter().rev().find(|(name, _)| name == step)?.1,
                Shape::Scalar => return None,
            };
            node = self.nodes.get(at)?;
        }
        Some(node)
    }

    /// A node by its number.
    pub(super) fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// Whether a name comes twice in an object anywhere.
    pub(super) fn has_repeated_names(&self) -> bool {
        self.nodes.iter().filter(|node| node.shape == Shape::Object).any(|node| {
            let mut names: Vec<&str> = node.children.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names.windows(2).any(|pair| pair[0] == pair[1])
        })
    }
}

/// The place of an item of a TOML table.
fn toml(table: &dyn TableLike, path: &[String], at_name: bool) -> Option<Range<usize>> {
    let Some((first, rest)) = path.split_first() else { return Some(0..0) };
    let (key, item) = table.get_key_value(first)?;
    if rest.is_empty() && at_name {
        return key.span();
    }
    let name = key.span();
    match item {
        Item::Table(inner) if rest.is_empty() => name.or_else(|| inner.span()),
        Item::Table(inner) => toml(inner, rest, at_name),
        Item::ArrayOfTables(tables) => match rest.split_first() {
            None => tables.span().or(name),
            Some((index, rest)) => {
                let inner = tables.get(index.parse().ok()?)?;
                if rest.is_empty() { inner.span() } else { toml(inner, rest, at_name) }
            }
        },
        Item::Value(value) => toml_value(value, rest, at_name),
        Item::None => None,
    }
}

fn toml_value(value: &toml_edit::Value, path: &[String], at_name: bool) -> Option<Range<usize>> {
    let Some((first, rest)) = path.split_first() else { return value.span() };
    match value {
        toml_edit::Value::Array(array) => toml_value(array.get(first.parse().ok()?)?, rest, at_name),
        toml_edit::Value::InlineTable(inner) => toml(inner, path, at_name),
        _ => None,
    }
}

/// The value at a path.
#[must_use]
pub fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(object) => object.get(step),
        Value::Array(array) => array.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

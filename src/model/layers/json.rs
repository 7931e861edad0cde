//! JSON with the place of each value in its text, so that one value can be changed and everything
//! else stays as it was written.

use std::ops::Range;

use super::doc::{Doc, MAX_DEPTH, quoted};
use super::write;
use crate::model::json_text;

/// A value and where it stands.
struct Node {
    span: Range<usize>,
    kind: Kind,
}

enum Kind {
    Scalar(Doc),
    List(Vec<Node>),
    Map(Vec<Member>),
}

struct Member {
    name: String,
    /// Where its name begins.
    start: usize,
    value: Node,
}

/// Reads JSON.
///
/// # Errors
/// What is wrong, or why it is not opened.
pub(super) fn parse(text: &str) -> Result<Doc, String> {
    Ok(doc(node(text)?))
}

fn node(text: &str) -> Result<Node, String> {
    json_text::check(text).map_err(|error| error.message.to_owned())?;
    Reader { text, at: 0 }.value(0)
}

fn doc(node: Node) -> Doc {
    match node.kind {
        Kind::Scalar(doc) => doc,
        Kind::List(list) => Doc::List(list.into_iter().map(doc).collect()),
        Kind::Map(map) => Doc::Map(map.into_iter().map(|member| (member.name, doc(member.value))).collect()),
    }
}

/// Reads a text that is known to be JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > MAX_DEPTH {
            return Err("nested too deeply to be opened".to_owned());
        }
        let first = self.peek();
        let start = self.at;
        let kind = match first {
            b'{' => self.map(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Kind::Scalar(Doc::Text(self.string()?)),
            _ => {
                let rest = &self.text[start..];
                let end = rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                self.at = start + end;
                Kind::Scalar(match &rest[..end] {
                    "null" => Doc::Null,
                    "true" => Doc::Bool(true),
                    "false" => Doc::Bool(false),
                    number => Doc::Number(number.to_owned()),
                })
            }
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn map(&mut self, depth: usize) -> Result<Kind, String> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while self.peek() != b'}' {
            if self.peek() == b',' {
                self.at += 1;
                self.peek();
            }
            let start = self.at;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(format!("{} is there twice", quoted(&name)));
            }
            self.peek();
            self.at += 1;
            members.push(Member { name, start, value: self.value(depth + 1)? });
        }
        self.at += 1;
        Ok(Kind::Map(members))
    }

    fn list(&mut self, depth: usize) -> Result<Kind, String> {
        self.at += 1;
        let mut list = Vec::new();
        while self.peek() != b']' {
            if self.peek() == b',' {
                self.at += 1;
            }
            list.push(self.value(depth + 1)?);
        }
        self.at += 1;
        Ok(Kind::List(list))
    }

    fn string(&mut self) -> Result<String, String> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    let written = &self.text[start..self.at];
                    return serde_json::from_str(written).map_err(|error| error.to_string());
                }
                _ => self.at += 1,
            }
        }
        Err("the string is not closed".to_owned())
    }
}

/// The text with this value at this path. `None`: it can not be done in place.
pub(super) fn set(text: &str, path: &[String], value: &Doc) -> Option<String> {
    let root = node(text).ok()?;
    let mut at = &root;
    for (depth, name) in path.iter().enumerate() {
        let Kind::Map(members) = &at.kind else { return None };
        match members.iter().find(|member| member.name == *name) {
            Some(member) => at = &member.value,
            None => return insert(text, at, members, &path[depth..], value),
        }
    }
    let indent = line_indent(text, at.span.start);
    let written = if is_one_line(&text[at.span.clone()], &root, text) {
        write::json_compact(value)
    } else {
        write::json(value, indent)
    };
    Some(replaced(text, at.span.clone(), &written))
}

fn insert(text: &str, map: &Node, members: &[Member], path: &[String], value: &Doc) -> Option<String> {
    let (name, rest) = path.split_first()?;
    let mut inner = Doc::empty();
    inner.set(rest, value.clone());
    let inner = if rest.is_empty() { value.clone() } else { inner };
    let Some(last) = members.last() else {
        let whole = Doc::Map(vec![(name.clone(), inner)]);
        return Some(replaced(
            text,
            map.span.clone(),
            &write::json(&whole, line_indent(text, map.span.start)),
        ));
    };
    let between = &text[map.span.start + 1..members.first()?.start];
    let colon = if text[last.start..last.value.span.start].ends_with(' ') { ": " } else { ":" };
    let written = if between.contains('\n') {
        let indent = &between[between.rfind('\n')? + 1..];
        format!(",\n{indent}{}{colon}{}", quoted(name), write::json(&inner, indent))
    } else {
        let comma = if colon == ":" { "," } else { ", " };
        format!("{comma}{}{colon}{}", quoted(name), write::json_compact(&inner))
    };
    let end = last.value.span.end;
    Some(replaced(text, end..end, &written))
}

/// The text without the value at this path. `None`: it can not be done in place.
pub(super) fn remove(text: &str, path: &[String]) -> Option<String> {
    let root = node(text).ok()?;
    let (name, parents) = path.split_last()?;
    let mut at = &root;
    for parent in parents {
        let Kind::Map(members) = &at.kind else { return None };
        at = &members.iter().find(|member| member.name == *parent)?.value;
    }
    let Kind::Map(members) = &at.kind else { return None };
    let place = members.iter().position(|member| member.name == *name)?;
    if members.len() == 1 {
        return match parents {
            [] => Some(replaced(text, at.span.clone(), "{}")),
            // A map with nothing left in it goes too.
            parents => remove(text, parents),
        };
    }
    let gone = if place + 1 < members.len() {
        members[place].start..members[place + 1].start
    } else {
        members[place - 1].value.span.end..members[place].value.span.end
    };
    Some(replaced(text, gone, ""))
}

fn replaced(text: &str, span: Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..span.start], &text[span.end..])
}

/// Whether what is replaced is best written on one line: as it was, or as the whole text is.
fn is_one_line(old: &str, root: &Node, text: &str) -> bool {
    !old.contains('\n') && (!old.starts_with(['{', '[']) || !text[root.span.clone()].contains('\n'))
}

/// The white space that the line of this place begins with.
fn line_indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

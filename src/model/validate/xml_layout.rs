//! Layout of XML: elements on lines of their own, indented, wherever white space between them means
//! nothing. An element with text among its children, or with nothing but white space in it, keeps its
//! content to the byte, as do comments,
//! attributes, declarations and whatever says `xml:space="preserve"`.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::ValueIssue;
use crate::model::json_text::{LAYOUT_LIMIT, indent_unit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    /// White space alone.
    Blank,
    /// Text that is content.
    Text,
    /// An empty element, a comment, an instruction, a declaration.
    Whole,
}

struct Token {
    kind: Kind,
    /// Where it stands in the source.
    range: Range<usize>,
    /// Of an opening tag: its content is kept as it is.
    verbatim: bool,
}

/// Lays out a text that has been checked.
pub(super) fn layout(text: &str) -> Result<String, ValueIssue> {
    let tokens = read_tokens(text)?;
    let unit = indent_unit(text);
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth: usize = 0;
    let mut at = 0;
    let mut after_open = false;
    let mut gap = false;
    while let Some(token) = tokens.get(at) {
        if token.kind == Kind::Blank {
            // One blank line between parts stays: people group with them.
            gap = text[token.range.clone()].matches('\n').count() > 1;
            at += 1;
            continue;
        }
        depth -= usize::from(token.kind == Kind::Close);
        if !(out.is_empty() || (token.kind == Kind::Close && after_open)) {
            if out.len() + depth * unit.len() > LAYOUT_LIMIT {
                return Err(ValueIssue::at(text, token.range.start, "nested too deeply to be laid out"));
            }
            if gap && !after_open && token.kind != Kind::Close {
                out.push_str(newline);
            }
            out.push_str(newline);
            out.extend(std::iter::repeat_n(unit, depth));
        }
        gap = false;
        after_open = token.kind == Kind::Open;
        if token.verbatim {
            let close = closing(&tokens, at);
            out.push_str(&text[token.range.start..tokens[close].range.end]);
            after_open = false;
            at = close + 1;
            continue;
        }
        out.push_str(&text[token.range.clone()]);
        depth += usize::from(after_open);
        at += 1;
    }
    if text.ends_with('\n') {
        out.push_str(newline);
    }
    Ok(out)
}

fn read_tokens(text: &str) -> Result<Vec<Token>, ValueIssue> {
    let mut reader = Reader::from_str(text);
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
    loop {
        let start = place(reader.buffer_position());
        let event = reader.read_event().map_err(|error| ValueIssue::at(text, start, error.to_string()))?;
        let range = start..place(reader.buffer_position());
        let mut verbatim = false;
        let kind = match event {
            Event::Start(element) => {
                open.push(tokens.len());
                let raw: &str = &element;
                verbatim = raw.contains("xml:space");
                Kind::Open
            }
            Event::End(_) => {
                // White space that is all an element holds may well be its value.
                if let (Some(element), Some(Token { kind: Kind::Blank, .. })) = (open.pop(), tokens.last())
                    && element + 2 == tokens.len()
                {
                    tokens[element].verbatim = true;
                }
                Kind::Close
            }
            Event::Text(words) if words.trim_ascii().is_empty() => Kind::Blank,
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                if let Some(parent) = open.last() {
                    tokens[*parent].verbatim = true;
                }
                Kind::Text
            }
            Event::Eof => break,
            _ => Kind::Whole,
        };
        if !range.is_empty() {
            tokens.push(Token { kind, range, verbatim });
        }
    }
    Ok(tokens)
}

/// The tag that closes the element opened at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

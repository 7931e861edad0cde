//! JSON as a tree.

use std::sync::Arc;

use super::{MAX_DEPTH, NoTree, Node, NodeKind, Scalar, ScalarKind};
use crate::model::json_text::{Token, walk};

/// A list or an object that is still open.
enum Open {
    List(Vec<Arc<Node>>),
    Map(Vec<(Scalar, Arc<Node>)>, Option<Scalar>),
}

pub(super) fn parse(text: &str) -> Result<Node, NoTree> {
    const TOO_DEEP: &str = "too deep";
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    let walked = walk(text, &mut |token, written| {
        let node = match token {
            Token::Open if open.len() >= MAX_DEPTH => return Err(TOO_DEEP),
            Token::Open => {
                open.push(if written == "{" { Open::Map(Vec::new(), None) } else { Open::List(Vec::new()) });
                return Ok(());
            }
            Token::Comma | Token::Colon => return Ok(()),
            Token::Close => match open.pop() {
                Some(Open::List(elements)) => Node::new(NodeKind::List(elements)),
                Some(Open::Map(entries, _)) => Node::new(NodeKind::Map(entries)),
                None => return Ok(()),
            },
            Token::Scalar => {
                let scalar = scalar(written);
                if let Some(Open::Map(_, key @ None)) = open.last_mut() {
                    *key = Some(scalar);
                    return Ok(());
                }
                Node::new(NodeKind::Scalar(scalar))
            }
        };
        match open.last_mut() {
            None => whole = Some(node),
            Some(Open::List(elements)) => elements.push(Arc::new(node)),
            Some(Open::Map(entries, key)) => entries.extend(key.take().map(|key| (key, Arc::new(node)))),
        }
        Ok(())
    });
    match (walked, whole) {
        (Ok(()), Some(node)) => Ok(node),
        (Err(error), _) if error.message == TOO_DEEP => Err(NoTree::TooDeep),
        (Err(error), _) => Err(NoTree::Invalid(error.message.to_owned())),
        (Ok(()), None) => Err(NoTree::Invalid(String::new())),
    }
}

fn scalar(written: &str) -> Scalar {
    let (kind, text) = match written.as_bytes().first() {
        Some(b'"') => match unescaped(&written[1..written.len() - 1]) {
            Some(text) => (ScalarKind::Text, text),
            None => (ScalarKind::BrokenText, written.to_owned()),
        },
        Some(b't' | b'f') => (ScalarKind::Bool, written.to_owned()),
        Some(b'n') => (ScalarKind::Null, written.to_owned()),
        _ => (ScalarKind::Number, written.to_owned()),
    };
    Scalar { kind, text }
}

/// The text between the quotes; `None` where it has half of a surrogate pair.
fn unescaped(written: &str) -> Option<String> {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = &rest[at + 2..];
        let character = match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
                let first = unit(rest)?;
                rest = &rest[4..];
                if (0xd800..0xdc00).contains(&first) {
                    let second = unit(rest.strip_prefix("\\u")?)?;
                    rest = &rest[6..];
                    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?
                } else {
                    char::from_u32(first)?
                }
            }
            other => char::from(other),
        };
        text.push(character);
    }
    text.push_str(rest);
    Some(text)
}

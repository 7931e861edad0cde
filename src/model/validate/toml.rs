//! TOML.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use super::ValueIssue;

/// Nesting beyond this is refused before any parser that recurses sees it.
const DEPTH_LIMIT: usize = 64;
/// Longer dotted keys are refused: each dot is a level of nesting.
const DOTS_LIMIT: usize = 200;

/// Checks TOML.
pub(super) fn validate(text: &str) -> Result<(), ValueIssue> {
    parse(text).map(drop)
}

/// One space around each `=`; everything else, comments and line ends included, stays to the byte.
pub(super) fn layout(text: &str) -> Result<String, ValueIssue> {
    let document = parse(text)?;
    let mut signs = Vec::new();
    find_signs(document.as_table(), 0, &mut signs);
    signs.sort_unstable_by_key(|sign| sign.start);
    let mut laid_out = String::with_capacity(text.len() + signs.len() * 2);
    let mut at = 0;
    for sign in signs {
        let is_sign = text.get(sign.clone()).is_some_and(|between| between.trim_matches([' ', '\t']) == "=");
        if is_sign && sign.start >= at {
            laid_out.push_str(&text[at..sign.start]);
            laid_out.push_str(" = ");
            at = sign.end;
        }
    }
    laid_out.push_str(&text[at..]);
    Ok(laid_out)
}

fn parse(text: &str) -> Result<Document<&str>, ValueIssue> {
    guard(text)?;
    Document::parse(text).map_err(|error| {
        let message = error.message().trim().to_owned();
        match error.span() {
            Some(span) => ValueIssue::at(text, span.start, message),
            None => ValueIssue::somewhere(message),
        }
    })
}

fn guard(text: &str) -> Result<(), ValueIssue> {
    if let Some(offset) = super::yaml::too_deep(text, DEPTH_LIMIT) {
        return Err(ValueIssue::at(text, offset, "nested too deeply to be checked"));
    }
    let mut dots = 0;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'.' => dots += 1,
            b'\n' | b'"' | b'\'' | b'=' | b'#' => dots = 0,
            _ => {}
        }
        if dots > DOTS_LIMIT {
            return Err(ValueIssue::at(text, offset, "a key with too many parts to be checked"));
        }
    }
    Ok(())
}

/// What stands between each key and its value.
fn find_signs(table: &dyn TableLike, depth: usize, signs: &mut Vec<Range<usize>>) {
    if depth > DOTS_LIMIT + DEPTH_LIMIT {
        return;
    }
    for (name, item) in table.iter() {
        match item {
            Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => {
                find_signs(inner, depth + 1, signs);
            }
            Item::Value(value) => {
                let key = table.key(name).and_then(toml_edit::Key::span);
                signs.extend(key.zip(value.span()).map(|(key, value)| key.end..value.start));
            }
            Item::Table(inner) => find_signs(inner, depth + 1, signs),
            Item::ArrayOfTables(tables) => {
                for inner in tables {
                    find_signs(inner, depth + 1, signs);
                }
            }
            Item::None => {}
        }
    }
}

//! TOML.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::ValueIssue;

/// Nesting beyond this is refused before any parser that recurses sees it.
const DEPTH_LIMIT: usize = 64;
/// Longer dotted keys are refused: each dot is a level of nesting.
const DOTS_LIMIT: usize = 200;

/// Checks TOML.
pub(super) fn validate(text: &str) -> Result<(), ValueIssue> {
    parse(text).map(drop)
}

/// One space around each `=`; everything else, comments included, stays.
pub(super) fn layout(text: &str) -> Result<String, ValueIssue> {
    let mut document = parse(text)?;
    space_table(document.as_table_mut(), 0);
    Ok(document.to_string())
}

fn parse(text: &str) -> Result<DocumentMut, ValueIssue> {
    guard(text)?;
    text.parse::<DocumentMut>().map_err(|error| {
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

fn space_table(table: &mut dyn TableLike, depth: usize) {
    if depth > DEPTH_LIMIT {
        return;
    }
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => space_table(inner, depth + 1),
            Item::Value(value) => {
                // A comment cannot stand here, so nothing but spaces is replaced.
                key.leaf_decor_mut().set_suffix(" ");
                value.decor_mut().set_prefix(" ");
            }
            Item::Table(inner) => space_table(inner, depth + 1),
            Item::ArrayOfTables(tables) => {
                for inner in tables.iter_mut() {
                    space_table(inner, depth + 1);
                }
            }
            Item::None => {}
        }
    }
}

//! Changes of JSON.

use super::Edit;
use crate::model::json_text::indent_unit;
use crate::model::schema::place::{Node, Shape, Tree};

/// Changes the value at a path of a text that is JSON.
pub(super) fn edit(text: &str, path: &[String], edit: &Edit) -> Option<String> {
    let tree = Tree::new(text)?;
    if tree.has_repeated_names() {
        return None;
    }
    match edit {
        Edit::Remove => remove(text, &tree, path),
        Edit::Set(value) => match tree.find(path) {
            Some(node) => {
                let mut changed = text.to_owned();
                changed.replace_range(node.value.clone(), &value.to_string());
                Some(changed)
            }
            None => add(text, &tree, path, value),
        },
    }
}

/// Adds what is not there to the nearest that is.
fn add(text: &str, tree: &Tree, path: &[String], value: &serde_json::Value) -> Option<String> {
    let mut depth = path.len() - 1;
    let parent = loop {
        match tree.find(&path[..depth]) {
            Some(parent) => break parent,
            None => depth = depth.checked_sub(1)?,
        }
    };
    let inner =
        super::changed(super::empty_for(&path[depth + 1..]), &path[depth + 1..], &Edit::Set(value.clone()))?;
    let name = match parent.shape {
        Shape::Object => Some(serde_json::to_string(&path[depth]).ok()?),
        Shape::Array => None,
        Shape::Scalar => {
            let null = (&text[parent.value.clone()] == "null").then_some(serde_json::Value::Null)?;
            let inner = super::changed(null, &path[depth..], &Edit::Set(value.clone()))?;
            let mut changed = text.to_owned();
            changed.replace_range(parent.value.clone(), &inner.to_string());
            return Some(changed);
        }
    };
    let last = parent.children.last().and_then(|(_, at)| tree.node(*at));
    let colon = last.and_then(|last| text.get(last.name.as_ref()?.end..last.value.start)).unwrap_or(": ");
    let entry = match name {
        Some(name) => format!("{name}{colon}{inner}"),
        None => inner.to_string(),
    };
    let mut changed = text.to_owned();
    match last {
        Some(last) => {
            let gap = gap_before(text, start_of(last));
            // On one line entries are set off as the first two are.
            let gap = if parent.children.len() == 1 && !gap.contains('\n') { " " } else { gap };
            changed.insert_str(last.value.end, &format!(",{gap}{entry}"));
        }
        None if text.trim().contains('\n') => {
            let line = text[..parent.value.start].rfind('\n').map_or(0, |at| at + 1);
            let indent: String =
                text[line..].chars().take_while(|character| matches!(character, ' ' | '\t')).collect();
            let unit = indent_unit(text);
            let filled = format!("\n{indent}{unit}{entry}\n{indent}");
            changed.replace_range(parent.value.start + 1..parent.value.end - 1, &filled);
        }
        None => changed.replace_range(parent.value.start + 1..parent.value.end - 1, &entry),
    }
    Some(changed)
}

fn remove(text: &str, tree: &Tree, path: &[String]) -> Option<String> {
    let (last, parent) = path.split_last()?;
    let parent = tree.find(parent)?;
    let at = match parent.shape {
        Shape::Array => last.parse().ok()?,
        Shape::Object => parent.children.iter().position(|(name, _)| name == last)?,
        Shape::Scalar => return None,
    };
    let child = |at: usize| parent.children.get(at).and_then(|(_, at)| tree.node(*at));
    let gone = child(at)?;
    let range = match (at.checked_sub(1).and_then(child), child(at + 1)) {
        (Some(before), _) => before.value.end..gone.value.end,
        (None, Some(after)) => start_of(gone)..start_of(after),
        (None, None) => parent.value.start + 1..parent.value.end - 1,
    };
    let mut changed = text.to_owned();
    changed.replace_range(range, "");
    Some(changed)
}

fn start_of(node: &Node) -> usize {
    node.name.as_ref().map_or(node.value.start, |name| name.start)
}

/// The white space before a place.
fn gap_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    &before[before.trim_end_matches([' ', '\t', '\n', '\r']).len()..]
}

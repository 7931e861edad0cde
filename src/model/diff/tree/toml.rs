//! TOML as a tree. Dotted keys, tables and inline tables are the same to a reader, and so they are here.

use std::sync::Arc;

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{MAX_DEPTH, NoTree, Node, NodeKind, Scalar, ScalarKind};

pub(super) fn parse(text: &str) -> Result<Node, NoTree> {
    let document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| NoTree::Invalid(error.message().to_owned()))?;
    of_table(document.as_table() as &Table, 0)
}

fn of_table(table: &dyn TableLike, depth: usize) -> Result<Node, NoTree> {
    if depth > MAX_DEPTH {
        return Err(NoTree::TooDeep);
    }
    let mut entries = Vec::with_capacity(table.len());
    for (key, item) in table.iter() {
        let key = Scalar { kind: ScalarKind::Text, text: key.to_owned() };
        if let Some(node) = of_item(item, depth + 1)? {
            entries.push((key, Arc::new(node)));
        }
    }
    Ok(Node::new(NodeKind::Map(entries)))
}

fn of_item(item: &Item, depth: usize) -> Result<Option<Node>, NoTree> {
    Ok(Some(match item {
        Item::None => return Ok(None),
        Item::Value(value) => of_value(value, depth)?,
        Item::Table(table) => of_table(table, depth)?,
        Item::ArrayOfTables(tables) => {
            let elements: Result<_, _> = tables.iter().map(|table| of_table(table, depth + 1)).collect();
            list(elements?)
        }
    }))
}

fn of_value(value: &Value, depth: usize) -> Result<Node, NoTree> {
    if depth > MAX_DEPTH {
        return Err(NoTree::TooDeep);
    }
    Ok(match value {
        Value::String(text) => Node::scalar(ScalarKind::Text, text.value().as_str()),
        Value::Integer(number) => Node::scalar(ScalarKind::Number, number.display_repr()),
        Value::Float(number) => Node::scalar(ScalarKind::Number, number.display_repr()),
        Value::Boolean(truth) => Node::scalar(ScalarKind::Bool, truth.value().to_string()),
        Value::Datetime(time) => Node::scalar(ScalarKind::Time, time.display_repr()),
        Value::Array(elements) => {
            let elements: Result<_, _> =
                elements.iter().map(|element| of_value(element, depth + 1)).collect();
            list(elements?)
        }
        Value::InlineTable(table) => of_table(table, depth)?,
    })
}

fn list(elements: Vec<Node>) -> Node {
    Node::new(NodeKind::List(elements.into_iter().map(Arc::new).collect()))
}

//! Schemas: what the values of keys must be, kept in the profile or in etcd itself, and the kinds of
//! values that are known by themselves.
//!
//! A rule that an operator made blocks: a value that breaks it is saved only by an explicit override.
//! What is merely recognised warns. A schema that can not be used is a problem of its own; it never
//! lets a value pass as if it had been checked.

mod builtin;
mod check;
mod compile;
mod edit;
mod form;
mod infer;
mod place;
mod problem;
mod read;
mod rule;
mod set;

pub use builtin::{Confidence, Kind, Summary};
pub use check::Checked;
pub use compile::{Documents, Schema};
pub use edit::{Edit, TextOnly, edit};
pub use form::{FieldKind, FieldSpec, form_of, shown, typed};
pub use infer::draft_of;
pub use place::at;
pub use problem::{Problem, What, path_text, type_name};
pub use read::Syntax;
pub use rule::{Pattern, RuleSchema, SchemaRule, SchemaSettings};
pub use set::{Applied, KEYS_FIELD, SchemaId, SchemaSet, Source};

/// What a rule that blocks has against a value at a key, in words (English); empty: nothing. For
/// checks of many values make the set once ([`SchemaSet::new`] of profile and key space). Not to be
/// called by the window's thread.
#[must_use]
pub fn problems(set: &SchemaSet, key: &[u8], value: &[u8]) -> Vec<String> {
    let checked = set.check(key, value, None);
    if checked.blocks() { checked.problems.iter().map(ToString::to_string).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests;

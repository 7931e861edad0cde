//! Schemas on screen: what applies to a key, what is wrong with a value, and its words. Used by the
//! editor, by dialogs that write, and by the form of a connection.

mod checker;
mod problems;
mod rule_view;
pub mod words;

pub use checker::{SchemaChecker, State, Subject};
pub use problems::{attached, list, tone_of};
pub use rule_view::{RuleState, rule_fields};

//! What is no longer shown and is large: kept until the frame is drawn, and freed elsewhere then. To
//! free a picture of a million keys, or the chunks that 500 changes have replaced, takes milliseconds.

use std::sync::Arc;

use super::coordination::Coordination;
use super::keyspace::Keyspace;
use super::plan::Plan;
use super::record::Revision;
use super::search::SearchResult;

/// Something that nobody looks at any more.
#[derive(Debug)]
pub enum Discarded {
    /// A picture of the key space that was overtaken.
    Keyspace(Keyspace),
    /// Changes that have been taken in.
    Changes(Arc<Vec<Revision>>),
    /// A picture of services, leases, locks and elections that was overtaken.
    Coordination(Box<Coordination>),
    /// What an overtaken search found.
    Found(Arc<SearchResult>),
    /// A plan that was overtaken, or forgotten.
    Plan(Arc<Plan>),
}

//! Who led the cluster itself: Raft's leaders and terms over the time watched, from each member's own
//! endpoint.

use std::collections::VecDeque;

use crate::model::status::SeenAt;

/// So many changes are kept.
pub const MOST_CHANGES: usize = 500;

/// The cluster's leader as it was seen from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftTerm {
    /// When it was first seen so; members are asked every few seconds.
    pub at: SeenAt,
    /// The term.
    pub term: u64,
    /// The leader's member id; `None`: no member that answered knew one.
    pub leader: Option<u64>,
    /// The leader's name, or its endpoint.
    pub name: String,
}

/// Raft leadership over the time watched, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftHistory {
    /// Leaders and terms.
    pub terms: VecDeque<RaftTerm>,
}

//! Who waits for whom across all locks, and the cycles in which nobody will ever go on.

use crate::model::bytes::Key;

/// Who holds and waits, whatever the claims are that they do it with: tied together by lease, by value, or by
/// the pattern that the profile names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// All claims on one lease.
    Lease(i64),
    /// All claims with this value, or of which the pattern found this.
    Named(String),
}

/// An owner waits for a lock that another one holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wait {
    /// Who waits.
    pub waiter: Owner,
    /// For which lock.
    pub lock: Key,
    /// Who holds it.
    pub holder: Owner,
    /// The place in the line: 1 is next.
    pub place: u32,
    /// Whether it is a part of a cycle.
    pub in_cycle: bool,
}

/// Owners who wait for each other for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cycle {
    /// The waits, each for the owner of the next; the last for the owner of the first.
    pub waits: Vec<Wait>,
}

/// Everything that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitGraph {
    /// All waits, by waiter.
    pub waits: Vec<Wait>,
    /// Deadlocks.
    pub cycles: Vec<Cycle>,
}

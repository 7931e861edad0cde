//! How much of the traffic each instance of a service would get.

/// How a client chooses an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// Any.
    Random,
    /// By weight.
    Weighted,
    /// By weight over response time.
    ResponseTime,
    /// The one with the fewest connections.
    LeastConnections,
    /// By the hash of what is asked for.
    ConsistentHash,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 6] = [
        Self::RoundRobin,
        Self::Random,
        Self::Weighted,
        Self::ResponseTime,
        Self::LeastConnections,
        Self::ConsistentHash,
    ];
}

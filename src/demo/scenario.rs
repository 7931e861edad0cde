//! What the demonstration fleet shows on request, beside its calm life.

use std::fmt;

/// One thing that happens on the demonstration cluster when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scenario {
    /// Owners who wait for each other in a ring, until one gives up; again and again.
    Deadlock,
    /// Instances that register and vanish.
    Flapping,
    /// A lock that many want, and read-write locks.
    Contention,
    /// Holders and leaders who crash, resign or are deposed.
    Crash,
    /// Keys as well-known systems write them.
    Layouts,
    /// A bigger fleet, with instances that are late, down or starting for ever.
    Services,
    /// Fifty contended locks, tied together by thirty owners.
    FiftyLocks,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Deadlock,
        Self::Flapping,
        Self::Contention,
        Self::Crash,
        Self::Layouts,
        Self::Services,
        Self::FiftyLocks,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deadlock => "deadlock",
            Self::Flapping => "flapping",
            Self::Contention => "contention",
            Self::Crash => "crash",
            Self::Layouts => "layouts",
            Self::Services => "services",
            Self::FiftyLocks => "fifty-locks",
        }
    }

    /// What it shows, for the help.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Deadlock => "three owners wait for each other's locks until one gives up, again and again",
            Self::Flapping => "instances register and vanish: revoked, expired and deleted by turns",
            Self::Contention => "one lock with more than twenty waiters, and read-write locks",
            Self::Crash => "holders and leaders crash, resign or are deposed by an operator",
            Self::Layouts => "keys as Kubernetes, Patroni, TiKV, Vitess, APISIX and others write them",
            Self::Services => "a bigger fleet: weights, versions, breakers, instances late, down or starting",
            Self::FiftyLocks => "fifty contended locks, tied together by thirty owners",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

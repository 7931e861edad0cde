//! What a seed means: cluster, keys, load, and the faults with their times.

use std::fmt;

use etcdscope::etcd::ValuePolicy;
use fastrand::Rng;

use super::keys::Shape;

/// The cluster that an episode needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    pub members: usize,
    /// The oldest etcd that is installed instead of the newest.
    pub old: bool,
}

/// Whose network or process suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Member(usize),
    /// The one that the mirror watches then.
    Watched,
    /// The one that leads then.
    Leader,
    All,
}

/// What is compacted away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    Newest,
    /// What the mirror has applied.
    Applied,
    /// Somewhere between the two.
    Between,
}

/// One fault; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Cut(Whom),
    Reset(Whom),
    Close {
        whom: Whom,
        ms: u64,
    },
    Blackhole {
        whom: Whom,
        ms: u64,
    },
    /// `reset`: what was swallowed never arrives; else it arrives late.
    SwallowRequests {
        whom: Whom,
        ms: u64,
        reset: bool,
    },
    SwallowAnswers {
        whom: Whom,
        ms: u64,
        reset: bool,
    },
    Delay {
        whom: Whom,
        by: u64,
        ms: u64,
    },
    /// What guarded writers write is committed, and its answer is lost with the connection.
    LoseAnswers {
        whom: Whom,
        ms: u64,
    },
    Kill {
        whom: Whom,
        ms: u64,
    },
    Stop {
        whom: Whom,
        ms: u64,
    },
    /// The connections end while the member stands still: what it was sent it does afterwards.
    StopAndReset {
        whom: Whom,
        ms: u64,
    },
    Compact(Below),
    /// The mirror is cut off, history is compacted away meanwhile and `again` so many times while it
    /// comes back.
    CompactWhileAway {
        ms: u64,
        below: Below,
        again: u64,
    },
    Defragment(Whom),
}

/// How the mirror comes back at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healing {
    /// By itself.
    Alone,
    /// The operator asks for it.
    Asked,
}

/// A whole episode.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub kind: Kind,
    pub shape: Shape,
    /// Keys that are there before the mirror begins.
    pub preload: usize,
    pub big_values: bool,
    pub writers: usize,
    /// Longest pause of a writer between two operations.
    pub pause_ms: u64,
    pub leases: usize,
    pub guarded: usize,
    /// The mirror begins so long after the load.
    pub late_ms: u64,
    pub load_ms: u64,
    pub values: ValuePolicy,
    pub value_budget: u64,
    pub gather_ms: u64,
    /// Longest time that the receiver of updates takes for one.
    pub slow_ms: u64,
    pub healing: Healing,
    /// In the end the cluster is restored from a snapshot.
    pub restored: bool,
    pub faults: Vec<(u64, Fault)>,
}

impl Kind {
    /// The cluster that this seed needs.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let members = if rng.bool() { 3 } else { 1 };
        let old = rng.u32(..100) < if members == 1 { 40 } else { 12 };
        Self { members, old }
    }
}

impl Plan {
    pub fn of(seed: u64) -> Self {
        let kind = Kind::of(seed);
        let mut rng = Rng::with_seed(seed ^ 0x5eed);
        let rng = &mut rng;
        let shape = Shape::any(rng);
        let load_ms = rng.u64(6_000..10_000);
        let budget_is_small = rng.u32(..100) < 15;
        let values = match rng.u32(..100) {
            _ if budget_is_small => ValuePolicy::Always,
            0..70 => ValuePolicy::Always,
            70..85 => ValuePolicy::UpToKeys(60),
            _ => ValuePolicy::Never,
        };
        Self {
            seed,
            kind,
            shape,
            preload: *one_of(rng, &[0, 10, 60, 400, 3_000]),
            big_values: rng.u32(..100) < 35,
            writers: rng.usize(1..4),
            pause_ms: *one_of(rng, &[4, 12, 30, 120]),
            leases: rng.usize(0..3),
            guarded: rng.usize(1..6),
            late_ms: *one_of(rng, &[0, 0, 300, 1_500]),
            load_ms,
            values,
            value_budget: if budget_is_small { 20_000 } else { u64::MAX },
            gather_ms: rng.u64(5..50),
            slow_ms: if rng.u32(..100) < 20 { rng.u64(50..400) } else { 0 },
            healing: if rng.u32(..100) < 35 { Healing::Alone } else { Healing::Asked },
            faults: faults(rng, kind, load_ms),
            restored: kind.members == 1 && rng.u32(..100) < 30,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} member(s){}, {:?} keys, {} at first, {} writer(s) every ≤ {} ms{}, {} lease holder(s), \
             {} guarded writer(s)",
            self.seed,
            self.kind.members,
            if self.kind.old { " of the oldest etcd" } else { "" },
            self.shape,
            self.preload,
            self.writers,
            self.pause_ms,
            if self.big_values { ", big values" } else { "" },
            self.leases,
            self.guarded,
        )?;
        writeln!(
            f,
            "  mirror: {} ms late, values {:?} up to {} bytes, gathers {} ms, receiver takes ≤ {} ms, comes back {:?}; \
             load for {} ms",
            self.late_ms,
            self.values,
            self.value_budget,
            self.gather_ms,
            self.slow_ms,
            self.healing,
            self.load_ms,
        )?;
        for (at, fault) in &self.faults {
            writeln!(f, "  {at:>6} ms {fault:?}")?;
        }
        if self.restored {
            writeln!(f, "  in the end restored from an older snapshot")?;
        }
        Ok(())
    }
}

/// What an episode is mostly about.
#[derive(Clone, Copy, PartialEq)]
enum Theme {
    Network,
    Members,
    History,
    Everything,
}

fn faults(rng: &mut Rng, kind: Kind, load_ms: u64) -> Vec<(u64, Fault)> {
    let theme = *one_of(rng, &[Theme::Network, Theme::Members, Theme::History, Theme::Everything]);
    let count = rng.usize(3..11);
    // One long fault at most: it takes the mirror over its own time limits.
    let long = (rng.u32(..100) < 30).then(|| rng.usize(..count));
    let mut faults: Vec<(u64, Fault)> = (0..count)
        .map(|number| {
            let ms = if long == Some(number) { rng.u64(9_000..11_500) } else { duration(rng) };
            (rng.u64(200..load_ms), fault(rng, theme, kind, ms))
        })
        .collect();
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// Mostly short; some are long enough for time-outs of single calls.
fn duration(rng: &mut Rng) -> u64 {
    match rng.u32(..10) {
        0..4 => rng.u64(20..300),
        4..9 => rng.u64(300..2_000),
        _ => rng.u64(2_000..4_500),
    }
}

fn fault(rng: &mut Rng, theme: Theme, kind: Kind, ms: u64) -> Fault {
    let theme = match theme {
        Theme::Everything => *one_of(rng, &[Theme::Network, Theme::Members, Theme::History]),
        // Some of the others comes into every theme.
        theme if rng.u32(..100) < 75 => theme,
        _ => *one_of(rng, &[Theme::Network, Theme::Members, Theme::History]),
    };
    let link = match rng.u32(..10) {
        0..5 => Whom::Watched,
        5..7 => Whom::All,
        _ => Whom::Member(rng.usize(..kind.members)),
    };
    let process = match rng.u32(..10) {
        0..4 => Whom::Leader,
        4..7 => Whom::Watched,
        _ => Whom::Member(rng.usize(..kind.members)),
    };
    let below = *one_of(rng, &[Below::Newest, Below::Newest, Below::Applied, Below::Between]);
    match theme {
        Theme::Network => match rng.u32(..10) {
            0 => Fault::Cut(link),
            1 => Fault::Reset(link),
            2 => Fault::Close { whom: link, ms },
            3 => Fault::Blackhole { whom: link, ms },
            4 => Fault::SwallowRequests { whom: link, ms, reset: rng.bool() },
            5 => Fault::SwallowAnswers { whom: link, ms, reset: rng.bool() },
            6..8 => Fault::LoseAnswers { whom: link, ms },
            _ => Fault::Delay { whom: link, by: rng.u64(1..400), ms },
        },
        Theme::Members => match rng.u32(..8) {
            0..3 => Fault::Kill { whom: process, ms: ms.min(4_000) },
            3..5 => Fault::Stop { whom: process, ms },
            5..7 => Fault::StopAndReset { whom: process, ms },
            _ => Fault::Defragment(process),
        },
        Theme::History | Theme::Everything => match rng.u32(..6) {
            0..2 => Fault::Compact(below),
            2..5 => Fault::CompactWhileAway { ms: ms.min(2_500), below, again: rng.u64(..4) },
            _ => Fault::Cut(link),
        },
    }
}

pub fn one_of<'a, T>(rng: &mut Rng, choice: &'a [T]) -> &'a T {
    &choice[rng.usize(..choice.len())]
}

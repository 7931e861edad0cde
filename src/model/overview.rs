//! Everything at a glance: the sums of services, locks, elections and leases. Counting them costs what there
//! is, so it is done beside the window, or seldom; they are true for the moment that they were counted at.

use std::sync::Arc;

use super::bytes::Key;
use super::coordination::waits::Cycle;
use super::coordination::{
    ClaimKind, ClaimQueue, Coordination, CoordinationSettings, InstanceCounts, Standing,
};
use super::session::KnownLeases;
use super::status::SeenAt;

/// So many leaders that changed are named.
const MOST_NAMED: usize = 12;
/// So many services that are not well are named.
const MOST_WORST: usize = 12;
/// An instance that came back so often lately is flapping.
pub const FLAPPING: u32 = 3;
/// A lease ends soon with less than this left, in milliseconds.
const SOON_MS: i64 = 60_000;
/// A lease that had more than half of its time when it was asked is asked again as soon as half is over: until
/// the answer is there, for so long, in milliseconds, what was told stands.
const ANSWER_MS: i64 = 2_000;
/// A lease that should have ended so long ago, in milliseconds, and still has its keys was kept alive.
const OVERDUE_MS: i64 = 2_000;

/// How many services are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceCounts {
    /// No instance of them is bad.
    pub up: usize,
    /// Some of their instances are bad.
    pub degraded: usize,
    /// Nobody of them serves.
    pub down: usize,
    /// Nothing proves that they live.
    pub unknown: usize,
    /// Their last instance left by itself, or was ended from here. They are not among [`Self::all`].
    pub emptied: usize,
}

impl ServiceCounts {
    /// All that should have instances.
    #[must_use]
    pub fn all(&self) -> usize {
        self.up + self.degraded + self.down + self.unknown
    }
}

/// Which services are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServiceFilter {
    /// All of them.
    #[default]
    All,
    /// Those with any problem.
    Problems,
    /// Those of which nobody serves.
    Down,
    /// Those of which some instances are bad.
    Degraded,
    /// Those with instances that come and go.
    Flapping,
    /// Those with a circuit breaker that is not closed.
    Breakers,
    /// Those of which nothing proves that they live.
    Unknown,
}

impl ServiceFilter {
    /// Every filter.
    pub const ALL: [Self; 7] = [
        Self::All,
        Self::Problems,
        Self::Down,
        Self::Degraded,
        Self::Flapping,
        Self::Breakers,
        Self::Unknown,
    ];
}

/// A service that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwell {
    /// Its folder.
    pub folder: Key,
    /// Its name.
    pub name: String,
    /// How it is.
    pub standing: Standing,
    /// Its instances.
    pub instances: InstanceCounts,
}

/// Services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSums {
    /// Services.
    pub services: ServiceCounts,
    /// Instances.
    pub instances: InstanceCounts,
    /// Those that are not well, worst first.
    pub worst: Vec<Unwell>,
    /// Instances that come and go.
    pub flapping: usize,
}

/// Locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockSums {
    /// Locks that somebody holds.
    pub held: usize,
    /// Locks that somebody waits for.
    pub contended: usize,
    /// Claims that wait.
    pub waiting: usize,
    /// The lock that somebody was seen to wait for the longest, and since when.
    pub longest: Option<(SeenAt, Key)>,
    /// Claims that waited before they were watched: nobody knows for how long.
    pub unknown_waits: usize,
    /// Deadlocks.
    pub deadlocks: usize,
    /// The locks of the first deadlock.
    pub deadlocked: Vec<Key>,
}

/// Elections.
#[derive(Clone, Debug, Default)]
pub struct ElectionSums {
    /// Elections in which somebody leads.
    pub led: usize,
    /// Elections that lost their leader, and have none since.
    pub leaderless: Vec<Key>,
    /// Changes of leaders lately.
    pub changes: usize,
    /// Elections whose leader changed more often than the profile finds right.
    pub alerts: Vec<Key>,
    /// Elections whose leader changed lately and that have one, newest change first.
    pub changed: Vec<Arc<ClaimQueue>>,
}

/// Leases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseSums {
    /// Leases that keys are attached to.
    pub all: usize,
    /// Those of which it is known what they have left.
    pub known: usize,
    /// Those that had no more than half of their time left when they were asked.
    pub below_half: usize,
    /// Of these, those that end within a minute.
    pub soon: usize,
    /// Of these, the one that ends first, and when it will.
    pub next: Option<(SeenAt, i64)>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Services.
    pub services: ServiceSums,
    /// Locks.
    pub locks: LockSums,
    /// Elections.
    pub elections: ElectionSums,
    /// Leases.
    pub leases: LeaseSums,
}

impl Sums {
    /// Counts. `judged_at`: as of when it is judged which instance is late.
    #[must_use]
    pub fn of(
        picture: &Coordination,
        told: &KnownLeases,
        rules: &CoordinationSettings,
        judged_at: SeenAt,
        now: SeenAt,
    ) -> Self {
        Self {
            services: services(picture, rules, judged_at),
            locks: locks(picture),
            elections: elections(picture, rules, now),
            leases: leases(picture, told, now),
        }
    }
}

fn services(picture: &Coordination, rules: &CoordinationSettings, now: SeenAt) -> ServiceSums {
    let mut sums = ServiceSums::default();
    for service in picture.services.values() {
        let mut instances = InstanceCounts::default();
        for instance in service.instances.values() {
            instances.add(instance.health(now, rules.late_secs, rules.down_secs));
            sums.flapping += usize::from(instance.flaps >= FLAPPING);
        }
        sums.instances.add_all(&instances);
        let standing = service.standing(&instances);
        match standing {
            Standing::Up => sums.services.up += 1,
            Standing::Unknown => sums.services.unknown += 1,
            Standing::Degraded => sums.services.degraded += 1,
            Standing::Down => sums.services.down += 1,
            Standing::Gone => sums.services.emptied += 1,
        }
        if matches!(standing, Standing::Degraded | Standing::Down) {
            let (folder, name) = (service.folder.clone(), service.name.clone());
            sums.worst.push(Unwell { folder, name, standing, instances });
        }
    }
    // Those that are down first, then by the share that is down, then by the share that is late.
    sums.worst.sort_by(|one, other| {
        let badness = badness(&other.instances).total_cmp(&badness(&one.instances));
        other.standing.cmp(&one.standing).then(badness)
    });
    sums.worst.truncate(MOST_WORST);
    sums
}

fn badness(instances: &InstanceCounts) -> f64 {
    if instances.all() == 0 {
        return f64::INFINITY;
    }
    let all = instances.all() as f64;
    1_000.0 * instances.down as f64 / all + instances.late as f64 / all
}

fn locks(picture: &Coordination) -> LockSums {
    let mut sums = LockSums::default();
    for queue in picture.of_kind(ClaimKind::Lock) {
        let waiting = queue.waiting();
        sums.held += usize::from(queue.holder().is_some());
        sums.contended += usize::from(!waiting.is_empty());
        sums.waiting += waiting.len();
        for claim in waiting {
            let Some(since) = claim.since else {
                sums.unknown_waits += 1;
                continue;
            };
            if sums.longest.as_ref().is_none_or(|(longest, _)| since < *longest) {
                sums.longest = Some((since, queue.name.clone()));
            }
        }
    }
    let cycles = &picture.waits.cycles;
    sums.deadlocks = cycles.len();
    sums.deadlocked = cycles.first().map_or_else(Vec::new, Cycle::locks);
    sums
}

fn elections(picture: &Coordination, rules: &CoordinationSettings, now: SeenAt) -> ElectionSums {
    let from = now - i64::from(rules.alert_minutes) * 60_000;
    let mut sums = ElectionSums::default();
    for queue in picture.of_kind(ClaimKind::Election) {
        sums.led += usize::from(queue.holder().is_some());
        let lost = queue.lost_its_holder();
        if lost {
            sums.leaderless.push(queue.name.clone());
        }
        let changes = queue.changes_since(from);
        sums.changes += changes;
        if changes > 0 && !lost {
            sums.changed.push(queue.clone());
        }
        if rules.is_alert(changes) {
            sums.alerts.push(queue.name.clone());
        }
    }
    let ended = |queue: &Arc<ClaimQueue>| queue.past.back().map_or(SeenAt::MIN, |last| last.until);
    sums.changed.sort_by_key(|queue| std::cmp::Reverse(ended(queue)));
    sums.changed.truncate(MOST_NAMED);
    sums
}

fn leases(picture: &Coordination, told: &KnownLeases, now: SeenAt) -> LeaseSums {
    let mut sums = LeaseSums { all: picture.leases.len(), ..LeaseSums::default() };
    for lease in told.values().filter(|lease| picture.leases.contains_key(&lease.id)) {
        let age = now - lease.seen_at;
        if lease.is_gone() || age < 0 {
            continue;
        }
        let left = lease.remaining_secs.saturating_mul(1_000).saturating_sub(age);
        if !lease.missed_a_renewal() {
            // It has at least what is counted down, whether it was kept alive since or not.
            let half = lease.granted_secs.saturating_mul(500);
            sums.known += usize::from(left.saturating_add(ANSWER_MS) >= half);
        } else if lease.is_current(now) && left >= -OVERDUE_MS {
            sums.known += 1;
            sums.below_half += 1;
            sums.soon += usize::from(left < SOON_MS);
            let ends = now + left.max(0);
            if sums.next.is_none_or(|(first, _)| ends < first) {
                sums.next = Some((ends, lease.id));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests;

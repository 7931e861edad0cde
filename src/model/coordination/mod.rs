//! Services, leases, locks and elections as they live in the key space, recognised by shape.
//!
//! [`Coordination`] is one picture of all of them. It is made of persistent maps: cloning it costs next to
//! nothing and the clone never changes, so the backend goes on with its own while the window shows one. It is
//! fed in two ways only: with a whole key space after a listing, and with the changes of whole revisions; a
//! change costs what it touches, never what there is.

pub mod cause;
mod ending;
mod engine;
mod finding;
mod lease;
pub mod news;
mod queue;
pub mod raft;
pub mod rules;
mod service;
mod standing;
pub mod traffic;
pub mod waits;

use std::sync::Arc;

use imbl::{HashMap, OrdMap, Vector};

pub use ending::{EndCause, Ending, OwnEnd};
pub use engine::Engine;
pub use finding::{Finding, Layout, Role};
pub use lease::{LeaseInfo, LeaseUse, Meaning, lease_text};
pub use news::{News, NewsKind};
pub use queue::{
    Claim, ClaimForm, ClaimKind, ClaimMode, ClaimQueue, Confidence, Contention, MOST_CONTENTION,
    MOST_TENURES, Tenure, Told,
};
pub use rules::CoordinationSettings;
pub use service::{
    Breaker, Cause, Health, Instance, InstanceEvent, InstanceStatus, MOST_EVENTS, Node, Report, Sample,
    Series, Service, Turn,
};
pub use standing::{InstanceCounts, Standing};
pub use waits::WaitGraph;

use super::bytes::Key;
use super::status::SeenAt;

/// At most so many news are kept, oldest dropped first.
pub const MOST_NEWS: usize = 1_000;
/// Of so many ends it is remembered why.
pub const MOST_CAUSES: usize = 500;

/// And so many handovers of locks: where thousands of them happen in a second, they must not push out the rest.
pub const MOST_HANDOVERS: usize = 500;

/// How many there are that somebody claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Locks.
    pub locks: usize,
    /// Elections.
    pub elections: usize,
}

impl Totals {
    /// Of one kind.
    #[must_use]
    pub fn of(self, kind: ClaimKind) -> usize {
        match kind {
            ClaimKind::Lock => self.locks,
            ClaimKind::Election => self.elections,
        }
    }

    fn add(&mut self, kind: ClaimKind) {
        match kind {
            ClaimKind::Lock => self.locks += 1,
            ClaimKind::Election => self.elections += 1,
        }
    }
}

fn same_news(some: &Vector<Arc<News>>, others: &Vector<Arc<News>>) -> bool {
    let last = |news: &Vector<Arc<News>>| news.back().map(|news| news.serial);
    some.len() == others.len() && last(some) == last(others)
}

/// Services, by the path of the folder that their instances are in (with its separator at the end).
pub type Services = OrdMap<Key, Arc<Service>>;

/// What ended and is still to be found out why, by revision and key.
pub type Endings = OrdMap<(i64, Key), Arc<Ending>>;

/// Everything recognised in one picture of the key space, and what was seen of it over time.
#[derive(Clone, Debug, Default)]
pub struct Coordination {
    /// The revision that it is of.
    pub revision: i64,
    /// A whole listing was looked at: what is not here is not there.
    pub complete: bool,
    /// Since when every change has been seen without a gap; `None`: nothing has been.
    pub watched_since: Option<SeenAt>,
    /// Locks and elections, by name.
    pub queues: OrdMap<Key, Arc<ClaimQueue>>,
    /// How many of them somebody claims.
    pub totals: Totals,
    /// Services, by the path of the folder that their instances are in (with its separator at the end).
    pub services: Services,
    /// Leases that keys are attached to, by id.
    pub leases: OrdMap<i64, Arc<LeaseUse>>,
    /// What each recognised key means, by key.
    pub meanings: HashMap<Key, Meaning>,
    /// Who waits for whom, and which of them for ever.
    pub waits: Arc<WaitGraph>,
    /// What happened, oldest first, without handovers of locks. Their serial numbers follow each other.
    pub news: Vector<Arc<News>>,
    /// Locks that went from one to another, oldest first, with serial numbers of their own.
    pub handovers: Vector<Arc<News>>,
    /// What ended and is still to be found out why, oldest first, by revision and key.
    pub endings: Endings,
    /// Why what ended lately did so, by revision and key, with the lease that it was on; at most
    /// [`MOST_CAUSES`], oldest dropped first.
    pub causes: OrdMap<(i64, Key), (i64, EndCause)>,
}

impl Coordination {
    /// Whether nothing has changed between two pictures; it may say no where nothing has. Costs nothing.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.revision == other.revision
            && self.complete == other.complete
            && self.queues.ptr_eq(&other.queues)
            && self.services.ptr_eq(&other.services)
            && self.leases.ptr_eq(&other.leases)
            && Arc::ptr_eq(&self.waits, &other.waits)
            // (Short vectors are never the same to `ptr_eq`.) What becomes known of one changes what it is about.
            && same_news(&self.news, &other.news)
            && same_news(&self.handovers, &other.handovers)
            && self.endings.ptr_eq(&other.endings)
    }

    /// Why the key that went at this revision did so, as far as it was found out. A lease takes all its keys
    /// along at once: of keys that are nothing by themselves it is known by those that went with them.
    #[must_use]
    pub fn cause_of(&self, key: &Key, revision: i64, lease: i64) -> Option<EndCause> {
        let known = self.causes.get(&(revision, key.clone())).map(|(_, cause)| *cause);
        let shared = |cause: EndCause| {
            matches!(cause, EndCause::Expired | EndCause::Revoked | EndCause::RevokedHere | EndCause::Asking)
        };
        known.or_else(|| {
            let from = (revision, Key::from([].as_slice()));
            let together = self.causes.range(from..).take_while(|((at, _), _)| *at == revision);
            let others = together.map(|(_, (of, cause))| (*of, *cause));
            others
                .filter(|(of, cause)| lease != 0 && *of == lease && shared(*cause))
                .map(|(_, cause)| cause)
                .next()
        })
    }

    /// Locks or elections, by name.
    pub fn of_kind(&self, kind: ClaimKind) -> impl Iterator<Item = &Arc<ClaimQueue>> {
        self.queues.values().filter(move |queue| queue.kind == kind)
    }

    /// The lock or election that this key claims, with its place (0: it holds or leads).
    #[must_use]
    pub fn claim_of(&self, key: &[u8]) -> Option<(&Arc<ClaimQueue>, usize)> {
        let Meaning::Claim(_, name) = self.meanings.get(key)? else { return None };
        let queue = self.queues.get(name)?;
        Some((queue, queue.claims.iter().position(|claim| *claim.key == *key)?))
    }

    /// As [`Self::claim_of`], quicker where the revision that created the key is known and the line is long.
    #[must_use]
    pub fn claim_at(&self, key: &[u8], created: i64) -> Option<(&Arc<ClaimQueue>, usize)> {
        let Meaning::Claim(_, name) = self.meanings.get(key)? else { return None };
        let queue = self.queues.get(name)?;
        let order = |claim: &Arc<Claim>| (claim.meta.create_revision, &*claim.key).cmp(&(created, key));
        // This picture and the key space may be some moments apart.
        queue.claims.binary_search_by(order).ok().map(|at| (queue, at)).or_else(|| self.claim_of(key))
    }

    /// Adds a lock or an election with its claims.
    pub fn add_queue(&mut self, queue: ClaimQueue) {
        for claim in &queue.claims {
            self.meanings.insert(claim.key.clone(), Meaning::Claim(queue.kind, queue.name.clone()));
        }
        self.queues.insert(queue.name.clone(), Arc::new(queue));
        self.count();
    }

    /// Counts what somebody claims.
    fn count(&mut self) {
        let mut totals = Totals::default();
        let claimed = self.queues.values().filter(|queue| !queue.claims.is_empty());
        claimed.for_each(|queue| totals.add(queue.kind));
        self.totals = totals;
    }

    /// The service and instance that this key registers.
    #[must_use]
    pub fn instance_of(&self, key: &[u8]) -> Option<(&Arc<Service>, &Arc<Instance>)> {
        let Meaning::Instance(folder) = self.meanings.get(key)? else { return None };
        let service = self.services.get(folder)?;
        Some((service, service.instances.get(key)?))
    }
}

//! Services with their instances, what these report, and how they came and went.

use std::collections::VecDeque;
use std::sync::Arc;

use imbl::OrdMap;

use super::ending::EndCause;
use super::finding::Layout;
use super::queue::Confidence;
use crate::model::bytes::Key;
use crate::model::record::KeyMeta;
use crate::model::status::SeenAt;

/// So many comings and goings are kept of each service.
pub const MOST_EVENTS: usize = 200;

/// What an instance says of itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceStatus {
    /// Serving.
    Up,
    /// Starting.
    Starting,
    /// Not serving.
    Down,
    /// In its own word.
    Other(String),
}

/// A circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breaker {
    /// Requests pass.
    Closed,
    /// Some are tried.
    HalfOpen,
    /// None passes.
    Open,
}

/// What an instance reported last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The key of the report; `None`: it stands in the registration itself.
    pub key: Option<Key>,
    /// Status.
    pub status: Option<InstanceStatus>,
    /// Share of the processor used, 0 to 1.
    pub cpu: Option<f32>,
    /// Share of the memory used, 0 to 1.
    pub memory: Option<f32>,
    /// Time of a request, in milliseconds.
    pub latency_ms: Option<f32>,
    /// Requests or connections under way, where told.
    pub connections: Option<f32>,
    /// Circuit breaker.
    pub breaker: Option<Breaker>,
    /// The time that the report itself gives, by the reporter's clock.
    pub told_at: Option<String>,
    /// When it was seen to come; `None`: it was there before it was watched.
    pub seen_at: Option<SeenAt>,
}

impl Report {
    /// Whether it is a time within the registration and nothing else: a heartbeat, if it is written on and on.
    #[must_use]
    pub fn is_mere_time(&self) -> bool {
        let told_at = self.told_at.clone();
        *self == Self { told_at, seen_at: self.seen_at, ..Self::default() }
    }
}

/// Metrics at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When they were seen.
    pub at: SeenAt,
    /// Share of the processor used, 0 to 1; NaN: not told.
    pub cpu: f32,
    /// Share of the memory used, 0 to 1; NaN: not told.
    pub memory: f32,
    /// Time of a request, in milliseconds; NaN: not told.
    pub latency_ms: f32,
}

/// Metrics over the time watched, oldest first.
pub type Series = VecDeque<Sample>;

/// One of several addresses that one key registers.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// `host:port` or a URL.
    pub address: String,
    /// Its weight, where it has one.
    pub weight: Option<f64>,
}

/// One registered instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The key that registers it.
    pub key: Key,
    /// Its revisions and lease.
    pub meta: KeyMeta,
    /// Its name within the service.
    pub id: String,
    /// `host:port` or a URL.
    pub address: Option<String>,
    /// Where one key registers several (APISIX's upstreams, go-micro): all of them, in order. Empty: this is
    /// one instance.
    pub nodes: Vec<Node>,
    /// Its weight, where it has one.
    pub weight: Option<f64>,
    /// Version of what it runs.
    pub version: Option<String>,
    /// Its label (`stable`, `canary`), where it has one.
    pub label: Option<String>,
    /// Everything else that it says of itself, in order.
    pub metadata: Vec<(String, String)>,
    /// What it says of its status in the registration.
    pub status: Option<InstanceStatus>,
    /// Who writes so.
    pub layout: Layout,
    /// How sure we are.
    pub confidence: Confidence,
    /// When it was seen to come; `None`: it was there before it was watched.
    pub since: Option<SeenAt>,
    /// When its key was last seen to be written; `None`: not since it is watched.
    pub renewed_at: Option<SeenAt>,
    /// What it reported last.
    pub report: Option<Arc<Report>>,
    /// What it reported over the time watched.
    pub series: Arc<Series>,
    /// How often it came back within the last ten minutes.
    pub flaps: u32,
}

/// Coming or going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// It was registered.
    Up,
    /// Its registration is gone.
    Down,
}

/// Why an instance went (`None` for one that came).
pub type Cause = Option<EndCause>;

/// An instance came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEvent {
    /// The instance's key.
    pub key: Key,
    /// Its name.
    pub id: String,
    /// The lease it was on.
    pub lease: i64,
    /// Came or went.
    pub turn: Turn,
    /// Why it went.
    pub cause: Cause,
    /// At which revision.
    pub revision: i64,
    /// When it was seen.
    pub at: SeenAt,
}

/// A service with its instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The folder that its instances are in, with its separator.
    pub folder: Key,
    /// Its name.
    pub name: String,
    /// Who writes so.
    pub layout: Layout,
    /// How sure we are.
    pub confidence: Confidence,
    /// Its instances, by key. Empty where all are gone; it is kept for its past.
    pub instances: OrdMap<Key, Arc<Instance>>,
    /// Comings and goings, oldest first, at most [`MOST_EVENTS`].
    pub past: Arc<VecDeque<InstanceEvent>>,
}

/// How an instance is, by its registration, its reports and their age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Registered on a lease that is kept alive, and reports in time if it reports at all.
    Up,
    /// Registered without a lease, and never seen to report: nothing proves that it lives.
    Unknown,
    /// It says that it is starting.
    Starting,
    /// Its last report is older than the heartbeat allows.
    Late,
    /// It says that it is down, or its last report is much too old.
    Down,
}

impl Service {
    /// The last that went.
    #[must_use]
    pub fn last_down(&self) -> Option<&InstanceEvent> {
        self.past.iter().rev().find(|event| event.turn == Turn::Down)
    }

    /// Whether it has no instance since the last one went without wanting to.
    #[must_use]
    pub fn lost_its_instances(&self) -> bool {
        let wanted = |event: &InstanceEvent| event.cause.is_some_and(EndCause::is_wanted);
        self.instances.is_empty() && self.last_down().is_some_and(|event| !wanted(event))
    }
}

impl Instance {
    /// An instance of which nothing but its key is known.
    #[must_use]
    pub fn found(key: Key, meta: KeyMeta, id: String) -> Self {
        Self {
            key,
            meta,
            id,
            address: None,
            nodes: Vec::new(),
            weight: None,
            version: None,
            label: None,
            metadata: Vec::new(),
            status: None,
            layout: Layout::Plain,
            confidence: Confidence::Likely,
            since: None,
            renewed_at: None,
            report: None,
            series: Arc::default(),
            flaps: 0,
        }
    }

    /// How it is now. A report is late after `late_secs` and stale after `down_secs`; what never reported, or
    /// only before it was watched, is judged by its registration alone: one on a lease goes with its lease, one
    /// without stays whatever becomes of the instance.
    #[must_use]
    pub fn health(&self, now: SeenAt, late_secs: u32, down_secs: u32) -> Health {
        let report = self.report.as_deref();
        let status = report.and_then(|report| report.status.as_ref()).or(self.status.as_ref());
        let age = report.and_then(|report| report.seen_at).map(|seen_at| now - seen_at);
        let older = |secs: u32| age.is_some_and(|age| age > i64::from(secs) * 1_000);
        match status {
            Some(InstanceStatus::Down) => Health::Down,
            _ if older(down_secs) => Health::Down,
            _ if older(late_secs) => Health::Late,
            Some(InstanceStatus::Starting) => Health::Starting,
            _ if age.is_none() && self.meta.lease == 0 => Health::Unknown,
            _ => Health::Up,
        }
    }
}

//! How much of the traffic each instance of a service would get: a preview from what the instances say of
//! themselves. It is what the strategy aims at, not what was measured.

mod ring;

use super::service::{Breaker, Health, Instance};
use crate::model::status::SeenAt;

pub use ring::{MOST_POINTS, POINTS};

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
    /// The one with the fewest connections: by weight over one more than the connections under way, which is
    /// where a balancer that always takes the one with the fewest ends up (and Envoy's own rule).
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

/// Shorter response times count as this, in milliseconds: a report of 0 ms is one that was rounded.
const SHORTEST_MS: f64 = 1.0;

/// Numbers are taken within these.
const SMALLEST: f64 = 1e-9;
const LARGEST: f64 = 1e12;

/// An instance as one who chooses sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target<'a> {
    /// What it is hashed by: its address, or its key.
    pub name: &'a [u8],
    /// Its weight, where told.
    pub weight: Option<f64>,
    /// Time of a request in milliseconds, where told.
    pub latency_ms: Option<f64>,
    /// Connections or requests under way, where told.
    pub connections: Option<f64>,
    /// How it is.
    pub health: Health,
    /// Its circuit breaker, where told.
    pub breaker: Option<Breaker>,
}

impl<'a> Target<'a> {
    /// An instance now; one for each node where it has several.
    pub fn of(
        instance: &'a Instance,
        now: SeenAt,
        late_secs: u32,
        down_secs: u32,
    ) -> impl Iterator<Item = Self> {
        let report = instance.report.as_deref();
        let whole = Self {
            name: instance.address.as_ref().map_or(&*instance.key, |address| address.as_bytes()),
            weight: instance.weight,
            latency_ms: report.and_then(|report| report.latency_ms).map(f64::from),
            connections: report.and_then(|report| report.connections).map(f64::from),
            health: instance.health(now, late_secs, down_secs),
            breaker: report.and_then(|report| report.breaker),
        };
        let nodes = instance.nodes.iter().map({
            let whole = whole.clone();
            move |node| Self { name: node.address.as_bytes(), weight: node.weight, ..whole.clone() }
        });
        nodes.chain(instance.nodes.is_empty().then_some(whole))
    }
}

/// Why an instance gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// It is down.
    Down,
    /// It is still starting.
    Starting,
    /// Its circuit breaker is open.
    BreakerOpen,
    /// Its weight is 0.
    NoWeight,
}

/// What is said with a share, because it is not all that there is to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// It told no weight: the mean of the others counts (1 where none told one).
    WeightAssumed,
    /// It told no response time: the mean of the others counts (all are equal where none told one).
    LatencyAssumed,
    /// It told no connections: the mean of the others counts.
    ConnectionsAssumed,
    /// Nobody told connections: with the same number under way at each, the quick ones take more; by response
    /// time.
    ByLatencyInstead,
    /// Its circuit breaker is half open: only some of these requests are tried.
    HalfOpen,
    /// Its report is late: it may already be gone.
    Late,
    /// Nothing proves that it lives.
    Unproven,
}

/// What an instance would get.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Share {
    /// Its part of the whole, 0 to 1.
    pub share: f64,
    /// Why it gets nothing.
    pub left_out: Option<LeftOut>,
    /// What is to be said with it.
    pub remarks: Vec<Remark>,
}

/// The shares under a strategy, an entry for each target in their order. They add up to 1, or are all 0 where
/// nothing serves. A consistent hash computes some thousand points: not in every frame.
#[must_use]
pub fn traffic(strategy: Strategy, targets: &[Target<'_>]) -> Vec<Share> {
    let uses_weight = !matches!(strategy, Strategy::RoundRobin | Strategy::Random);
    let mut shares: Vec<Share> = targets.iter().map(|target| begin(target, uses_weight)).collect();
    let raw = match strategy {
        Strategy::RoundRobin | Strategy::Random => vec![1.0; targets.len()],
        Strategy::Weighted => weights(targets, &mut shares),
        Strategy::ResponseTime => {
            let weights = weights(targets, &mut shares);
            over(weights, &latencies(targets, &mut shares, Remark::LatencyAssumed))
        }
        Strategy::LeastConnections => {
            let weights = weights(targets, &mut shares);
            over(weights, &under_way(targets, &mut shares))
        }
        Strategy::ConsistentHash => {
            let weights = weights(targets, &mut shares);
            let serving = targets.iter().zip(&weights).zip(&shares).enumerate();
            let serving = serving
                .filter(|(_, (_, share))| share.left_out.is_none())
                .map(|(at, ((target, weight), _))| (at, target.name, *weight))
                .collect::<Vec<_>>();
            ring::arcs(targets.len(), &serving)
        }
    };
    let serves = |share: &Share| share.left_out.is_none();
    // The largest is 1, so that no sum runs over.
    let largest = raw
        .iter()
        .zip(&shares)
        .filter(|(_, share)| serves(share))
        .fold(0.0, |most: f64, (raw, _)| most.max(*raw));
    let scaled = |raw: f64| if largest > 0.0 { raw / largest } else { 0.0 };
    let sum: f64 =
        raw.iter().zip(&shares).filter(|(_, share)| serves(share)).map(|(raw, _)| scaled(*raw)).sum();
    for (share, raw) in shares.iter_mut().zip(raw) {
        if share.left_out.is_none() && sum > 0.0 {
            share.share = scaled(raw) / sum;
        }
    }
    shares
}

/// The shares alone.
#[must_use]
pub fn shares(strategy: Strategy, targets: &[Target<'_>]) -> Vec<f64> {
    traffic(strategy, targets).into_iter().map(|share| share.share).collect()
}

/// Who is left out, and what is to be said whatever the strategy.
fn begin(target: &Target<'_>, uses_weight: bool) -> Share {
    let left_out = match (target.health, target.breaker) {
        (Health::Down, _) => Some(LeftOut::Down),
        (Health::Starting, _) => Some(LeftOut::Starting),
        (_, Some(Breaker::Open)) => Some(LeftOut::BreakerOpen),
        _ if uses_weight && target.weight.is_some_and(|weight| weight <= 0.0) => Some(LeftOut::NoWeight),
        _ => None,
    };
    let mut remarks = Vec::new();
    if left_out.is_none() {
        remarks.extend((target.breaker == Some(Breaker::HalfOpen)).then_some(Remark::HalfOpen));
        remarks.extend((target.health == Health::Late).then_some(Remark::Late));
        remarks.extend((target.health == Health::Unknown).then_some(Remark::Unproven));
    }
    Share { share: 0.0, left_out, remarks }
}

/// A number of each target: what it told, else the mean of what those that serve told, which is remarked.
/// `None` where none of them told any.
fn told_or_mean(
    targets: &[Target<'_>],
    shares: &mut [Share],
    remark: Remark,
    told: impl Fn(&Target<'_>) -> Option<f64>,
) -> Option<Vec<f64>> {
    let told = |target: &Target<'_>| {
        let number = told(target).filter(|number| number.is_finite() && *number >= 0.0)?;
        // What nobody means must not run over when it is multiplied.
        Some(if number > 0.0 { number.clamp(SMALLEST, LARGEST) } else { 0.0 })
    };
    let serving: Vec<f64> = targets
        .iter()
        .zip(shares.iter())
        .filter(|(_, share)| share.left_out.is_none())
        .filter_map(|(target, _)| told(target))
        .collect();
    if serving.is_empty() {
        return None;
    }
    let count = f64::from(u32::try_from(serving.len()).unwrap_or(u32::MAX));
    let mean: f64 = serving.iter().map(|number| number / count).sum();
    let numbers = targets.iter().zip(shares.iter_mut()).map(|(target, share)| {
        told(target).unwrap_or_else(|| {
            remark_on(share, remark);
            mean
        })
    });
    Some(numbers.collect())
}

fn remark_on(share: &mut Share, remark: Remark) {
    if share.left_out.is_none() {
        share.remarks.push(remark);
    }
}

fn remark_all(shares: &mut [Share], remark: Remark) {
    shares.iter_mut().for_each(|share| remark_on(share, remark));
}

fn weights(targets: &[Target<'_>], shares: &mut [Share]) -> Vec<f64> {
    told_or_mean(targets, shares, Remark::WeightAssumed, |target| target.weight).unwrap_or_else(|| {
        remark_all(shares, Remark::WeightAssumed);
        vec![1.0; targets.len()]
    })
}

fn latencies(targets: &[Target<'_>], shares: &mut [Share], remark: Remark) -> Vec<f64> {
    let told = told_or_mean(targets, shares, remark, |target| target.latency_ms);
    let Some(latencies) = told else {
        remark_all(shares, remark);
        return vec![SHORTEST_MS; targets.len()];
    };
    latencies.into_iter().map(|latency| latency.max(SHORTEST_MS)).collect()
}

/// What is under way at each, and one more.
fn under_way(targets: &[Target<'_>], shares: &mut [Share]) -> Vec<f64> {
    let told = told_or_mean(targets, shares, Remark::ConnectionsAssumed, |target| target.connections);
    if let Some(connections) = told {
        return connections.into_iter().map(|number| number + 1.0).collect();
    }
    remark_all(shares, Remark::ByLatencyInstead);
    latencies(targets, shares, Remark::LatencyAssumed)
}

fn over(numbers: Vec<f64>, divisors: &[f64]) -> Vec<f64> {
    numbers.into_iter().zip(divisors).map(|(number, divisor)| number / divisor).collect()
}

#[cfg(test)]
mod tests;

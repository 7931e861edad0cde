//! Guarded writers through our own connection, and whether what they were told is true.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etcdscope::etcd::Cluster;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::record::KeyRecord;
use etcdscope::model::write::{BatchReport, BatchStep, Expect, LeaseChoice, PutRequest, WriteOutcome};
use fastrand::Rng;

use super::keys::Values;
use super::truth::{Fact, Truth, shown};

/// A write that was asked for, and what was said about it.
#[derive(Debug)]
pub enum Deed {
    Put(PutRequest, WriteOutcome),
    Batch(Vec<BatchStep>, BatchReport),
    /// Saved at this revision, then read.
    Read {
        key: Key,
        saved: i64,
        read: Option<KeyRecord>,
    },
}

/// Verdicts by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub saved: u64,
    pub conflicts: u64,
    pub not_saved: u64,
    pub unknown: u64,
}

/// Writes until it is stopped. All values are unique.
pub async fn write(
    cluster: Cluster,
    pool: Arc<Vec<Vec<u8>>>,
    stop: Arc<AtomicBool>,
    mut rng: Rng,
    mut values: Values,
) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        if rng.u32(..100) < 20 {
            let steps = steps(&cluster, &pool, &mut rng, &mut values, number).await;
            let report = cluster.batch(&steps, &mut |_| {}, &|| false).await;
            deeds.push(Deed::Batch(steps, report));
        } else {
            let key = contested(&pool, &mut rng);
            if let Ok(now) = cluster.read(&key).await {
                let put = put(key, now.as_ref(), &mut rng, &mut values);
                let outcome = cluster.put(&put).await;
                let saved =
                    if let WriteOutcome::Saved { revision } = outcome { Some(revision) } else { None };
                let key = put.key.clone();
                deeds.push(Deed::Put(put, outcome));
                if let Some(saved) = saved
                    && rng.u32(..4) == 0
                    && let Ok(read) = cluster.read(&key).await
                {
                    deeds.push(Deed::Read { key, saved, read });
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(1..40))).await;
    }
    deeds
}

/// A key that other guarded writers want as well, or one of those that everybody writes.
fn contested(pool: &[Vec<u8>], rng: &mut Rng) -> Key {
    match rng.u32(..3) {
        0 => pool[rng.usize(..pool.len())].as_slice().into(),
        _ => format!("guarded/{}", rng.u32(..5)).into_bytes().into(),
    }
}

fn put(key: Key, now: Option<&KeyRecord>, rng: &mut Rng, values: &mut Values) -> PutRequest {
    let value = Value::from(values.next_unique(20_000));
    let (expect, lease) = match now {
        None => (Expect::Absent, LeaseChoice::Attach(0)),
        // Now and then something that does not hold.
        Some(_) if rng.u32(..15) == 0 => (Expect::Absent, LeaseChoice::Keep),
        Some(now) if rng.u32(..15) == 0 => (Expect::Revision(now.meta.mod_revision - 1), LeaseChoice::Keep),
        Some(now) => (
            Expect::Revision(now.meta.mod_revision),
            if rng.u32(..4) == 0 { LeaseChoice::Attach(0) } else { LeaseChoice::Keep },
        ),
    };
    PutRequest { key, value, expect, lease }
}

/// Steps of a batch on different keys: puts, deletes, renames.
async fn steps(
    cluster: &Cluster,
    pool: &[Vec<u8>],
    rng: &mut Rng,
    values: &mut Values,
    number: u64,
) -> Vec<BatchStep> {
    let mut steps: Vec<BatchStep> = Vec::new();
    for _ in 0..rng.usize(1..10) {
        let key = contested(pool, rng);
        if steps.iter().any(|step| *step.key() == key) {
            continue;
        }
        let Ok(now) = cluster.read(&key).await else { continue };
        let revision = now.as_ref().map(|now| now.meta.mod_revision);
        steps.push(match (rng.u32(..4), revision) {
            (0, Some(revision)) => BatchStep::Delete { key, revision },
            (1, Some(revision)) => BatchStep::Copy {
                from: key,
                revision,
                to: [&values.next_unique(0)[..], format!("/moved {number}").as_bytes()].concat().into(),
                keep_lease: rng.bool(),
                remove_source: rng.bool(),
            },
            _ => BatchStep::Put(put(key, now.as_ref(), rng, values)),
        });
    }
    steps
}

/// Compares what was said with what happened; tells the first difference.
pub fn check(deeds: &[Deed], truth: &Truth) -> (Tally, Option<String>) {
    let mut tally = Tally::default();
    let writes = writes(truth);
    let mut first = None;
    for deed in deeds {
        let wrong = match deed {
            Deed::Put(put, outcome) => check_put(put, outcome, truth, &writes, &mut tally),
            Deed::Batch(steps, report) => check_batch(steps, report, truth, &writes),
            Deed::Read { key, saved, read } => match read {
                Some(read) if read.meta.mod_revision < *saved => Err(format!(
                    "{} was saved at {saved}, then read as of {}",
                    shown(key),
                    read.meta.mod_revision
                )),
                None if truth.of_key(key).all(|fact| fact.revision <= *saved || fact.left.is_some()) => {
                    Err(format!("{} was saved at {saved}, then not there, but nobody deleted it", shown(key)))
                }
                _ => Ok(()),
            },
        };
        if let Err(wrong) = wrong
            && first.is_none()
        {
            first = Some(format!("a guarded write: {wrong}"));
        }
    }
    (tally, first)
}

/// The puts by key and value. One that left the value as it was is not among them: that is how
/// someone else's write of "the same again" looks.
type Writes<'a> = HashMap<(&'a [u8], &'a [u8]), Vec<&'a Fact>>;

fn writes(truth: &Truth) -> Writes<'_> {
    let mut writes = Writes::new();
    let mut now: HashMap<&[u8], &[u8]> = HashMap::new();
    for fact in &truth.facts {
        let before = match &fact.left {
            Some((_, value)) => now.insert(&fact.key, value),
            None => now.remove(&*fact.key),
        };
        if let Some((_, value)) = &fact.left
            && before != Some(&**value)
        {
            writes.entry((&fact.key, value)).or_default().push(fact);
        }
    }
    writes
}

fn check_put(
    put: &PutRequest,
    outcome: &WriteOutcome,
    truth: &Truth,
    writes: &Writes<'_>,
    tally: &mut Tally,
) -> Result<(), String> {
    let done = writes.get(&(&*put.key, &*put.value)).map_or(&[][..], Vec::as_slice);
    let about = || {
        let at = done.first().map_or(0, |done| done.revision);
        let nearby: Vec<_> = truth.of_key(&put.key).skip_while(|fact| fact.revision < at).take(4).collect();
        format!(
            "{:?}, {:?}, but etcd says {done:?}; the key then: {nearby:?}",
            Briefly(put),
            Briefly(outcome)
        )
    };
    let fails = |what: &str| Err(format!("{what}: {}", about()));
    if done.len() > 1 {
        return fails("it was done more than once");
    }
    if let Some(done) = done.first() {
        holds(put, done, truth).map_err(|what| format!("{what}: {}", about()))?;
    }
    match outcome {
        WriteOutcome::Saved { revision } => {
            tally.saved += 1;
            match done.first() {
                None => fails("it is called saved and was not"),
                Some(done) if done.revision != *revision => fails("it is called saved at another revision"),
                Some(_) => Ok(()),
            }
        }
        WriteOutcome::Conflict(now) => {
            tally.conflicts += 1;
            if !done.is_empty() {
                return fails("it is called a conflict and was saved");
            }
            match now {
                Some(now) => {
                    let was = truth.of_key(&put.key).find(|fact| fact.revision == now.meta.mod_revision);
                    let left = was.map_or_else(|| truth.base.get(&put.key), |fact| fact.left.as_ref());
                    match left {
                        Some((meta, value)) if *meta == now.meta && Some(value) == now.value.as_ref() => {
                            Ok(())
                        }
                        _ => fails("the conflict shows what never was"),
                    }
                }
                None if put.expect == Expect::Absent => fails("a conflict with nothing"),
                None => Ok(()),
            }
        }
        WriteOutcome::NotSaved(_) => {
            tally.not_saved += 1;
            if done.is_empty() { Ok(()) } else { fails("it is called not saved and was") }
        }
        WriteOutcome::Unknown(_) => {
            tally.unknown += 1;
            Ok(())
        }
    }
}

/// A write that was done was allowed to be: the key was as expected, and the lease is as wanted.
fn holds(put: &PutRequest, done: &Fact, truth: &Truth) -> Result<(), &'static str> {
    let before = truth.before(&put.key, done.revision);
    match (put.expect, before) {
        (Expect::Absent, None) => {}
        (Expect::Revision(wanted), Some((meta, _))) if meta.mod_revision == wanted => {}
        _ => return Err("someone else's change was overwritten"),
    }
    let lease = done.left.as_ref().map(|(meta, _)| meta.lease);
    let wanted = match put.lease {
        LeaseChoice::Keep => before.map_or(0, |(meta, _)| meta.lease),
        LeaseChoice::Attach(lease) => lease,
    };
    if lease == Some(wanted) { Ok(()) } else { Err("the lease is not as wanted") }
}

fn check_batch(
    steps: &[BatchStep],
    report: &BatchReport,
    truth: &Truth,
    writes: &Writes<'_>,
) -> Result<(), String> {
    let happened = |step: &BatchStep| match step {
        BatchStep::Put(put) => writes.get(&(&*put.key, &*put.value)).is_some_and(|facts| !facts.is_empty()),
        BatchStep::Delete { key, revision } => {
            let next = truth.of_key(key).find(|fact| fact.revision > *revision);
            next.is_some_and(|fact| fact.left.is_none())
        }
        BatchStep::Copy { to, .. } => truth.of_key(to).next().is_some(),
    };
    let about = || {
        let steps: Vec<_> = steps.iter().map(|step| (Briefly(step), happened(step))).collect();
        format!("{report:?}, but etcd says {steps:?}")
    };
    for step in steps {
        let key = step.key();
        // The key may have been deleted by someone else.
        if report.skipped.contains(key) && happened(step) && !matches!(step, BatchStep::Delete { .. }) {
            return Err(format!("{} is called left alone and was not: {}", shown(key), about()));
        }
        if let BatchStep::Put(put) = step
            && let Some(done) = writes.get(&(&*put.key, &*put.value)).and_then(|facts| facts.first())
        {
            holds(put, done, truth).map_err(|what| format!("{what}: {}", about()))?;
        }
    }
    let told =
        |step: &&BatchStep| !report.skipped.contains(step.key()) && !report.unknown.contains(step.key());
    let accounted = report.done + (report.skipped.len() + report.unknown.len()) as u64;
    if report.stopped.is_none() && accounted != steps.len() as u64 {
        return Err(format!("not every step is accounted for: {}", about()));
    }
    let done = steps.iter().filter(told).filter(|step| happened(step)).count() as u64;
    let others = |step: &&BatchStep| matches!(step, BatchStep::Delete { .. });
    // Deletes by others look the same as ours; everything else is ours alone.
    let at_most = steps.iter().filter(told).filter(|step| happened(step) && others(step)).count() as u64;
    if report.done > done || report.done + at_most < done {
        return Err(format!("{} steps are called done and {done} were: {}", report.done, about()));
    }
    Ok(())
}

/// A step without its bytes' full length.
struct Briefly<T>(T);

impl std::fmt::Debug for Briefly<&PutRequest> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let put = self.0;
        write!(f, "put {} = {} {:?} {:?}", shown(&put.key), shown(&put.value), put.expect, put.lease)
    }
}

impl std::fmt::Debug for Briefly<&BatchStep> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            BatchStep::Put(put) => Briefly(put).fmt(f),
            BatchStep::Delete { key, revision } => write!(f, "delete {} @{revision}", shown(key)),
            BatchStep::Copy { from, revision, to, .. } => {
                write!(f, "copy {} @{revision} to {}", shown(from), shown(to))
            }
        }
    }
}

impl std::fmt::Debug for Briefly<&WriteOutcome> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            WriteOutcome::Conflict(Some(now)) => {
                let value = now.value.as_ref().map(|value| shown(value));
                write!(f, "Conflict({:?} {value:?})", now.meta)
            }
            outcome => outcome.fmt(f),
        }
    }
}

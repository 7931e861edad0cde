//! Times, how they spread, and what threads and memory cost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Not yet.
const NEVER: u64 = u64::MAX;

/// A moment in the life of an event.
#[derive(Clone, Copy)]
pub enum Moment {
    /// Just before its transaction was sent.
    Sent,
    /// The writer got the answer that it is committed.
    Answered,
    /// The raw watch delivered it.
    Raw,
    /// It is in the model that the window draws.
    Model,
}

/// When each event was sent, answered, delivered and modelled, all by one monotonic clock.
pub struct Times {
    begun: Instant,
    columns: [Vec<AtomicU64>; 4],
}

impl Times {
    /// Room for so many events. Its memory is in use from the beginning, so that filling it does not
    /// look like growth.
    pub fn new(events: usize) -> Self {
        let column = || (0..events).map(|_| AtomicU64::new(NEVER)).collect();
        Self { begun: Instant::now(), columns: [column(), column(), column(), column()] }
    }

    /// Nanoseconds since the clock began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(NEVER)
    }

    /// Notes a moment; tells whether it was the first time.
    pub fn note(&self, moment: Moment, event: usize, at: u64) -> bool {
        let column = &self.columns[moment as usize];
        column.get(event).is_some_and(|time| time.swap(at, Ordering::Relaxed) == NEVER)
    }

    /// When it was; `None`: it has not happened.
    pub fn get(&self, moment: Moment, event: usize) -> Option<u64> {
        let time = self.columns[moment as usize].get(event)?.load(Ordering::Relaxed);
        (time != NEVER).then_some(time)
    }

    /// Milliseconds from one moment of an event to another; negative where it was the other way round.
    pub fn between(&self, from: Moment, to: Moment, event: usize) -> Option<f64> {
        let (from, to) = (self.get(from, event)?, self.get(to, event)?);
        Some((to as f64 - from as f64) / 1e6)
    }
}

/// The value that share `share` of the ascending values does not exceed.
pub fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let index = ((ascending.len() as f64 * share).ceil() as usize).saturating_sub(1);
    ascending.get(index).copied()
}

/// Half, 99 % and all of these milliseconds, as JSON.
pub fn latencies(mut millis: Vec<f64>) -> Value {
    millis.sort_by(f64::total_cmp);
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| quantile(&millis, share).map(rounded));
    json!({ "count": millis.len(), "p50_ms": p50, "p99_ms": p99, "max_ms": max })
}

/// The median with the least and the most, as JSON.
pub fn spread(mut values: Vec<f64>) -> Value {
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).copied().map(rounded);
    let [least, most] = [values.first(), values.last()].map(|value| value.copied().map(rounded));
    json!({ "median": median, "min": least, "max": most })
}

/// To three digits behind the point.
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// Resident memory of this process now, and at its most; `None` where the system does not tell.
pub fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
    };
    Some((of("VmRSS:")?, of("VmHWM:")?))
}

/// Processor time so far of this process's threads whose name begins like this; `None` where the
/// system does not tell.
pub fn processor_time(names: &[&str]) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for entry in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        // A thread may end while it is looked at.
        let read = |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let name = read("comm");
        if names.iter().any(|wanted| name.starts_with(wanted)) {
            let spent = read("schedstat");
            total += Duration::from_nanos(spent.split_whitespace().next()?.parse().ok()?);
        }
    }
    Some(total)
}

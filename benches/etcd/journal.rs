//! What the journal costs the mirror: the same console with and without it, in turn, at 5,000 events a
//! second and as fast as etcd writes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::console::Console;
use crate::events::{Rate, wait};
use crate::space::Space;
use crate::timing::{Moment, Times, latencies, processor_time, rounded};
use crate::writer::{self, Load};
use crate::{Outcome, heading};

/// Keys that are written in turn: few enough that each is recorded with its picture.
const KEYS: u64 = 20_000;
/// What was promised for, and more than etcd takes.
const RATES: &[Rate] = &[Rate(5_000, 10, 15), Rate(200_000, 100, 3)];
const ROUNDS: usize = 3;
const WITHIN: Duration = Duration::from_secs(120);
/// The console's threads without the one that records, and that one.
const MIRROR: &[&str] = &["backend", "bench-console"];
const JOURNAL: &[&str] = &["journal"];

/// One run.
struct Run {
    /// Events a second that reached the model, from the first write to the last event there.
    per_second: f64,
    /// Nanoseconds of processor time of the console without the journal's thread, and of that.
    console: Option<f64>,
    journal: Option<f64>,
    /// From sending to the model, in milliseconds.
    latencies: Value,
    /// Events that the journal has not recorded.
    missing: u64,
}

/// Measures both, in turn.
pub async fn measure(quick: bool) -> Outcome<Value> {
    let mut space = Space::start().await?;
    space.fill(KEYS).await?;
    let mut measured = Vec::new();
    for rate in RATES {
        let rate = if quick { rate.quick() } else { *rate };
        heading(&format!("{} events/s for {} s, without the journal and with it", rate.0, rate.2));
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..if quick { 1 } else { ROUNDS } {
            without.push(run(&space, rate, false).await?);
            with.push(run(&space, rate, true).await?);
        }
        let (slower, quicker) = (middle(&with, |run| run.per_second), middle(&without, |run| run.per_second));
        let cpu = |runs: &[Run]| middle(runs, |run| run.console.unwrap_or(0.0));
        let result = json!({
            "per_second": rate.0,
            "per_transaction": rate.1,
            "without": tell(&without),
            "with": tell(&with),
            "throughput_ratio": rounded(slower / quicker),
            "mirror_cpu_ratio": rounded(cpu(&with) / cpu(&without)),
            "not_recorded": with.iter().map(|run| run.missing).sum::<u64>(),
        });
        eprintln!("  {result}");
        measured.push(result);
    }
    Ok(json!({ "etcd": space.version(), "keys": KEYS, "rates": measured }))
}

async fn run(space: &Space, rate: Rate, journal: bool) -> Outcome<Run> {
    let events = rate.events();
    let times = Arc::new(Times::new(events));
    let console = Console::start_with(&space.endpoint(), times.clone(), journal)?;
    wait(WITHIN, "the console to be live", || console.seen.live.load(Ordering::Acquire)).await?;
    if journal {
        wait(WITHIN, "the first picture to be recorded", || {
            console.seen.recorded_to.load(Ordering::Acquire) > 0
        })
        .await?;
    }
    let known = console.seen.records.load(Ordering::Acquire);
    let spent = || (processor_time(MIRROR), processor_time(JOURNAL));
    let before = spent();
    let begun = Instant::now();
    let load = Load { per_second: rate.0, per_transaction: rate.1, events: 0..events };
    let written = writer::write(&space.endpoint(), KEYS, times.clone(), load).await?;
    wait(WITHIN, "every event", || console.seen.events.load(Ordering::Acquire) >= written.committed).await?;
    let took = begun.elapsed();
    if journal {
        let applied = console.seen.applied.load(Ordering::Acquire);
        wait(WITHIN, "everything to be recorded", || {
            console.seen.recorded_to.load(Ordering::Acquire) >= applied
        })
        .await?;
    }
    let after = spent();
    let per_event = |after: Option<Duration>, before: Option<Duration>| {
        Some(after?.saturating_sub(before.unwrap_or_default()).as_nanos() as f64 / events as f64)
    };
    let between = |event| times.between(Moment::Sent, Moment::Model, event);
    let recorded = console.seen.records.load(Ordering::Acquire).saturating_sub(known);
    let missing = written.committed.saturating_sub(recorded);
    let run = Run {
        per_second: written.committed as f64 / took.as_secs_f64(),
        console: per_event(after.0, before.0),
        journal: per_event(after.1, before.1),
        latencies: latencies((0..events).filter_map(between).collect()),
        missing: if journal { missing } else { 0 },
    };
    console.end()?;
    Ok(run)
}

/// The one in the middle.
fn middle(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let mut all: Vec<f64> = runs.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn tell(runs: &[Run]) -> Value {
    json!({
        "events_per_second": middle(runs, |run| run.per_second).round(),
        "console_cpu_ns_per_event": middle(runs, |run| run.console.unwrap_or(0.0)).round(),
        "journal_cpu_ns_per_event": middle(runs, |run| run.journal.unwrap_or(0.0)).round(),
        "latency": runs.iter().map(|run| run.latencies.clone()).collect::<Vec<_>>(),
    })
}

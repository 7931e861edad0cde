//! Events: how long from a commit to the model that the window draws, beside a plain watch in the
//! same process; and whether the console keeps up with 20,000 of them a second.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::console::{self, Console};
use crate::raw::{self, RawWatch};
use crate::space::{Space, key};
use crate::timing::{Moment, Times, latencies, memory, processor_time, quantile, rounded};
use crate::writer::{self, Load, Written};
use crate::{Outcome, heading};

/// How long the console may take to be live.
const LIVE_WITHIN: Duration = Duration::from_secs(120);
/// How long after the last write everything may take to arrive.
const ARRIVED_WITHIN: Duration = Duration::from_secs(60);
/// Between two rates.
const SETTLED: Duration = Duration::from_secs(2);

/// A rate: events in a second, events in a transaction, seconds.
#[derive(Clone, Copy)]
pub struct Rate(pub u64, pub u64, pub u64);

/// The rates measured for their latency.
pub const RATES: &[Rate] = &[Rate(1, 1, 40), Rate(1_000, 1, 20), Rate(5_000, 10, 20)];
/// What must be kept up with.
pub const SUSTAINED: Rate = Rate(20_000, 100, 30);

impl Rate {
    /// A short one, to see that everything works.
    pub fn quick(self) -> Self {
        Self(self.0, self.1, (self.2 / 8).max(3))
    }

    /// How many events these are.
    pub fn events(self) -> usize {
        usize::try_from(self.0 * self.2).unwrap_or(usize::MAX)
    }
}

/// Measures all rates, one after the other, over so many keys.
pub async fn measure(keys: u64, rates: &[Rate]) -> Outcome<Value> {
    let mut space = Space::start().await?;
    heading(&format!("Filling etcd {} with {keys} keys", space.version()));
    space.fill(keys).await?;
    let times = Arc::new(Times::new(rates.iter().map(|rate| rate.events()).sum()));
    let raw = RawWatch::start(&space.endpoint(), keys, times.clone()).await?;
    let console = Console::start(&space.endpoint(), times.clone())?;
    let begun = Instant::now();
    wait(LIVE_WITHIN, "the console to be live", || console.seen.live.load(Ordering::Acquire)).await?;
    eprintln!("  the console is live after {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let stand = Stand { endpoint: space.endpoint(), keys, times, raw, console };
    let (mut measured, mut first) = (Vec::new(), 0);
    for &rate in rates {
        tokio::time::sleep(SETTLED).await;
        heading(&format!("{} events/s for {} s, {} in a transaction", rate.0, rate.2, rate.1));
        let events = first..first + rate.events();
        first = events.end;
        measured.push(stand.rate(rate, events).await?);
    }
    let relisted = stand.console.seen.relisted.load(Ordering::Relaxed);
    let differing = stand.compare()?;
    Ok(json!({
        "etcd": space.version(),
        "keys": keys,
        "rates": measured,
        "relisted": relisted,
        "keys_that_differ_from_the_raw_watch": differing,
    }))
}

/// Everything that stands while rates are measured.
struct Stand {
    endpoint: String,
    keys: u64,
    times: Arc<Times>,
    raw: RawWatch,
    console: Console,
}

impl Stand {
    async fn rate(&self, rate: Rate, events: Range<usize>) -> Outcome<Value> {
        let seen = &self.console.seen;
        let updates = seen.updates.load(Ordering::Relaxed);
        let counted = || [raw::THREADS, console::THREADS].map(processor_time);
        let (before, spent) = (memory(), counted());
        let load = Load { per_second: rate.0, per_transaction: rate.1, events: events.clone() };
        let written = writer::write(&self.endpoint, self.keys, self.times.clone(), load).await?;
        let expected = events.end as u64;
        let arrived = wait(ARRIVED_WITHIN, "every event", || {
            seen.events.load(Ordering::Acquire) >= expected
                && self.raw.events.load(Ordering::Acquire) >= expected
        });
        let arrived = if written.failed == 0 { arrived.await } else { Ok(()) };
        let [raw_cpu, console_cpu] = counted();
        if let Err(error) = arrived {
            eprintln!("  {error}");
        }
        let cpu = |after: Option<Duration>, before: Option<Duration>| {
            let nanos = after?.checked_sub(before?)?.as_nanos() as f64;
            Some((nanos / written.committed.max(1) as f64).round())
        };
        let mut result = self.report(rate, &events, &written);
        result["raw_cpu_ns_per_event"] = json!(cpu(raw_cpu, spent[0]));
        result["console_cpu_ns_per_event"] = json!(cpu(console_cpu, spent[1]));
        result["updates"] = json!(seen.updates.load(Ordering::Relaxed) - updates);
        tokio::time::sleep(Duration::from_secs(1)).await;
        result["rss_before_bytes"] = json!(before.map(|(resident, _)| resident));
        result["rss_after_bytes"] = json!(memory().map(|(resident, _)| resident));
        result["rss_peak_bytes"] = json!(memory().map(|(_, peak)| peak));
        tell(&result);
        Ok(result)
    }

    fn report(&self, rate: Rate, events: &Range<usize>, written: &Written) -> Value {
        let between = |from, to| -> Vec<f64> {
            events.clone().filter_map(|event| self.times.between(from, to, event)).collect()
        };
        let missing = |moment| events.clone().filter(|it| self.times.get(moment, *it).is_none()).count();
        let last = |moment| events.clone().filter_map(|event| self.times.get(moment, event)).max();
        let lag = |moment| Some(rounded((last(moment)? as f64 - last(Moment::Answered)? as f64) / 1e6));
        let seen = &self.console.seen;
        json!({
            "events_per_second": rate.0,
            "events_per_transaction": rate.1,
            "seconds": rate.2,
            "events": events.len(),
            "achieved_events_per_second": (written.committed as f64 / written.took.as_secs_f64()).round(),
            "writer_late_ms": rounded(written.late.as_secs_f64() * 1e3),
            "failed_transactions": written.failed,
            "answer_from_sent": latencies(between(Moment::Sent, Moment::Answered)),
            "raw_from_sent": latencies(between(Moment::Sent, Moment::Raw)),
            "model_from_sent": latencies(between(Moment::Sent, Moment::Model)),
            "raw_from_answer": latencies(between(Moment::Answered, Moment::Raw)),
            "model_from_answer": latencies(between(Moment::Answered, Moment::Model)),
            "model_behind_raw": latencies(between(Moment::Raw, Moment::Model)),
            "missing_in_raw": missing(Moment::Raw),
            "missing_in_model": missing(Moment::Model),
            "twice_in_model": seen.twice.load(Ordering::Relaxed),
            "out_of_order_in_model": seen.out_of_order.load(Ordering::Relaxed),
            "raw_lag_at_the_end_ms": lag(Moment::Raw),
            "model_lag_at_the_end_ms": lag(Moment::Model),
            "each_second": self.each_second(events),
        })
    }

    /// For each second after the first commit: events that came into the model in it, and the 99 %
    /// latency of those sent in it.
    fn each_second(&self, events: &Range<usize>) -> Vec<Value> {
        const SECOND: u64 = 1_000_000_000;
        let time = |moment, event| self.times.get(moment, event);
        let Some(begun) = events.clone().filter_map(|event| time(Moment::Sent, event)).min() else {
            return Vec::new();
        };
        let second = |time: u64| usize::try_from(time.saturating_sub(begun) / SECOND).unwrap_or(0);
        let last = events.clone().filter_map(|event| time(Moment::Model, event)).max().map_or(0, second);
        let mut modelled = vec![0_u64; last + 1];
        let mut latencies = vec![Vec::new(); last + 1];
        for event in events.clone() {
            if let Some(count) = time(Moment::Model, event).and_then(|at| modelled.get_mut(second(at))) {
                *count += 1;
            }
            let latency = self.times.between(Moment::Sent, Moment::Model, event);
            let sent_in = time(Moment::Sent, event).and_then(|at| latencies.get_mut(second(at)));
            if let (Some(sent_in), Some(latency)) = (sent_in, latency) {
                sent_in.push(latency);
            }
        }
        let each = modelled.into_iter().zip(latencies).map(|(modelled, mut millis)| {
            millis.sort_by(f64::total_cmp);
            json!({ "modelled": modelled, "p99_ms": quantile(&millis, 0.99).map(rounded) })
        });
        each.collect()
    }

    /// Ends everything, and counts the keys that the console shows at another revision than the raw
    /// watch saw last.
    fn compare(self) -> Outcome<usize> {
        let newest = self.raw.end()?;
        let keyspace = self.console.end()?;
        let differs = |(number, revision): &(usize, &i64)| {
            let shown = keyspace.get(key(*number as u64).as_bytes()).map(|view| view.meta.mod_revision);
            **revision >= 0 && shown != Some(**revision)
        };
        Ok(newest.iter().enumerate().filter(differs).count())
    }
}

fn tell(result: &Value) {
    let of = |name: &str| {
        let of = |part: &str| result[name][part].as_f64().unwrap_or(f64::NAN);
        format!("{:.1} / {:.1} / {:.1} ms", of("p50_ms"), of("p99_ms"), of("max_ms"))
    };
    eprintln!("  from the sending to the answer, p50 / p99 / max: {}", of("answer_from_sent"));
    eprintln!("  from the sending to the raw watch:               {}", of("raw_from_sent"));
    eprintln!("  from the sending to the model:                   {}", of("model_from_sent"));
    eprintln!(
        "  {} events/s written; missing in the model: {}; {} ns of processor an event, raw watch {}",
        result["achieved_events_per_second"],
        result["missing_in_model"],
        result["console_cpu_ns_per_event"],
        result["raw_cpu_ns_per_event"]
    );
}

/// Waits until it is so.
pub async fn wait(limit: Duration, what: &str, until: impl Fn() -> bool) -> Outcome {
    let begun = Instant::now();
    while !until() {
        if begun.elapsed() > limit {
            return Err(format!("waited {limit:?} in vain for {what}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

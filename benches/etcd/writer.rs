//! The writer: so many events a second at fixed times, whether the answers keep up or not.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use etcd_client::{Client, KvClient, Txn, TxnOp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Outcome;
use crate::payload::{target_of, value_of};
use crate::space::key;
use crate::timing::{Moment, Times};

/// Transactions in flight at most; a writer that comes up to this is late, which is told.
const IN_FLIGHT: usize = 256;

/// What is written.
#[derive(Clone)]
pub struct Load {
    /// Events in a second.
    pub per_second: u64,
    /// Events in one transaction; one: a plain put.
    pub per_transaction: u64,
    /// The events, by number.
    pub events: Range<usize>,
}

/// How the writing went.
pub struct Written {
    /// Events that were answered as committed.
    pub committed: u64,
    /// Transactions that failed.
    pub failed: u64,
    /// How late a transaction was sent at worst.
    pub late: Duration,
    /// From the first to the last.
    pub took: Duration,
}

/// Writes on a thread of its own, and waits for every answer.
pub async fn write(endpoint: &str, keys: u64, times: Arc<Times>, load: Load) -> Outcome<Written> {
    let endpoint = endpoint.to_owned();
    let (sender, done) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("bench-writer".to_owned()).spawn(move || {
        let run = || -> Outcome<Written> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run(&endpoint, keys, &times, load))
        };
        // Whoever waited has gone if this can not be told.
        let _told = sender.send(run());
    })?;
    done.await.map_err(|_| "the writer panicked")?
}

async fn run(endpoint: &str, keys: u64, times: &Arc<Times>, load: Load) -> Outcome<Written> {
    let client = Client::connect([endpoint], None).await?;
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let committed = Arc::new(AtomicU64::new(0));
    let interval = Duration::from_secs_f64(load.per_transaction as f64 / load.per_second as f64);
    let step = usize::try_from(load.per_transaction)?.max(1);
    let (mut running, mut late) = (JoinSet::new(), Duration::ZERO);
    let mut failed = 0;
    let begun = Instant::now();
    for (number, first) in load.events.clone().step_by(step).enumerate() {
        let due = begun + interval * u32::try_from(number)?;
        tokio::time::sleep_until(due).await;
        let permit = room.clone().acquire_owned().await?;
        late = late.max(due.elapsed());
        let events = first..(first + step).min(load.events.end);
        let (mut kv, times, committed) = (client.kv_client(), times.clone(), committed.clone());
        running.spawn(async move {
            let result = one(&mut kv, keys, &times, events.clone()).await;
            if result.is_ok() {
                committed.fetch_add(events.len() as u64, Ordering::Relaxed);
            }
            drop(permit);
            result
        });
        while let Some(done) = running.try_join_next() {
            failed += count_failure(done?);
        }
    }
    let took = begun.elapsed();
    while let Some(done) = running.join_next().await {
        failed += count_failure(done?);
    }
    Ok(Written { committed: committed.load(Ordering::Relaxed), failed, late, took })
}

/// One transaction.
async fn one(
    kv: &mut KvClient,
    keys: u64,
    times: &Times,
    events: Range<usize>,
) -> Result<(), etcd_client::Error> {
    let put = |event: usize| (key(target_of(event, keys)), value_of(event));
    let sent = if events.len() == 1 {
        let (key, value) = put(events.start);
        let sent = times.now();
        kv.put(key, value, None).await?;
        sent
    } else {
        let puts: Vec<TxnOp> = events
            .clone()
            .map(|event| {
                let (key, value) = put(event);
                TxnOp::put(key, value, None)
            })
            .collect();
        let sent = times.now();
        kv.txn(Txn::new().and_then(puts)).await?;
        sent
    };
    let answered = times.now();
    for event in events {
        times.note(Moment::Sent, event, sent);
        times.note(Moment::Answered, event, answered);
    }
    Ok(())
}

fn count_failure(done: Result<(), etcd_client::Error>) -> u64 {
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("  a write failed: {error}");
            1
        }
    }
}

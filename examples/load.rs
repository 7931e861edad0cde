//! Fills an etcd with keys, to measure with: `--endpoints A,B --keys N`.
//!
//! Keys of 45 bytes, a thousand to a service, in transactions of 128 puts (etcd's limit), several
//! in flight.

use clap::Parser;
use etcd_client::{Client, Txn, TxnOp};
use tokio::task::JoinSet;

/// Puts in one transaction: etcd's default limit.
const BATCH: u64 = 128;
/// Transactions in flight.
const IN_FLIGHT: usize = 8;
/// Keys of one service.
const PER_SERVICE: u64 = 1000;
/// As many services as the key has digits for.
const MOST_KEYS: u64 = 10_000 * PER_SERVICE;

/// Fill an etcd with keys of 45 bytes.
#[derive(Parser)]
struct Options {
    /// Endpoints of the cluster.
    #[arg(long, value_delimiter = ',', required = true)]
    endpoints: Vec<String>,
    /// How many keys.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=MOST_KEYS))]
    keys: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let client = Client::connect(&options.endpoints, None).await?;
    let mut running = JoinSet::new();
    let mut from = 0;
    while from < options.keys {
        if running.len() >= IN_FLIGHT
            && let Some(done) = running.join_next().await
        {
            done??;
        }
        let until = (from + BATCH).min(options.keys);
        let mut kv = client.kv_client();
        running.spawn(async move { kv.txn(Txn::new().and_then(puts(from, until))).await.map(drop) });
        if until / 100_000 != from / 100_000 {
            eprintln!("{until} keys");
        }
        from = until;
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// The puts of the keys with these numbers.
fn puts(from: u64, until: u64) -> Vec<TxnOp> {
    (from..until).map(|number| TxnOp::put(key(number), value(number), None)).collect()
}

/// A key of 45 bytes.
fn key(number: u64) -> String {
    let (service, setting) = (number / PER_SERVICE, number % PER_SERVICE);
    format!("/config/production/service-{service:04}/setting-{setting:05}")
}

fn value(number: u64) -> String {
    format!("{{\"limit\":{},\"level\":\"INFO\"}}", number % 1000)
}

//! What is measured besides many keys: a folder of 100,000 children, values of 1 MiB in several
//! versions, locks and elections with waiting claims.

use etcd_client::{Client, PutOptions, Txn, TxnOp};
use tokio::task::JoinSet;

/// Children of the large folder.
pub const CHILDREN: u64 = 100_000;
/// The folder of 100,000 children.
pub const FOLDER: &str = "/crowd/";
/// A value of 1 MiB of JSON.
pub const LARGE: &str = "/large/document.json";
/// Versions of each large value.
pub const VERSIONS: u64 = 5;
/// Queues of locks, and as many of elections.
pub const QUEUES: u64 = 200;
/// Leases that the claims are made with; each queue has some of them.
pub const LEASES: usize = 32;
/// Claims of a queue at first.
const CLAIMS: usize = 3;
/// Bytes of a large value.
const LARGE_BYTES: usize = 1 << 20;
/// Puts in one transaction: etcd's default limit.
const BATCH: u64 = 128;
/// Transactions in flight.
const IN_FLIGHT: usize = 8;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes the scene, but for what is there already, and returns the leases of the claims.
pub async fn write(client: &Client) -> Result<Vec<i64>, Failure> {
    let mut kv = client.kv_client();
    let last = child(CHILDREN - 1);
    if kv.get(last, None).await?.kvs().is_empty() {
        batches(client, CHILDREN, |number| TxnOp::put(child(number), "{}", None)).await?;
        for (version, value) in (0..VERSIONS).map(|version| (version, document(version))) {
            kv.put(LARGE, value, None).await.map_err(|error| format!("version {version}: {error}"))?;
        }
    }
    let mut leases = Vec::new();
    for _ in 0..LEASES {
        leases.push(client.lease_client().grant(3_600, None).await?.id());
    }
    for claim in 0..CLAIMS {
        let puts = |queue: u64| {
            let lease = leases[(queue as usize * 7 + claim) % LEASES];
            let [lock, election] = claims(queue, lease);
            let with = Some(PutOptions::new().with_lease(lease));
            vec![TxnOp::put(lock, "", with.clone()), TxnOp::put(election, format!("candidate-{claim}"), with)]
        };
        for from in (0..QUEUES).step_by(50) {
            let ops: Vec<_> = (from..(from + 50).min(QUEUES)).flat_map(puts).collect();
            kv.txn(Txn::new().and_then(ops)).await?;
        }
    }
    Ok(leases)
}

/// Puts of so many keys, in transactions, several in flight.
async fn batches(client: &Client, keys: u64, put: impl Fn(u64) -> TxnOp) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for from in (0..keys).step_by(BATCH as usize) {
        if running.len() >= IN_FLIGHT
            && let Some(done) = running.join_next().await
        {
            done??;
        }
        let ops: Vec<_> = (from..(from + BATCH).min(keys)).map(&put).collect();
        let mut kv = client.kv_client();
        running.spawn(async move { kv.txn(Txn::new().and_then(ops)).await.map(drop) });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

fn child(number: u64) -> String {
    format!("{FOLDER}child-{number:06}")
}

/// The keys with which a lease claims the lock and the election of this number.
pub fn claims(queue: u64, lease: i64) -> [String; 2] {
    [format!("/locks/stock-{queue:03}/{lease:x}"), format!("/elections/shard-{queue:03}/{lease:x}")]
}

/// A document of 1 MiB; in each version other lines are changed, added and taken away, here and there.
fn document(version: u64) -> String {
    let mut text = String::with_capacity(LARGE_BYTES + 256);
    text.push_str("{\n  \"routes\": [\n");
    let mut number = 0_u64;
    while text.len() < LARGE_BYTES - 200 {
        // Changed in this version alone, in all versions since, added, left out.
        let chance = number.wrapping_mul(2_654_435_761) >> 7;
        let limit = if chance % 97 == version { 1_000 + version } else { 100 };
        let level = if chance % 53 < version { "DEBUG" } else { "INFO" };
        if chance % 211 != version {
            text.push_str(&format!(
                "    {{\n      \"id\": \"route-{number:05}\",\n      \"path\": \"/api/v1/stock/{}\",\n      \
                 \"limit\": {limit},\n      \"level\": \"{level}\",\n      \"enabled\": {}\n    }},\n",
                chance % 10_000,
                chance.is_multiple_of(3)
            ));
        }
        number += 1;
    }
    text.push_str(&format!("    {{\"id\": \"last\", \"version\": {version}}}\n  ]\n}}\n"));
    text
}

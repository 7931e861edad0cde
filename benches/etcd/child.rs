//! Programs of their own that are measured from outside, so that their memory is theirs alone: the
//! console's mirror, and one call of a raw client. Each says on standard output how far it is.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Client, GetOptions};
use etcdscope::etcd::{Cluster, FeedEvent, MirrorOptions, ValuePolicy, run_mirror};
use etcdscope::model::message::ConnectRequest;
use etcdscope::model::profile::Profile;
use etcdscope::model::status::MirrorState;
use serde_json::json;
use tokio::sync::{Notify, mpsc};

use crate::Outcome;
use crate::timing::memory;

/// Memory is read so long after the work was done: what is only passing through is gone then.
const SETTLED: Duration = Duration::from_secs(1);
/// Keys of a page of the raw client, should one answer be too large.
const PAGE: i64 = 1_000_000;

/// Said when the first rows could be drawn.
pub const FIRST_ROWS: &str = "first rows";
/// Said when everything is there.
pub const COMPLETE: &str = "complete";

/// Mirrors everything, until it is live.
pub async fn mirror(endpoint: String, with_values: bool) -> Outcome {
    let profile = Profile { endpoints: vec![endpoint], ..Profile::default() };
    let cluster = Cluster::connect(&ConnectRequest { profile, password: None }).await?;
    let before = memory();
    let options = MirrorOptions {
        values: if with_values { ValuePolicy::Always } else { ValuePolicy::Never },
        ..MirrorOptions::default()
    };
    let (sender, mut events) = mpsc::channel(64);
    let _feed = tokio::spawn(run_mirror(cluster, options, sender, Arc::new(Notify::new())));
    let mut shown = None;
    while let Some(event) = events.recv().await {
        let FeedEvent::Mirror(update) = event else { continue };
        if let MirrorState::Failed(fault) = update.state {
            return Err(fault.into());
        }
        if shown.is_none() && !update.keyspace.is_empty() {
            println!("{FIRST_ROWS}");
        }
        let live = update.state.is_live();
        shown = Some(update.keyspace);
        if live {
            break;
        }
    }
    println!("{COMPLETE}");
    tokio::time::sleep(SETTLED).await;
    let keys = shown.map_or(0, |keyspace| keyspace.len());
    finish(keys, 0, before)
}

/// Asks for every key at once, as anybody would with the client library.
pub async fn raw(endpoint: String) -> Outcome {
    let client = Client::connect([endpoint], None).await?;
    let mut kv = client.kv_client().max_decoding_message_size(usize::MAX);
    let before = memory();
    let everything = || GetOptions::new().with_range([0]).with_keys_only();
    let (mut keys, mut pages) = (Vec::new(), 1);
    match kv.get([0], Some(everything())).await {
        Ok(mut answer) => keys = answer.take_kvs(),
        Err(error) => {
            eprintln!("  one answer for everything is refused ({error}): pages of {PAGE} keys");
            let mut start = vec![0];
            loop {
                let mut answer = kv.get(start.clone(), Some(everything().with_limit(PAGE))).await?;
                let more = answer.more();
                keys.extend(answer.take_kvs());
                if !more {
                    break;
                }
                pages += 1;
                start = keys.last().map(|last| last.key().to_vec()).unwrap_or_default();
                start.push(0);
            }
        }
    }
    println!("{COMPLETE}");
    tokio::time::sleep(SETTLED).await;
    finish(keys.len() as u64, pages, before)
}

/// Says what it was, and ends at once: taking millions of keys apart would only cost time.
fn finish(keys: u64, pages: u64, before: Option<(u64, u64)>) -> Outcome {
    let after = memory();
    let line = json!({
        "keys": keys,
        "pages": pages,
        "rss_before_bytes": before.map(|(resident, _)| resident),
        "rss_bytes": after.map(|(resident, _)| resident),
        "rss_peak_bytes": after.map(|(_, peak)| peak),
    });
    println!("{line}");
    std::process::exit(0)
}

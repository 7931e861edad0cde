//! Listings: many keys in bounded parts, large values, a compaction in the middle, export pages.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Client, Txn, TxnOp};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::etcd::{MirrorOptions, Page, ValuePolicy};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::mirror::digest_of;
use etcdscope::model::status::MirrorState;
use tokio::sync::mpsc;

use super::figure::figure;
use super::proxy::Proxy;
use super::support::{Follower, Told, connect, newest, plain_client, revision, start, truth, versions};

/// Fills a cluster with so many keys in lumps of very different sizes.
async fn fill(local: &LocalCluster, keys: u32) {
    let mut filling = tokio::task::JoinSet::new();
    for part in 0..4 {
        let mut client: Client = plain_client(&local.endpoints()[0]).await;
        filling.spawn(async move {
            for chunk in (0..keys).filter(|n| n % 4 == part).collect::<Vec<_>>().chunks(120) {
                let operations: Vec<_> = chunk.iter().map(|n| TxnOp::put(name(*n), "v", None)).collect();
                client.txn(Txn::new().and_then(operations)).await.unwrap();
            }
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled.unwrap();
    }
}

fn name(number: u32) -> Vec<u8> {
    let scattered = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut key = match number % 10 {
        2 => format!("{scattered:016x}").into_bytes(),
        3 => scattered.to_be_bytes().to_vec(),
        0 => b"\xff\xff\xff".to_vec(),
        1 => b"a".to_vec(),
        _ => b"/registry/pods/default/".to_vec(),
    };
    key.extend_from_slice(format!("{number:09}").as_bytes());
    key
}

#[tokio::test]
async fn many_keys_are_listed_whole_while_others_write() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        fill(&local, 120_000).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let writer = super::support::Writer::start(local.endpoints(), "while-listing");
        let cluster = connect(&local.endpoints()).await;
        let follower = Follower::start_as(
            cluster.clone(),
            MirrorOptions { values: ValuePolicy::Never, ..MirrorOptions::default() },
        );
        follower.until_live().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let last = writer.stop().await;
        follower.until("the last write", |told| told.applied >= last).await;
        let (applied, mirrored) = {
            let told = follower.told.lock().unwrap();
            let listing = |(_, state): &(_, MirrorState)| match state {
                MirrorState::Listing { loaded, total } => Some((*loaded, *total)),
                _ => None,
            };
            let steps: Vec<_> = told.states.iter().filter_map(listing).collect();
            assert!(steps[0].0 >= 500, "the first screen comes first: {steps:?}");
            assert!(steps.iter().all(|(_, total)| total.is_some_and(|total| total >= 120_000)));
            (told.applied, digest_of(&told.keyspace, false))
        };
        let pages = collect(&cluster, b"", Some(applied)).await;
        let total: usize = pages.iter().map(|page| page.records.len()).sum();
        assert_eq!(mirrored.keys, total as u64);
        assert_eq!(mirrored.keys, truth(&mut client, applied).await.keys);
        let keys: Vec<_> = pages.iter().flat_map(|page| page.records.iter().map(|it| &it.key)).collect();
        assert!(keys.is_sorted(), "pages come in key order");
        assert!(pages.iter().all(|page| page.revision == applied && page.total == total as u64));
        assert!(pages.len() > 3);
    }
}

async fn collect(cluster: &etcdscope::etcd::Cluster, prefix: &[u8], revision: Option<i64>) -> Vec<Page> {
    let (sender, mut receiver) = mpsc::channel(4);
    let (cluster, prefix) = (cluster.clone(), prefix.to_vec());
    let listing = tokio::spawn(async move { cluster.list_pages(&prefix, revision, true, &sender).await });
    let mut pages = Vec::new();
    while let Some(page) = receiver.recv().await {
        pages.push(page);
    }
    let read_at = listing.await.unwrap().unwrap();
    assert!(revision.is_none_or(|revision| revision == read_at));
    pages
}

#[tokio::test]
async fn large_values_do_not_break_a_listing() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        for number in 0..300 {
            client.put(format!("small/{number}"), "v", None).await.unwrap();
        }
        let large = vec![b'V'; 1_400_000];
        for number in 0..60 {
            client.put(format!("tall/{number}"), large.clone(), None).await.unwrap();
        }
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let last = revision(&mut client).await;
        follower.assert_equal_at(&mut client, last).await;
        let cluster = follower.cluster.clone();
        let pages = collect(&cluster, b"tall/", None).await;
        assert_eq!(pages.iter().map(|page| page.records.len()).sum::<usize>(), 60);
        assert!(
            pages
                .iter()
                .flat_map(|page| &page.records)
                .all(|record| { record.value.as_ref().is_some_and(|value| value.len() == large.len()) })
        );

        // Beyond the budget values are left out, and the keys are all there.
        let budget = MirrorOptions {
            values: ValuePolicy::Always,
            value_budget_bytes: 10 << 20,
            ..MirrorOptions::default()
        };
        let frugal = Follower::start_as(cluster, budget);
        frugal.until_live().await;
        let told = frugal.told.lock().unwrap();
        assert_eq!(told.keyspace.len(), 360);
        let missing = digest_of(&told.keyspace, true).values_missing;
        assert!((50..60).contains(&missing), "{missing} values are missing");
    }
}

#[tokio::test]
async fn a_listing_that_is_no_longer_wanted_ends() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    fill(&local, 3_000).await;
    let cluster = connect(&local.endpoints()).await;
    let (sender, mut receiver) = mpsc::channel(1);
    let listing = tokio::spawn(async move { cluster.list_pages(b"", None, true, &sender).await });
    receiver.recv().await.unwrap();
    drop(receiver);
    let ended = tokio::time::timeout(Duration::from_secs(5), listing).await.unwrap().unwrap();
    assert_eq!(ended.map_err(|fault| fault.kind), Err(FaultKind::Cancelled));
}

#[tokio::test]
async fn a_compacted_revision_is_told_as_such() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    for number in 0..5 {
        client.put("compacted", format!("{number}"), None).await.unwrap();
    }
    let last = revision(&mut client).await;
    client.compact(last - 1, None).await.unwrap();
    let cluster = connect(&local.endpoints()).await;
    let (sender, _receiver) = mpsc::channel(4);
    let fault = cluster.list_pages(b"", Some(last - 3), true, &sender).await.expect_err("compacted");
    assert_eq!(fault.kind, FaultKind::Compacted);
    let history = cluster.history(b"compacted", None, 50).await.unwrap();
    assert_eq!(history.versions.len(), 2);
    assert!(matches!(history.end, etcdscope::model::history::HistoryEnd::Compacted { .. }));
}

/// A key of the tall middle of what [`fill`] makes. All of these are written in one transaction.
fn fence(number: u32) -> Vec<u8> {
    [&name(number)[..], b"~"].concat()
}

const FENCES: [u32; 3] = [9, 60_000, 600];

fn fences() -> impl Iterator<Item = Vec<u8>> {
    let [first, end, step] = FENCES;
    (first..end).step_by(step as usize).map(fence)
}

/// What is wrong with a picture of which all fences must have the same revision.
fn mixed(keyspace: &Keyspace) -> Option<String> {
    let revisions: BTreeSet<i64> =
        fences().filter_map(|key| Some(keyspace.get(&key)?.meta.mod_revision)).collect();
    (revisions.len() > 1).then(|| format!("fences of revisions {revisions:?} in one picture"))
}

#[tokio::test]
async fn compaction_while_listing_starts_again_and_never_shows_mixed_revisions() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    fill(&local, 60_000).await;
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    // So slow that no listing ends between two compactions.
    proxy.delay(Duration::from_millis(10));
    let mut client = plain_client(&local.endpoints()[0]).await;
    let enough = Arc::new(AtomicBool::new(false));
    let stop = enough.clone();
    let compacting = tokio::spawn(async move {
        for number in 0.. {
            let put = |key| TxnOp::put(key, format!("{number}"), None);
            let answer =
                client.txn(Txn::new().and_then(fences().map(put).collect::<Vec<_>>())).await.unwrap();
            client.compact(answer.header().unwrap().revision(), None).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            if stop.load(Ordering::SeqCst) {
                break;
            }
        }
        client
    });
    let options = MirrorOptions {
        values: ValuePolicy::Always,
        value_budget_bytes: u64::MAX,
        ..MirrorOptions::default()
    };
    let follower = Follower::start_checked(connect(&[proxy.endpoint()]).await, options, Box::new(mixed));
    let restarts = |told: &Told| {
        let compacted = |state: &MirrorState| matches!(state, MirrorState::Stale { fault, .. } if fault.kind == FaultKind::Compacted);
        told.states.iter().filter(|(_, state)| compacted(state)).count()
    };
    follower.until("it starts again, twice", |told| restarts(told) >= 2).await;
    // Later attempts wait longer for the cluster to come to rest; the operator need not.
    enough.store(true, Ordering::SeqCst);
    let mut client = compacting.await.unwrap();
    follower.retry_now.notify_one();
    follower.until_live().await;
    let last = revision(&mut client).await;
    follower.assert_equal_at(&mut client, last).await;
    let told = follower.told.lock().unwrap();
    assert_eq!(told.wrong, Vec::<String>::new());
    assert!(told.keyspace.get(&fence(FENCES[0])).is_some(), "the fences are in the picture");
    figure(
        "compaction-listing",
        format!(
            "started again {} times, then complete with {} keys; {} pictures, none of mixed revisions",
            restarts(&told),
            told.keyspace.len(),
            told.pictures
        ),
    );
}

#[tokio::test]
async fn among_many_keys_and_a_value_of_1_5_mb_the_first_rows_come_within_a_second() {
    const KEYS: u32 = 60_000;
    const TALL: &[u8] = b"/registry/pods/default/tall";
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        fill(&local, KEYS).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let tall = vec![b'V'; 1_500_000];
        client.put(TALL, tall.clone(), None).await.unwrap();
        for values in [MirrorOptions::default().values, ValuePolicy::Always] {
            let options = MirrorOptions { values, value_budget_bytes: u64::MAX, ..MirrorOptions::default() };
            let begun = Instant::now();
            let follower = Follower::start_as(connect(&local.endpoints()).await, options);
            follower.until_live().await;
            let all = begun.elapsed();
            let told = follower.told.lock().unwrap();
            let first = told.first_rows.expect("rows") - begun;
            assert!(first < Duration::from_secs(1), "the first rows came after {first:?}");
            assert_eq!(told.keyspace.len(), u64::from(KEYS) + 1);
            assert_eq!(told.relists, 0);
            let stale = told.states.iter().find(|(_, state)| matches!(state, MirrorState::Stale { .. }));
            assert_eq!(stale, None, "nothing failed");
            if values == ValuePolicy::Always {
                assert_eq!(told.keyspace.get(TALL).unwrap().value.map(|value| value.len()), Some(tall.len()));
            }
            figure(
                "million-keys",
                format!(
                    "{KEYS} keys and a value of 1.5 MB on {} ({values:?}): first rows after {} ms, all after {} ms",
                    binary.version,
                    first.as_millis(),
                    all.as_millis()
                ),
            );
        }
        let read = connect(&local.endpoints()).await.read(TALL).await.unwrap().unwrap();
        assert_eq!(read.value.as_deref(), Some(&tall[..]));
    }
}

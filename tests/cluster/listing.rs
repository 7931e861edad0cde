//! Listings: many keys in bounded parts, large values, a compaction in the middle, export pages.

use std::time::Duration;

use etcd_client::{Client, Txn, TxnOp};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::etcd::{MirrorOptions, Page, ValuePolicy};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::mirror::digest_of;
use etcdscope::model::status::MirrorState;
use tokio::sync::mpsc;

use super::support::{Follower, connect, newest, plain_client, revision, start, truth, versions};

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

#[tokio::test]
async fn compaction_while_listing_begins_anew() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    fill(&local, 100_000).await;
    let endpoint = local.endpoints()[0].clone();
    let compacting = tokio::spawn(async move {
        let mut client = plain_client(&endpoint).await;
        for number in 0..60 {
            let answer = client.put("compacting", format!("{number}"), None).await.unwrap();
            let now = answer.header().unwrap().revision();
            client.compact(now, None).await.unwrap();
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let follower = Follower::start(&local.endpoints()).await;
    compacting.await.unwrap();
    follower.until_live().await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let last = revision(&mut client).await;
    follower.assert_equal_at(&mut client, last).await;
}

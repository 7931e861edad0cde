//! The mirror on a healthy cluster: equal to etcd, whole revisions, claims.

use std::time::Duration;

use etcd_client::{Client, PutOptions, Txn, TxnOp, WatchOptions, WatchStream};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::coordination::{ClaimKind, Coordination};

use super::figure::figure;
use super::support::{Follower, Trial, plain_client, revision, shared, start, versions};

#[tokio::test]
async fn under_load_the_mirror_equals_a_range_and_its_events_those_of_a_plain_watch() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        let mut client = plain_client(&endpoints[0]).await;
        for number in 0..50 {
            client.put(format!("before/{number}"), "x", None).await.unwrap();
        }
        let trial = Trial::of(Follower::start(&endpoints).await, endpoints, "load").await;
        let begun = trial.revision().await;
        trial.follower.until("some load", |told| told.applied > begun + 300).await;
        trial.finish().await;
    }
}

/// A watch that tells fragments one by one.
async fn fragments(client: &mut Client, prefix: &str) -> WatchStream {
    let options = WatchOptions::new().with_prefix().with_prev_key().with_fragment();
    client.watch(prefix, Some(options)).await.unwrap()
}

/// In how many pieces this revision came.
async fn fragments_of(stream: &mut WatchStream, revision: i64) -> usize {
    let mut pieces = 0;
    while let Some(response) = stream.message().await.unwrap() {
        let ours = response.events().iter().any(|event| event.kv().unwrap().mod_revision() == revision);
        pieces += usize::from(ours);
        if ours && !response.0.fragment {
            break;
        }
    }
    pieces
}

#[tokio::test]
async fn a_revision_of_128_operations_in_fragments_appears_at_once() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let mut raw = fragments(&mut client, "at-once/").await;
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let mut last = 0;
        for size in [10, 9_000] {
            // The second time the revision is larger than the 1.5 MiB that an answer may have, with
            // the previous values: it comes in fragments.
            let value = vec![b'v'; size];
            let operations: Vec<_> =
                (0..128).map(|n| TxnOp::put(format!("at-once/{n}"), value.clone(), None)).collect();
            for _ in 0..2 {
                let txn = Txn::new().and_then(operations.clone());
                let written = client.txn(txn).await.unwrap().header().unwrap().revision();
                follower.until("the transaction", |told| told.applied >= written).await;
                let told = follower.told.lock().unwrap();
                let revision = told.revisions.iter().find(|it| it.revision == written).unwrap();
                assert_eq!(revision.changes.len(), 128);
                assert!(told.revisions.iter().filter(|it| it.revision == written).count() == 1);
                last = written;
            }
        }
        let fragments = fragments_of(&mut raw, last).await;
        assert!(fragments > 1, "it came in one piece");
        figure("revision-128", format!("{fragments} fragments of 128 operations appear as one revision"));
    }
}

#[tokio::test]
async fn a_revision_of_many_fragments_arrives_whole() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let value = vec![b'v'; 200 << 10];
        for n in 0..40 {
            client.put(format!("fragments/{n}"), value.clone(), None).await.unwrap();
        }
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        // One revision with 8 MB of previous values.
        let options = etcd_client::DeleteOptions::new().with_prefix();
        let answer = client.delete("fragments/", Some(options)).await.unwrap();
        let written = answer.header().unwrap().revision();
        follower.until("the deletion", |told| told.applied >= written).await;
        let told = follower.told.lock().unwrap();
        let whole: Vec<_> = told.revisions.iter().filter(|it| it.revision == written).collect();
        assert_eq!(whole.iter().map(|it| it.changes.len()).collect::<Vec<_>>(), [40]);
        assert!(whole[0].changes.iter().all(|change| {
            change.prev.as_ref().and_then(|prev| prev.value.as_ref()).map(|value| value.len())
                == Some(200 << 10)
        }));
    }
}

#[tokio::test]
async fn a_change_is_told_within_a_blink() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let mut slow = 0;
        for number in 0..20 {
            let begun = std::time::Instant::now();
            let answer = client.put("blink", format!("{number}"), None).await.unwrap();
            let written = answer.header().unwrap().revision();
            follower.until("the change", |told| told.applied >= written).await;
            slow += usize::from(begun.elapsed() > Duration::from_millis(150));
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        assert!(slow <= 4, "{slow} of 20 changes took over 150 ms");
    }
}

#[tokio::test]
async fn locks_and_elections_are_told_as_they_change() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let mut leases = Vec::new();
        for _ in 0..2 {
            let lease = client.lease_grant(600, None).await.unwrap().id();
            let options = PutOptions::new().with_lease(lease);
            client.put(format!("told/lock/{lease:x}"), "", Some(options)).await.unwrap();
            leases.push(lease);
        }
        let queue = |told: &Coordination| {
            let queue = told.queues.get(b"told/lock".as_slice())?;
            Some((queue.kind, queue.claims.iter().map(|it| it.meta.lease).collect::<Vec<_>>()))
        };
        let both = Some((ClaimKind::Lock, leases.clone()));
        follower.until("the queue", |told| queue(&told.coordination) == both).await;
        client.lease_revoke(leases[0]).await.unwrap();
        let next = Some(vec![leases[1]]);
        follower
            .until("the next holder", |told| queue(&told.coordination).map(|(_, line)| line) == next)
            .await;
        client.lease_revoke(leases[1]).await.unwrap();
        let now = revision(&mut client).await;
        follower.until("the end", |told| told.applied >= now).await;
    }
}

//! The mirror on a healthy cluster: equal to etcd, whole revisions, claims.

use std::time::Duration;

use etcd_client::{PutOptions, Txn, TxnOp};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::claim::ClaimKind;

use super::support::{
    Follower, Witness, Writer, assert_same_events, plain_client, revision, shared, start, versions,
};

#[tokio::test]
async fn under_load_the_mirror_equals_a_range_and_its_events_those_of_a_plain_watch() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        let mut client = plain_client(&endpoints[0]).await;
        for number in 0..50 {
            client.put(format!("before/{number}"), "x", None).await.unwrap();
        }
        let writer = Writer::start(endpoints.clone(), "load");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let follower = Follower::start(&endpoints).await;
        follower.until_live().await;
        let from = follower.told.lock().unwrap().applied;
        let witness = Witness::start(&endpoints[0], from).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let last = writer.stop().await;
        follower.assert_equal_at(&mut client, last).await;
        let mut told = follower.told.lock().unwrap().events();
        told.retain(|(revision, ..)| *revision > from && *revision <= last);
        assert_same_events(&told, &witness.events(from, last).await);
        assert_eq!(follower.told.lock().unwrap().relists, 0);
    }
}

#[tokio::test]
async fn a_transaction_of_128_operations_appears_at_once() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
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
            }
        }
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
        let queue = |claims: &[etcdscope::model::claim::ClaimQueue]| {
            claims
                .iter()
                .find(|queue| queue.name.starts_with(b"told/lock"))
                .map(|queue| (queue.kind, queue.claims.iter().map(|it| it.meta.lease).collect::<Vec<_>>()))
        };
        let both = Some((ClaimKind::Lock, leases.clone()));
        follower.until("the queue", |told| queue(&told.claims) == both).await;
        client.lease_revoke(leases[0]).await.unwrap();
        let next = Some(vec![leases[1]]);
        follower.until("the next holder", |told| queue(&told.claims).map(|(_, line)| line) == next).await;
        client.lease_revoke(leases[1]).await.unwrap();
        let now = revision(&mut client).await;
        follower.until("the end", |told| told.applied >= now).await;
    }
}

//! History compacted away, clusters restored or mixed up, writes that find no way.

use std::time::{Duration, Instant};

use etcdscope::demo::LocalClusterOptions;
use etcdscope::etcd::Cluster;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::proxy::Proxy;
use super::snapshot;
use super::support::{Follower, connect, newest, plain_client, request, revision, start, truth, versions};

#[tokio::test]
async fn compaction_while_disconnected_makes_one_new_listing() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        for number in 0..20 {
            client.put(format!("gap/{number}"), "1", None).await.unwrap();
        }
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let follower = Follower::start(&[proxy.endpoint()]).await;
        follower.until_live().await;

        // A short outage without compaction is resumed: every event is told.
        proxy.close(true);
        client.put("gap/0", "2", None).await.unwrap();
        client.delete("gap/1", None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.close(false);
        follower.retry_now.notify_one();
        let last = revision(&mut client).await;
        follower.assert_equal_at(&mut client, last).await;
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().relists, 0);
        assert_eq!(follower.told.lock().unwrap().revisions.len(), 2);

        proxy.close(true);
        for number in 0..20 {
            client.put(format!("gap/{number}"), "3", None).await.unwrap();
        }
        client.delete("gap/7", None).await.unwrap();
        let last = revision(&mut client).await;
        client.compact(last, None).await.unwrap();
        client.put("gap/8", "4", None).await.unwrap();
        let last = revision(&mut client).await;
        proxy.close(false);
        follower.retry_now.notify_one();
        follower.assert_equal_at(&mut client, last).await;
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().relists, 1);

        // Compacted up to the very revision that is mirrored: nothing is lost, nothing listed.
        proxy.close(true);
        client.compact(last, None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        proxy.close(false);
        follower.retry_now.notify_one();
        client.put("gap/9", "5", None).await.unwrap();
        let last = revision(&mut client).await;
        follower.assert_equal_at(&mut client, last).await;
        assert_eq!(follower.told.lock().unwrap().relists, 1);
    }
}

#[tokio::test]
async fn a_write_goes_to_another_endpoint_when_it_could_not_be_sent() {
    let local = &super::support::shared().await[0];
    // Two ways to the same member; whichever is used first, one of the two rounds closes it.
    for closed in 0..2 {
        let ways = [Proxy::start(&local.endpoints()[0]).await, Proxy::start(&local.endpoints()[0]).await];
        let cluster = connect(&ways.each_ref().map(Proxy::endpoint)).await;
        super::support::eventually("both were asked", || async {
            let status = cluster.status().await;
            status.members.iter().all(|member| member.fault.is_none()).then_some(())
        })
        .await;
        let [first, second] = ways;
        let _open = if closed == 0 {
            drop(first);
            second
        } else {
            drop(second);
            first
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        let put = PutRequest {
            key: format!("unsent/{closed}").into_bytes().into(),
            value: b"1"[..].into(),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        };
        let begun = Instant::now();
        let outcome = cluster.put(&put).await;
        assert!(matches!(outcome, WriteOutcome::Saved { .. }), "{outcome:?}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn endpoints_of_two_clusters_are_never_mixed() {
    let one = start(&newest(), LocalClusterOptions::members(1)).await;
    let other = start(&newest(), LocalClusterOptions::members(1)).await;
    let endpoints = [one.endpoints(), other.endpoints()].concat();
    let cluster = connect(&endpoints).await;
    let status = super::support::eventually("both were asked", || async {
        Some(cluster.status().await).filter(|status| status.members.iter().any(|it| it.fault.is_some()))
    })
    .await;
    let strangers: Vec<_> = status.members.iter().filter_map(|it| it.fault.as_ref()).collect();
    assert_eq!(strangers.len(), 1);
    assert_eq!(strangers[0].kind, FaultKind::Invalid);
}

#[tokio::test]
async fn a_cluster_restored_from_an_older_snapshot_is_noticed() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        let mut client = plain_client(&endpoints[0]).await;
        client.put("restored/kept", "1", None).await.unwrap();
        let saved = local.folder().join("snapshot.db");
        snapshot::save(&local, &saved).await.unwrap();
        for number in 0..10 {
            client.put(format!("restored/lost/{number}"), "1", None).await.unwrap();
        }
        let cluster = Cluster::connect(&request(&endpoints)).await.unwrap();
        let follower = Follower::start_with(cluster);
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().keyspace.len(), 11);
        // The same member with the same URLs and token keeps the cluster's id.
        local.member(0).kill();
        snapshot::put_back(&local, &saved).await.unwrap();
        local.restart(0).await.unwrap();
        // More revisions than were lost: the revision alone shows nothing.
        for number in 0..20 {
            client.put("restored/other", format!("{number}"), None).await.unwrap();
        }
        let back = Instant::now();
        follower
            .until_within(Duration::from_secs(12), "the old picture is gone", |told| {
                told.relists == 1 && told.keyspace.len() == 2
            })
            .await;
        assert!(back.elapsed() < Duration::from_secs(12));
        let last = revision(&mut client).await;
        follower.assert_equal_at(&mut client, last).await;
        assert_eq!(truth(&mut client, last).await.keys, 2);
    }
}

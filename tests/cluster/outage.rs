//! Members killed and stopped, connections cut, history compacted away, clusters restored.

use std::process::Command;
use std::time::{Duration, Instant};

use etcdscope::demo::{EtcdBinary, LocalCluster, LocalClusterOptions};
use etcdscope::etcd::Cluster;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::MirrorState;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::proxy::Proxy;
use super::support::{
    Follower, Told, Witness, Writer, assert_same_events, connect, newest, plain_client, request, revision,
    start, truth, versions,
};

async fn three(binary: &EtcdBinary) -> LocalCluster {
    start(binary, LocalClusterOptions::members(3)).await
}

#[tokio::test]
async fn the_member_in_use_is_killed_under_load_and_nothing_is_missed() {
    for binary in versions() {
        let local = three(&binary).await;
        let endpoints = local.endpoints();
        let follower = Follower::start(&endpoints).await;
        follower.until_live().await;
        let watched = follower.watched(&endpoints).await;
        let survivors: Vec<_> = (0..3).filter(|index| *index != watched).collect();
        let survivor = &endpoints[survivors[0]];
        let from = follower.told.lock().unwrap().applied;
        let witness = Witness::start(survivor, from).await;
        let writers = survivors.iter().map(|index| endpoints[*index].clone()).collect();
        let writer = Writer::start(writers, "kill");
        tokio::time::sleep(Duration::from_millis(700)).await;
        let was_leader = local.leader().await == Some(watched);
        local.member(watched).kill();
        let killed = Instant::now();
        let before = follower.told.lock().unwrap().applied;
        follower.until("events go on", |told| told.applied > before + 60 && told.is_live()).await;
        // Without its leader the cluster itself needs an election first.
        let limit = Duration::from_secs(if was_leader { 7 } else { 4 });
        assert!(killed.elapsed() < limit, "events went on only after {:?}", killed.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
        let last = writer.stop().await;
        let mut client = plain_client(survivor).await;
        follower.assert_equal_at(&mut client, last).await;
        let mut told = follower.told.lock().unwrap().events();
        told.retain(|(revision, ..)| *revision > from && *revision <= last);
        assert_same_events(&told, &witness.events(from, last).await);
        assert_eq!(follower.told.lock().unwrap().relists, 0);
        // Reads and writes go on as well.
        let cluster = &follower.cluster;
        let put = PutRequest {
            key: b"after"[..].into(),
            value: b"kill"[..].into(),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        };
        let outcome = cluster.put(&put).await;
        assert!(matches!(outcome, WriteOutcome::Saved { .. }), "{outcome:?}");
        assert!(cluster.read(b"after").await.unwrap().is_some());
        let status = cluster.status().await;
        assert_eq!(status.members.iter().filter(|member| member.fault.is_none()).count(), 2);
        assert!(status.members[watched].fault.is_some());
    }
}

#[tokio::test]
async fn the_member_in_use_is_stopped_and_another_takes_over() {
    let local = three(&newest()).await;
    let endpoints = local.endpoints();
    let follower = Follower::start(&endpoints).await;
    follower.until_live().await;
    let watched = follower.watched(&endpoints).await;
    let writers: Vec<_> = (0..3).filter(|index| *index != watched).map(|it| endpoints[it].clone()).collect();
    let mut client = plain_client(&writers[0]).await;
    let writer = Writer::start(writers, "stop");
    tokio::time::sleep(Duration::from_millis(500)).await;
    local.member(watched).stop().unwrap();
    let stopped = Instant::now();
    follower
        .until_within(Duration::from_secs(11), "stale", |told| {
            told.states
                .iter()
                .any(|(when, state)| *when > stopped && matches!(state, MirrorState::Stale { .. }))
        })
        .await;
    follower.until_within(Duration::from_secs(8), "live on another member", Told::is_live).await;
    assert!(stopped.elapsed() < Duration::from_secs(16), "{:?}", stopped.elapsed());
    // Reads do not wait for the stopped member.
    let begun = Instant::now();
    follower.cluster.read(b"stop/1").await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4));
    local.member(watched).cont().unwrap();
    let last = writer.stop().await;
    follower.assert_equal_at(&mut client, last).await;
    assert_eq!(follower.told.lock().unwrap().relists, 0);
}

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
async fn resets_under_load_leave_the_mirror_equal() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        let mut client = plain_client(&endpoints[0]).await;
        let proxy = Proxy::start(&endpoints[0]).await;
        let follower = Follower::start(&[proxy.endpoint()]).await;
        follower.until_live().await;
        let from = follower.told.lock().unwrap().applied;
        let witness = Witness::start(&endpoints[0], from).await;
        let writer = Writer::start(endpoints.clone(), "reset");
        for pause in [150, 700, 50, 900, 300, 1_100] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            proxy.cut();
            follower.retry_now.notify_one();
        }
        let last = writer.stop().await;
        follower.assert_equal_at(&mut client, last).await;
        let mut told = follower.told.lock().unwrap().events();
        told.retain(|(revision, ..)| *revision > from && *revision <= last);
        assert_same_events(&told, &witness.events(from, last).await);
        assert_eq!(follower.told.lock().unwrap().relists, 0);
    }
}

#[tokio::test]
async fn a_swallowed_direction_is_noticed() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let follower = Follower::start(&[proxy.endpoint()]).await;
    follower.until_live().await;
    proxy.swallow_answers(true);
    follower
        .until_within(Duration::from_secs(12), "stale", |told| {
            matches!(told.states.last(), Some((_, MirrorState::Stale { .. })))
        })
        .await;
    client.put("swallowed", "1", None).await.unwrap();
    proxy.cut();
    proxy.swallow_answers(false);
    follower.retry_now.notify_one();
    let last = revision(&mut client).await;
    follower.assert_equal_at(&mut client, last).await;
    follower.until_live().await;
}

#[tokio::test]
async fn two_of_three_endpoints_dead_and_reads_still_succeed() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let dead = ["http://127.0.0.1:1".to_owned(), "http://127.0.0.1:9".to_owned()];
    let endpoints = [&dead[..], &local.endpoints()].concat();
    let cluster = connect(&endpoints).await;
    let begun = Instant::now();
    for _ in 0..300 {
        cluster.read(b"nothing").await.expect("a read");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let status = cluster.status().await;
    let faults: Vec<_> = status.members.iter().map(|it| it.fault.as_ref().map(|it| it.kind)).collect();
    assert_eq!(faults, [Some(FaultKind::PortClosed), Some(FaultKind::PortClosed), None]);
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
async fn without_quorum_nothing_is_called_saved() {
    let local = three(&newest()).await;
    let endpoints = local.endpoints();
    let cluster = connect(&endpoints).await;
    let follower = Follower::start(&endpoints).await;
    follower.until_live().await;
    local.member(0).kill();
    local.member(1).kill();
    let put = PutRequest {
        key: b"minority"[..].into(),
        value: b"1"[..].into(),
        expect: Expect::Absent,
        lease: LeaseChoice::Attach(0),
    };
    let outcome = cluster.put(&put).await;
    assert!(matches!(outcome, WriteOutcome::Unknown(_) | WriteOutcome::NotSaved(_)), "{outcome:?}");
    follower.until("stale", |told| matches!(told.states.last(), Some((_, MirrorState::Stale { .. })))).await;
    local.restart(0).await.unwrap();
    follower.until_live().await;
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
        let snapshot = local.folder().join("snapshot.db");
        let ctl = local.etcdctl_bin().expect("etcdctl");
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&ctl);
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD")) {
                command.env_remove(name);
            }
            let output = command.env("ETCDCTL_API", "3").args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let path = snapshot.to_str().unwrap();
        run(&["--endpoints", &endpoints[0], "snapshot", "save", path]);
        for number in 0..10 {
            client.put(format!("restored/lost/{number}"), "1", None).await.unwrap();
        }
        let cluster = Cluster::connect(&request(&endpoints)).await.unwrap();
        let follower = Follower::start_with(cluster);
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().keyspace.len(), 11);
        // The same member with the same URLs and token keeps the cluster's id.
        let member = local.member(0);
        member.kill();
        std::fs::remove_dir_all(member.data_dir()).unwrap();
        let data_dir = member.data_dir().to_str().unwrap();
        run(&[
            "snapshot",
            "restore",
            path,
            "--name",
            member.name(),
            "--data-dir",
            data_dir,
            "--initial-cluster",
            local.initial_cluster(),
            "--initial-advertise-peer-urls",
            member.peer_url(),
            "--initial-cluster-token",
            local.token(),
        ]);
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

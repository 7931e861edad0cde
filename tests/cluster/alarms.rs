//! Alarms: the space quota reached, and members that disagree. Both are told, writes are refused
//! with the reason, the view goes on, and what the console says about recovery is what helps.

use std::time::Instant;

use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, CompactionOptions};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::etcd::Cluster;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::AlarmsTold;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::figure::figure;
use super::support::{Follower, connect, eventually, newest, plain_client, revision, start, versions};

fn write(key: &str, expect: Expect) -> PutRequest {
    PutRequest { key: key.as_bytes().into(), value: b"new"[..].into(), expect, lease: LeaseChoice::Keep }
}

async fn until_alarm(cluster: &Cluster, name: &str, raised: bool) {
    eventually("the alarm", || async {
        let alarms = cluster.status().await.alarms;
        (alarms.iter().any(|(alarm, _)| alarm == name) == raised).then_some(())
    })
    .await;
}

/// A write is refused for this reason, and nothing is written; returns after how many milliseconds.
async fn assert_refused(cluster: &Cluster, client: &mut Client, kind: FaultKind) -> u128 {
    let before = revision(client).await;
    let existing = client.get("kept", None).await.unwrap().kvs()[0].mod_revision();
    let begun = Instant::now();
    for request in [write("fresh", Expect::Absent), write("kept", Expect::Revision(existing))] {
        let outcome = cluster.put(&request).await;
        let WriteOutcome::NotSaved(fault) = outcome else { panic!("{outcome:?}") };
        assert_eq!(fault.kind, kind, "{fault}");
    }
    let took = begun.elapsed().as_millis() / 2;
    assert_eq!(revision(client).await, before, "something was written");
    took
}

#[tokio::test]
async fn no_space_is_told_writes_are_refused_and_the_recovery_that_is_explained_works() {
    for binary in versions() {
        let options = LocalClusterOptions {
            extra_args: vec!["--quota-backend-bytes=16777216".to_owned()],
            ..LocalClusterOptions::members(1)
        };
        let local = start(&binary, options).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        client.put("kept", "old", None).await.unwrap();
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let cluster = follower.cluster.clone();
        let value = vec![b'v'; 1 << 20];
        while client.put("full", value.clone(), None).await.is_ok() {}
        until_alarm(&cluster, "NOSPACE", true).await;
        let took = assert_refused(&cluster, &mut client, FaultKind::NoSpace).await;

        // What can be seen goes on being seen: deletions are taken even now.
        assert!(cluster.read(b"kept").await.unwrap().is_some());
        client.delete("full", None).await.unwrap();
        follower.until("the deletion", |told| told.is_live() && told.keyspace.get(b"full").is_none()).await;

        // Compact, defragment each member, then disarm: as the cluster's screen says.
        let now = revision(&mut client).await;
        client.compact(now, Some(CompactionOptions::new().with_physical())).await.unwrap();
        client.defragment().await.unwrap();
        let mut alarm = AlarmOptions::new();
        alarm.with_member(cluster.status().await.members[0].id);
        client.alarm(AlarmAction::Deactivate, AlarmType::Nospace, Some(alarm)).await.unwrap();
        until_alarm(&cluster, "NOSPACE", false).await;
        let saved = cluster.put(&write("fresh", Expect::Absent)).await;
        assert!(matches!(saved, WriteOutcome::Saved { .. }), "{saved:?}");
        follower.until("the write", |told| told.is_live() && told.keyspace.get(b"fresh").is_some()).await;
        figure(
            "no-space",
            format!("etcd {}: a write refused after {took} ms, saved after the recovery", local.version()),
        );
    }
}

#[tokio::test]
async fn corrupt_is_told_and_writes_are_refused_with_the_reason() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(3)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        client.put("kept", "old", None).await.unwrap();
        let follower = Follower::start(&local.endpoints()).await;
        follower.until_live().await;
        let cluster = connect(&local.endpoints()).await;
        let member = cluster.status().await.members[1].id;
        let mut alarm = AlarmOptions::new();
        alarm.with_member(member);
        client.alarm(AlarmAction::Activate, AlarmType::Corrupt, Some(alarm.clone())).await.unwrap();
        until_alarm(&cluster, "CORRUPT", true).await;
        assert!(cluster.status().await.alarms.contains(&("CORRUPT".to_owned(), member)));
        let took = assert_refused(&cluster, &mut client, FaultKind::Corrupt).await;
        assert!(cluster.read(b"kept").await.unwrap().is_some(), "what is there can still be seen");
        assert!(follower.told.lock().unwrap().is_live());

        client.alarm(AlarmAction::Deactivate, AlarmType::Corrupt, Some(alarm)).await.unwrap();
        until_alarm(&cluster, "CORRUPT", false).await;
        let saved = cluster.put(&write("fresh", Expect::Absent)).await;
        assert!(matches!(saved, WriteOutcome::Saved { .. }), "{saved:?}");
        follower.until("the write", |told| told.is_live() && told.keyspace.get(b"fresh").is_some()).await;
        figure("corrupt", format!("etcd {}: a write refused after {took} ms", local.version()));
    }
}

#[tokio::test]
async fn without_a_majority_it_is_not_known_which_alarms_are_raised() {
    let local = start(&newest(), LocalClusterOptions::members(3)).await;
    let cluster = connect(&local.endpoints()).await;
    let told = || async { cluster.status().await.alarms_told };
    eventually("none is raised", || async { (told().await == AlarmsTold::Told).then_some(()) }).await;
    for member in 1..3 {
        local.member(member).stop().expect("SIGSTOP");
    }
    eventually("nobody tells", || async { (told().await == AlarmsTold::Unknown).then_some(()) }).await;
    for member in 1..3 {
        local.member(member).cont().expect("SIGCONT");
    }
    eventually("it is told again", || async { (told().await == AlarmsTold::Told).then_some(()) }).await;
}

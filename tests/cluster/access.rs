//! Users, roles, passwords.

use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions, Permission};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::etcd::{Cluster, Page, test_connection};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::{KeyInterval, MirrorState, Notice, TestOutcome, TestStepKind};
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};
use tokio::sync::mpsc;

use super::figure::figure;
use super::support::{Follower, plain_client, request, request_as, start, versions};

/// Switches authentication on: `root` may do everything, `ann` may read and write `a/` and read
/// the keys from `c/` on up to `d`.
pub async fn with_users(local: &LocalCluster) -> Client {
    let mut client = plain_client(&local.endpoints()[0]).await;
    client.user_add("root", "root", None).await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    client.role_add("reader").await.unwrap();
    client.role_grant_permission("reader", Permission::read_write("a/").with_prefix()).await.unwrap();
    client.role_grant_permission("reader", Permission::read("c/").with_range_end("d")).await.unwrap();
    client.user_add("ann", "secret", None).await.unwrap();
    client.user_grant_role("ann", "reader").await.unwrap();
    for key in ["a/1", "a/2", "b/1", "c/1", "d/1"] {
        client.put(key, "1", None).await.unwrap();
    }
    client.auth_enable().await.unwrap();
    root(local).await
}

/// A client of the first member that may do everything.
pub async fn root(local: &LocalCluster) -> Client {
    let options = ConnectOptions::new().with_user("root", "root").with_timeout(Duration::from_secs(10));
    Client::connect([&local.endpoints()[0]], Some(options)).await.unwrap()
}

#[tokio::test]
async fn a_user_of_two_prefixes_sees_these_live_and_no_more() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut root = with_users(&local).await;
        let endpoints = local.endpoints();
        let cluster = Cluster::connect(&request_as(&endpoints, "ann", "secret")).await.unwrap();
        let follower = Follower::start_with(cluster.clone());
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().keyspace.len(), 3);
        let granted =
            vec![KeyInterval::prefix(b"a/"), KeyInterval { start: b"c/".to_vec(), end: Some(b"d".to_vec()) }];
        follower
            .until("the notice", |told| told.notices.contains(&Notice::RestrictedTo(granted.clone())))
            .await;

        // A transaction that touches both prefixes and more is told whole, as far as it is seen.
        use etcd_client::{Txn, TxnOp};
        let operations = ["a/1", "b/1", "c/1", "c/2"].map(|key| TxnOp::put(key, "2", None));
        let answer = root.txn(Txn::new().and_then(operations)).await.unwrap();
        let written = answer.header().unwrap().revision();
        follower
            .until("the transaction", |told| told.revisions.iter().any(|it| it.revision == written))
            .await;
        {
            let told = follower.told.lock().unwrap();
            let revision = told.revisions.iter().find(|it| it.revision == written).unwrap();
            let mut keys: Vec<_> = revision.changes.iter().map(|change| &*change.key).collect();
            keys.sort_unstable();
            assert_eq!(keys, [&b"a/1"[..], b"c/1", b"c/2"]);
        }
        // Interleaved writes to both prefixes come in order.
        for number in 0..20 {
            root.put(if number % 3 == 0 { "a/1" } else { "c/1" }, format!("{number}"), None).await.unwrap();
        }
        follower
            .until("the last write", |told| {
                told.keyspace.get(b"c/1").is_some_and(|it| it.value.is_some_and(|it| **it == *b"19"))
            })
            .await;
        assert!(follower.told.lock().unwrap().revisions.is_sorted_by_key(|it| it.revision));
        assert_eq!(follower.told.lock().unwrap().relists, 0);

        // Reading and writing elsewhere is refused as such.
        let fault = cluster.read(b"b/1").await.expect_err("refused");
        assert_eq!(fault.kind, FaultKind::PermissionDenied);
        let put = PutRequest {
            key: b"c/1"[..].into(),
            value: b"x"[..].into(),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        };
        let WriteOutcome::NotSaved(fault) = cluster.put(&put).await else { panic!("saved") };
        assert_eq!(fault.kind, FaultKind::PermissionDenied);

        // An export of everything has what may be read.
        let (sender, mut pages) = mpsc::channel::<Page>(4);
        let exporting = cluster.clone();
        let export = tokio::spawn(async move { exporting.list_pages(b"", None, true, &sender).await });
        let mut keys = Vec::new();
        while let Some(page) = pages.recv().await {
            keys.extend(page.records.into_iter().map(|record| record.key.to_vec()));
        }
        export.await.unwrap().unwrap();
        assert_eq!(keys, [&b"a/1"[..], b"a/2", b"c/1", b"c/2"]);

        // A grant that is taken away is noticed at the next connection.
        root.role_revoke_permission(
            "reader",
            "c/",
            Some(etcd_client::RoleRevokePermissionOptions::new().with_range_end("d")),
        )
        .await
        .unwrap();
        local.member(0).kill();
        local.start_again(0).unwrap();
        follower.until("the rest", |told| told.is_live() && told.keyspace.len() == 2).await;
        let left = follower.cluster.notices();
        assert!(left.contains(&Notice::RestrictedTo(vec![KeyInterval::prefix(b"a/")])), "{left:?}");
        // A member that came back has forgotten the tokens: they were renewed without a word.
        assert!(cluster.read(b"a/1").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn wrong_passwords_and_missing_users_are_told_at_once() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        // Before authentication is on, a user is one too many: connected without.
        let cluster = Cluster::connect(&request_as(&endpoints, "ann", "secret")).await.unwrap();
        assert!(cluster.notices().contains(&Notice::AuthenticationOff));
        let anonymous = Cluster::connect(&request(&endpoints)).await.unwrap();
        let mut root = with_users(&local).await;

        let kind = |result: Result<Cluster, etcdscope::model::fault::Fault>| result.err().map(|it| it.kind);
        let wrong = Cluster::connect(&request_as(&endpoints, "ann", "wrong")).await;
        assert_eq!(kind(wrong), Some(FaultKind::WrongPassword));
        let nobody = Cluster::connect(&request(&endpoints)).await;
        assert_eq!(kind(nobody), Some(FaultKind::UserRequired));

        // Switched on meanwhile: who had given a user goes on as that user; who had none is told.
        assert!(cluster.read(b"a/1").await.unwrap().is_some());
        assert!(!cluster.notices().contains(&Notice::AuthenticationOff));
        let fault = anonymous.read(b"a/1").await.expect_err("refused");
        assert_eq!(fault.kind, FaultKind::UserRequired);

        let mut steps = Vec::new();
        test_connection(&request_as(&endpoints, "ann", "wrong"), &mut |step| steps.push(step)).await;
        let last = steps.last().unwrap();
        assert_eq!(last.step, TestStepKind::Login);
        assert!(matches!(&last.outcome, TestOutcome::Failed(it) if it.kind == FaultKind::WrongPassword));

        // The password is changed while the mirror runs, and the member comes back: no loop.
        let follower = Follower::start_with(cluster);
        follower.until_live().await;
        root.user_change_password("ann", "changed").await.unwrap();
        local.member(0).kill();
        local.start_again(0).unwrap();
        follower
            .until("failed", |told| {
                matches!(told.states.last(), Some((_, MirrorState::Failed(fault)))
                    if fault.kind == FaultKind::WrongPassword)
            })
            .await;
        let states = follower.told.lock().unwrap().states.len();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(follower.told.lock().unwrap().states.len(), states, "it waits for the operator");
    }
}

#[tokio::test]
async fn permission_taken_away_the_range_is_marked_and_the_rest_goes_on_live() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut root = with_users(&local).await;
        let cluster = Cluster::connect(&request_as(&local.endpoints(), "ann", "secret")).await.unwrap();
        let follower = Follower::start_with(cluster);
        follower.until_live().await;
        assert_eq!(follower.told.lock().unwrap().keyspace.len(), 3);

        // etcd goes on telling a watch what its user may no longer read.
        let begun = Instant::now();
        let whole = etcd_client::RoleRevokePermissionOptions::new().with_range_end("d");
        root.role_revoke_permission("reader", "c/", Some(whole)).await.unwrap();
        let left = Notice::RestrictedTo(vec![KeyInterval::prefix(b"a/")]);
        follower
            .until("the rest", |told| {
                told.is_live() && told.keyspace.len() == 2 && told.notices.contains(&left)
            })
            .await;
        let noticed = begun.elapsed();
        root.put("a/1", "after", None).await.unwrap();
        root.put("c/1", "hidden", None).await.unwrap();
        root.put("a/2", "after", None).await.unwrap();
        follower
            .until("the writes to the rest", |told| {
                let value = |key: &[u8]| told.keyspace.get(key).and_then(|it| it.value.cloned());
                value(b"a/1") == value(b"a/2") && value(b"a/2").is_some_and(|it| *it == *b"after")
            })
            .await;
        {
            let told = follower.told.lock().unwrap();
            assert!(told.is_live() && told.keyspace.get(b"c/1").is_none());
            let lost =
                |state: &MirrorState| matches!(state, MirrorState::Stale { .. } | MirrorState::Failed(_));
            let seen = told.states.iter().filter(|(when, state)| *when >= begun && lost(state)).count();
            assert!(seen <= 1, "{seen} retries seen");
        }
        figure(
            "permission-taken",
            format!("etcd {}: marked after {} ms, the rest live", local.version(), noticed.as_millis()),
        );

        // The last one is taken away: told as such, without a loop.
        let whole = etcd_client::RoleRevokePermissionOptions::new().with_prefix();
        root.role_revoke_permission("reader", "a/", Some(whole)).await.unwrap();
        follower
            .until("nothing is left", |told| {
                matches!(told.states.last(), Some((_, MirrorState::Failed(fault)))
                    if fault.kind == FaultKind::PermissionDenied)
            })
            .await;
    }
}

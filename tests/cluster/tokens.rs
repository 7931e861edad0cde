//! Tokens that expire, an authentication store that moves on, authentication switched under a
//! running session: at most one retry is seen, and a wrong password is tried once.

use std::time::{Duration, Instant};

use etcd_client::Client;
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use etcdscope::etcd::Cluster;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::MirrorState;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::access::{root, with_users};
use super::figure::figure;
use super::metrics::logins;
use super::proxy::Proxy;
use super::support::{Follower, SOON, newest, request, request_as, start, versions};

/// A token that is not used lives so long; etcd looks for old ones once a second.
const TTL: Duration = Duration::from_secs(2);
const EXPIRED: Duration = Duration::from_millis(3_500);

fn one_member(arguments: &[String]) -> LocalClusterOptions {
    LocalClusterOptions { extra_args: arguments.to_vec(), ..LocalClusterOptions::members(1) }
}

fn simple_tokens() -> String {
    format!("--auth-token-ttl={}", TTL.as_secs())
}

/// Signed tokens, which carry the revision of the authentication store.
fn signed_tokens(folder: &std::path::Path, ttl: Duration) -> String {
    let key = folder.join("key");
    std::fs::write(&key, "what signs the tokens of this test").unwrap();
    format!("--auth-token=jwt,priv-key={},sign-method=HS256,ttl={}s", key.display(), ttl.as_secs())
}

fn create(key: &str) -> PutRequest {
    PutRequest {
        key: key.as_bytes().into(),
        value: b"1"[..].into(),
        expect: Expect::Absent,
        lease: LeaseChoice::Attach(0),
    }
}

/// Times since `begun` that the operator saw something other than a live view.
fn seen_retries(follower: &Follower, begun: Instant) -> usize {
    let told = follower.told.lock().unwrap();
    let states = told.states.iter().filter(|(when, _)| *when >= begun).map(|(_, state)| state);
    states.filter(|state| matches!(state, MirrorState::Stale { .. } | MirrorState::Failed(_))).count()
}

/// A user's session and mirror, and the proxy that they go through.
async fn session_of_ann(local: &LocalCluster) -> (Proxy, Follower) {
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let cluster = Cluster::connect(&request_as(&[proxy.endpoint()], "ann", "secret")).await.unwrap();
    let follower = Follower::start_with(cluster);
    follower.until_live().await;
    (proxy, follower)
}

async fn assert_goes_on_live(follower: &Follower, root: &mut Client, value: &str) {
    root.put("a/1", value, None).await.unwrap();
    follower
        .until("the write", |told| {
            told.is_live()
                && told
                    .keyspace
                    .get(b"a/1")
                    .is_some_and(|it| it.value.is_some_and(|it| **it == *value.as_bytes()))
        })
        .await;
}

/// Lets the token expire: the mirror's own questions would keep it in use.
async fn unused(proxy: &Proxy) {
    proxy.swallow_requests(true);
    tokio::time::sleep(EXPIRED).await;
}

/// Reads, writes and a broken connection, each after the token has expired.
async fn expires(local: &LocalCluster, kind: &str) {
    with_users(local).await;
    let endpoints = local.endpoints();
    let (proxy, follower) = session_of_ann(local).await;
    let begun = Instant::now();
    let before = logins(&endpoints).await;
    for round in 0..2 {
        unused(&proxy).await;
        proxy.swallow_requests(false);
        assert!(follower.cluster.read(b"a/1").await.expect("a read").is_some());
        unused(&proxy).await;
        proxy.swallow_requests(false);
        let written = follower.cluster.put(&create(&format!("a/{kind}/{round}"))).await;
        assert!(matches!(written, WriteOutcome::Saved { .. }), "{written:?}");
    }
    let renewed = logins(&endpoints).await - before;
    let seconds = begun.elapsed().as_secs();
    assert!(renewed >= 2, "the tokens did not expire: {renewed} logins in {seconds} s");
    assert!(renewed <= seconds / TTL.as_secs() + 1, "{renewed} logins in {seconds} s");
    assert_eq!(seen_retries(&follower, begun), 0);

    // The connection breaks when the token has expired.
    unused(&proxy).await;
    let cut = Instant::now();
    proxy.cut();
    proxy.swallow_requests(false);
    assert_goes_on_live(&follower, &mut root(local).await, kind).await;
    let retries = seen_retries(&follower, cut);
    assert!(retries <= 1, "{retries} retries seen");
    assert_eq!(follower.told.lock().unwrap().relists, 0, "it was resumed");
    figure(
        "token-expired",
        format!(
            "{kind} on {}: {renewed} tokens renewed, 0 retries seen; {retries} seen when the connection broke too",
            local.version()
        ),
    );
}

#[tokio::test]
async fn token_expired_simple_tokens_are_renewed_without_a_word() {
    for binary in versions() {
        let local = start(&binary, one_member(&[simple_tokens()])).await;
        expires(&local, "simple").await;
    }
}

#[tokio::test]
async fn token_expired_signed_tokens_are_renewed_without_a_word() {
    let folder = tempfile::TempDir::new().unwrap();
    for binary in versions() {
        let local = start(&binary, one_member(&[signed_tokens(folder.path(), TTL)])).await;
        expires(&local, "jwt").await;
    }
}

#[tokio::test]
async fn token_expired_at_the_other_members_costs_one_retry_when_one_is_killed() {
    let options =
        LocalClusterOptions { extra_args: vec![simple_tokens()], ..LocalClusterOptions::members(3) };
    let local = start(&newest(), options).await;
    // The members that do not lead: an election would be seen as well, for what it is.
    let leader = super::support::eventually("a leader", || local.leader()).await;
    with_users(&local).await;
    let mut endpoints = local.endpoints();
    let of_leader = endpoints.remove(leader);
    let cluster = Cluster::connect(&request_as(&endpoints, "ann", "secret")).await.unwrap();
    let follower = Follower::start_with(cluster.clone());
    follower.until_live().await;
    // A look at every member makes a connection, with a token of its own.
    assert!(cluster.status().await.members.iter().all(|member| member.fault.is_none()));
    tokio::time::sleep(EXPIRED).await;
    let watched = &endpoints[follower.watched(&endpoints).await];
    assert_ne!(*watched, of_leader);
    let begun = Instant::now();
    local.members().iter().find(|member| member.endpoint() == watched).expect("it").kill();
    // It may be over before one looks.
    follower.told_after(begun, super::support::SOON, "the loss", |state| !state.is_live()).await;
    follower.until_live().await;
    let back = begun.elapsed();
    let retries = seen_retries(&follower, begun);
    assert!(retries <= 1, "{retries} retries seen: {:?}", follower.told.lock().unwrap().states);
    figure(
        "token-expired",
        format!(
            "member killed with every other token expired: live after {} ms, {retries} retry seen",
            back.as_millis()
        ),
    );
}

#[tokio::test]
async fn auth_store_old_a_user_added_under_jwt_is_not_noticed() {
    let folder = tempfile::TempDir::new().unwrap();
    for binary in versions() {
        let tokens = signed_tokens(folder.path(), Duration::from_mins(5));
        let local = start(&binary, one_member(&[tokens])).await;
        with_users(&local).await;
        let endpoints = local.endpoints();
        let (proxy, follower) = session_of_ann(&local).await;
        let begun = Instant::now();
        let mut logged_in = Vec::new();
        for number in 0..4 {
            let mut administrator = root(&local).await;
            administrator.user_add(format!("new-{number}"), "x", None).await.unwrap();
            let before = logins(&endpoints).await;
            if number % 2 == 0 {
                assert!(follower.cluster.read(b"a/1").await.expect("a read").is_some());
            } else {
                let written = follower.cluster.put(&create(&format!("a/new/{number}"))).await;
                assert!(matches!(written, WriteOutcome::Saved { .. }), "{written:?}");
            }
            logged_in.push(logins(&endpoints).await - before);
            assert_goes_on_live(&follower, &mut root(&local).await, &format!("{number}")).await;
        }
        // The check of permissions may have been the one to renew the token.
        assert!(logged_in.iter().all(|logins| *logins <= 1), "{logged_in:?}");
        assert!(logged_in.contains(&1), "the tokens were not refused: {logged_in:?}");
        assert_eq!(seen_retries(&follower, begun), 0);

        // The connection breaks with a token of before.
        root(&local).await.user_add("last", "x", None).await.unwrap();
        let cut = Instant::now();
        proxy.cut();
        follower
            .until("the loss", |told| {
                told.states.iter().any(|(when, state)| *when >= cut && !state.is_live())
            })
            .await;
        assert_goes_on_live(&follower, &mut root(&local).await, "last").await;
        let retries = seen_retries(&follower, cut);
        assert!(retries <= 1, "{retries} retries seen");
        figure(
            "auth-store-old",
            format!(
                "etcd {}: 0 retries seen on 4 changes of the users, at most {} login each",
                local.version(),
                logged_in.iter().max().unwrap()
            ),
        );
    }
}

#[tokio::test]
async fn auth_switched_under_a_running_session_and_mirror() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let endpoints = local.endpoints();
        let cluster = Cluster::connect(&request_as(&endpoints, "ann", "secret")).await.unwrap();
        let ann = Follower::start_with(cluster.clone());
        let anonymous = Follower::start(&endpoints).await;
        ann.until_live().await;
        anonymous.until_live().await;

        // On: who gave a user goes on as that user, with what that user may read.
        let begun = Instant::now();
        let mut root = with_users(&local).await;
        ann.until("only what may be read", |told| told.is_live() && told.keyspace.len() == 3).await;
        let switched_on = begun.elapsed();
        assert_goes_on_live(&ann, &mut root, "on").await;
        let retries = seen_retries(&ann, begun);
        assert!(retries <= 1, "{retries} retries seen");
        // Who gave none is told once, and keeps what was seen.
        anonymous
            .until("the want of a user", |told| {
                matches!(told.states.last(), Some((_, MirrorState::Failed(fault))) if fault.kind == FaultKind::UserRequired)
            })
            .await;
        assert_eq!(seen_retries(&anonymous, begun), 1);
        assert_eq!(anonymous.told.lock().unwrap().keyspace.len(), 5);

        // Off: the session goes on, and a new one is told that its user was one too many.
        let begun = Instant::now();
        root.auth_disable().await.unwrap();
        assert!(cluster.read(b"b/1").await.unwrap().is_some());
        let mut plain = super::support::plain_client(&endpoints[0]).await;
        assert_goes_on_live(&ann, &mut plain, "off").await;
        assert_eq!(seen_retries(&ann, begun), 0);
        anonymous.retry_now.notify_one();
        anonymous.until_live().await;
        figure(
            "auth-switched",
            format!(
                "etcd {}: on after {} ms with {retries} retry seen; off with none",
                local.version(),
                switched_on.as_millis()
            ),
        );
    }
}

#[tokio::test]
async fn auth_switched_a_wrong_password_is_tried_once_at_each_member_and_no_more() {
    let local = start(&newest(), LocalClusterOptions::members(3)).await;
    let mut root = with_users(&local).await;
    let endpoints = local.endpoints();
    let before = logins(&endpoints).await;
    let wrong = Cluster::connect(&request_as(&endpoints, "ann", "wrong")).await.err().expect("refused");
    assert_eq!(wrong.kind, FaultKind::WrongPassword);
    assert!(logins(&endpoints).await - before <= 3);

    // The password is changed under a session with a mirror, whose members are asked for their health.
    let cluster = Cluster::connect(&request_as(&endpoints, "ann", "secret")).await.unwrap();
    let follower = Follower::start_with(cluster.clone());
    follower.until_live().await;
    assert_eq!(cluster.status().await.members.len(), 3);
    root.user_change_password("ann", "changed").await.unwrap();
    let failed = |told: &super::support::Told| matches!(told.states.last(), Some((_, MirrorState::Failed(fault))) if fault.kind == FaultKind::WrongPassword);
    let changed = Instant::now();
    let before = logins(&endpoints).await;
    follower.until("the wrong password is told", failed).await;
    let told_after = changed.elapsed();
    for _ in 0..20 {
        cluster.status().await;
        assert!(cluster.read(b"a/1").await.is_err());
    }
    let tried = logins(&endpoints).await - before;
    assert!((1..=3).contains(&tried), "{tried} logins with a wrong password");

    // A retry that the operator asks for is one login more.
    follower.retry_now.notify_one();
    let begun = Instant::now();
    while logins(&endpoints).await - before <= tried {
        assert!(begun.elapsed() < SOON, "no retry");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster.status().await;
    follower.until("it is told still", failed).await;
    let retried = logins(&endpoints).await - before - tried;
    assert!(retried <= 3, "{retried} logins for one retry");

    // Right again: the retry brings the view back.
    root.user_change_password("ann", "secret").await.unwrap();
    follower.retry_now.notify_one();
    follower.until_live().await;
    assert!(cluster.read(b"a/1").await.unwrap().is_some());
    figure(
        "auth-switched",
        format!(
            "wrong password: {tried} logins in 60 calls to 3 members, told after {} ms",
            told_after.as_millis()
        ),
    );
}

#[tokio::test]
async fn auth_switched_off_a_user_is_no_hindrance() {
    let local = &super::support::shared().await[0];
    let cluster = Cluster::connect(&request_as(&local.endpoints(), "ann", "any")).await.unwrap();
    assert!(cluster.notices().contains(&etcdscope::model::status::Notice::AuthenticationOff));
    assert!(Cluster::connect(&request(&local.endpoints())).await.unwrap().notices().is_empty());
}

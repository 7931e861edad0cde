//! Leases against a real etcd: granted, kept, revoked and settled; and why something ended, told apart by what
//! its lease had left. Programs that are not ours hold the locks.

use std::collections::BTreeMap;
use std::process::{Child, Command as Program, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_client::{Client, EventType, LockOptions, PutOptions, ResignOptions, WatchOptions};
use etcdscope::backend::{Backend, BackendOptions};
use etcdscope::demo::{DemoOptions, LocalCluster, LocalClusterOptions};
use etcdscope::model::bytes::Key;
use etcdscope::model::coordination::{ClaimQueue, Coordination, EndCause, Tenure};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::message::{Command, CommandKind, Event, EventKind, RequestId, SessionId};
use etcdscope::model::write::BatchStep;
use etcdscope::storage::{Storage, secrets::Secrets};

use super::proxy::Proxy;
use super::support::{SOON, connect, eventually, newest, plain_client, request, shared, start, versions};

const SESSION: SessionId = SessionId(1);
/// What is promised: the picture tells within this of etcd's own deletion.
const PROMISE: Duration = Duration::from_secs(1);

/// A console without a window, and the picture that it was told last.
struct Console {
    backend: Option<Backend>,
    requests: u64,
    picture: Coordination,
    live: bool,
    _home: tempfile::TempDir,
}

impl Console {
    async fn open(endpoints: &[String]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let options = BackendOptions {
            storage: Storage::open(Some(home.path().to_path_buf())),
            secrets: Secrets::off(),
            demo: DemoOptions::default(),
        };
        let backend = Some(Backend::start(options, Arc::new(|_| {})).unwrap());
        let picture = Coordination::default();
        let mut console = Self { backend, requests: 0, picture, live: false, _home: home };
        console.give(CommandKind::Connect(Box::new(request(endpoints))));
        console.until("live", |console, _| (console.live && console.picture.complete).then_some(())).await;
        console
    }

    fn give(&mut self, kind: CommandKind) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.backend.as_ref().unwrap().send(Command { session: SESSION, request, kind }).unwrap();
        request
    }

    /// Takes events in until what is wanted is there.
    async fn until<T>(&mut self, what: &str, wanted: impl Fn(&Self, Option<&Event>) -> Option<T>) -> T {
        let begun = Instant::now();
        if let Some(found) = wanted(self, None) {
            return found;
        }
        loop {
            let backend = self.backend.as_mut().unwrap();
            backend.draining();
            let Some(event) = backend.try_next() else {
                assert!(begun.elapsed() < SOON, "waited in vain for {what}: {:?}", self.picture.queues);
                tokio::time::sleep(Duration::from_millis(2)).await;
                continue;
            };
            match &event.kind {
                EventKind::Mirror(update) => self.live = update.state.is_live(),
                EventKind::Coordination(picture) => self.picture = (**picture).clone(),
                _ => {}
            }
            if let Some(found) = wanted(self, Some(&event)) {
                return found;
            }
        }
    }

    fn queue(&self, name: &str) -> Option<&Arc<ClaimQueue>> {
        self.picture.queues.get(name.as_bytes())
    }

    /// Waits until this queue has so many claims, and gives their keys.
    async fn claims(&mut self, name: &str, count: usize) -> Vec<Key> {
        self.until("claims", |console, _| {
            let queue = console.queue(name)?;
            (queue.claims.len() == count).then(|| queue.claims.iter().map(|it| it.key.clone()).collect())
        })
        .await
    }

    /// Waits until it is known how the last of so many tenures of this queue ended.
    async fn ended(&mut self, name: &str, count: usize) -> Tenure {
        self.until("the end of a tenure", |console, _| {
            let past = &console.queue(name)?.past;
            let known = past.len() == count && past.back()?.cause != EndCause::Asking;
            known.then(|| past.back().cloned()).flatten()
        })
        .await
    }

    async fn answer(&mut self, kind: CommandKind) -> EventKind {
        let request = self.give(kind);
        let of_it =
            |event: &Event| event.request == request && !matches!(event.kind, EventKind::Progress { .. });
        self.until("an answer", |_, event| event.filter(|it| of_it(it)).map(|it| it.kind.clone())).await
    }

    async fn close(mut self) {
        let backend = self.backend.take().unwrap();
        tokio::task::spawn_blocking(move || backend.shutdown()).await.unwrap();
    }
}

/// `etcdctl lock`, which is killed when it is dropped.
struct Holder(Child);

impl Holder {
    fn start(cluster: &LocalCluster, name: &str, ttl_secs: u32) -> Self {
        let mut command = Program::new(cluster.etcdctl_bin().expect("an etcdctl"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD")) {
            command.env_remove(name);
        }
        command.env("ETCDCTL_API", "3").arg("--endpoints").arg(cluster.endpoints().join(","));
        command.args(["lock", &format!("--ttl={ttl_secs}"), name]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("it starts"))
    }

    /// As `kill -9`.
    fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// When an independent watch saw each key go.
async fn deletions(client: &Client, prefix: &str) -> tokio::sync::mpsc::Receiver<(Key, Instant)> {
    let mut client = client.clone();
    let options = WatchOptions::new().with_prefix();
    let mut watch = client.watch(prefix, Some(options)).await.unwrap();
    // The answer that it stands.
    watch.message().await.unwrap();
    let (told, deleted) = tokio::sync::mpsc::channel(1_024);
    tokio::spawn(async move {
        while let Ok(Some(answer)) = watch.message().await {
            let gone = answer.events().iter().filter(|event| event.event_type() == EventType::Delete);
            for event in gone {
                if told.send((Key::from(event.kv().unwrap().key()), Instant::now())).await.is_err() {
                    return;
                }
            }
        }
    });
    deleted
}

/// A holder is killed, and the one behind it, and the one behind that: each time the next one holds, within a
/// second of etcd's own deletion, and it is known that the lease ran out.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_holder_s_lock_passes_to_the_right_waiter_with_the_cause_expired() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let client = plain_client(&local.endpoints()[0]).await;
        let mut deleted = deletions(&client, "passes/").await;
        let mut console = Console::open(&local.endpoints()).await;
        let mut holders = Vec::new();
        for count in 1..=4 {
            // One after the other, so that it is known who waits at which place.
            holders.push(Holder::start(&local, "passes", if count == 2 { 5 } else { 3 }));
            console.claims("passes", count).await;
        }
        let line = console.claims("passes", 4).await;
        let mut slowest = Duration::ZERO;
        for (killed, holder) in holders.iter_mut().take(3).enumerate() {
            holder.kill();
            let left = console.claims("passes", 3 - killed).await;
            let passed = Instant::now();
            assert_eq!(left, line[killed + 1..], "the next in line holds");
            let tenure = console.ended("passes", killed + 1).await;
            let known = Instant::now();
            assert_eq!((&tenure.claim.key, tenure.cause), (&line[killed], EndCause::Expired));
            let (key, gone) = deleted.recv().await.expect("a deletion");
            assert_eq!(key, line[killed]);
            for told in [passed, known] {
                slowest = slowest.max(told.saturating_duration_since(gone));
            }
        }
        assert!(slowest < PROMISE, "{slowest:?} after etcd's own deletion");
        eprintln!("next holder and cause within {slowest:?} of etcd's own deletion");
        console.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_revocations_and_our_own_ends_are_told_apart() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let mut console = Console::open(&local.endpoints()).await;
        let mut ends = 0;
        let hold = async |console: &mut Console, client: &mut Client| {
            let lease = client.lease_grant(60, None).await.unwrap().id();
            let options = LockOptions::new().with_lease(lease);
            let key = client.lock("told/apart", Some(options)).await.unwrap().key().to_vec();
            let claims = console.claims("told/apart", 1).await;
            assert_eq!(*claims[0], *key);
            // Its TTL is asked for soon after it arose.
            console
                .until("its TTL", |_, event| {
                    let EventKind::Leases(Ok(leases)) = &event?.kind else { return None };
                    leases.iter().any(|info| info.id == lease).then_some(())
                })
                .await;
            (key, lease)
        };
        let mut expect = async |console: &mut Console, cause: EndCause| {
            ends += 1;
            let tenure = console.ended("told/apart", ends).await;
            assert_eq!(tenure.cause, cause);
        };

        let (key, _) = hold(&mut console, &mut client).await;
        client.unlock(key).await.unwrap();
        expect(&mut console, EndCause::Released).await;

        let (_, lease) = hold(&mut console, &mut client).await;
        client.lease_revoke(lease).await.unwrap();
        expect(&mut console, EndCause::Revoked).await;

        let (_, lease) = hold(&mut console, &mut client).await;
        let answer = console.answer(CommandKind::RevokeLease(lease)).await;
        assert!(matches!(answer, EventKind::LeaseRevoked { ended: Ok(_), .. }), "{answer:?}");
        expect(&mut console, EndCause::RevokedHere).await;

        let (key, _) = hold(&mut console, &mut client).await;
        let revision = client.get(key.clone(), None).await.unwrap().kvs()[0].mod_revision();
        let steps = vec![BatchStep::Delete { key: Key::from(key), revision }];
        let answer = console.answer(CommandKind::Batch(steps)).await;
        assert!(matches!(&answer, EventKind::BatchDone(report) if report.done == 1), "{answer:?}");
        expect(&mut console, EndCause::DeletedHere).await;
        console.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_resigns_was_released() {
    let local = &shared().await[0];
    let mut client = plain_client(&local.endpoints()[0]).await;
    let mut console = Console::open(&local.endpoints()).await;
    let lease = client.lease_grant(60, None).await.unwrap().id();
    let answer = client.campaign("resigns", "me", lease).await.unwrap();
    let leader = answer.leader().unwrap().clone();
    console.claims("resigns", 1).await;
    client.resign(Some(ResignOptions::new().with_leader(leader))).await.unwrap();
    assert_eq!(console.ended("resigns", 1).await.cause, EndCause::Released);
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_granted_listed_kept_and_revoked() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let id = 0x0e7c_d5c0_0000_0001;
        let granted = cluster.grant_lease(id, 90).await.unwrap();
        assert_eq!((granted.id, granted.granted_secs), (id, 90));
        assert!(cluster.list_leases().await.unwrap().contains(&id));
        let taken = cluster.grant_lease(id, 10).await.unwrap_err();
        assert_eq!(taken.kind, FaultKind::LeaseExists);
        assert_eq!(cluster.lease(id).await.unwrap().info.granted_secs, 90, "it is as it was");
        let kept = cluster.keep_lease(id).await.unwrap();
        assert!((88..=90).contains(&kept.remaining_secs), "{kept:?}");
        client.put("granted/a", "1", Some(PutOptions::new().with_lease(id))).await.unwrap();
        client.put("granted/b", "1", Some(PutOptions::new().with_lease(id))).await.unwrap();
        let keys = cluster.attached_keys(id).await.unwrap();
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        assert_eq!(keys.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 2);
        let revision = cluster.revoke_lease(id).await.unwrap();
        let gone = client.get("granted/", Some(etcd_client::GetOptions::new().with_prefix())).await.unwrap();
        assert!(gone.kvs().is_empty());
        let before = etcd_client::GetOptions::new().with_prefix().with_revision(revision - 1);
        assert_eq!(client.get("granted/", Some(before)).await.unwrap().kvs().len(), 2, "the revision told");
        for refused in [cluster.revoke_lease(id).await.map(|_| ()), cluster.keep_lease(id).await.map(|_| ())]
        {
            assert_eq!(refused.unwrap_err().kind, FaultKind::LeaseNotFound);
        }
        assert_eq!(cluster.lease(id).await.unwrap().info.remaining_secs, -1);
        assert!(!cluster.list_leases().await.unwrap().contains(&id));
        let longest = cluster.grant_lease(id, i64::MAX).await.unwrap_err();
        assert_eq!(longest.kind, FaultKind::Invalid, "{longest}");
    }
}

/// The answer to a grant or a revocation is lost after it was done: asking tells, and nothing is sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_asking_for_the_lease() {
    for local in shared().await {
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let direct = connect(&local.endpoints()).await;
        let cluster = connect(&[proxy.endpoint()]).await;
        let id: i64 = 0x0e7c_d5c0_0000_0002;
        // The request for a lease of 90 s: its TTL is field 1, its id field 2.
        let mut request = vec![0x08, 90, 0x10];
        let mut rest = id.cast_unsigned();
        while rest >= 0x80 {
            request.push((rest as u8 & 0x7f) | 0x80);
            rest >>= 7;
        }
        request.push(rest as u8);
        proxy.lose_answer_to(Some(&request));
        let granted = cluster.grant_lease(id, 90).await.unwrap();
        assert_eq!((proxy.lost_answers(), granted.granted_secs), (1, 90), "the answer was lost");
        proxy.lose_answer_to(None);

        proxy.swallow_answers(true);
        let keeper = cluster.clone();
        let revoking = tokio::spawn(async move { keeper.revoke_lease(id).await });
        eventually("it is revoked", || async {
            let left = direct.lease(id).await.ok()?.info.remaining_secs;
            (left < 0).then_some(())
        })
        .await;
        proxy.cut();
        proxy.swallow_answers(false);
        assert_eq!(revoking.await.unwrap(), Ok(0), "settled; at which revision is not known");
    }
}

/// The request itself is lost: nothing was revoked, and that is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_came_is_not_called_done() {
    let local = &shared().await[0];
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let direct = connect(&local.endpoints()).await;
    let cluster = connect(&[proxy.endpoint()]).await;
    let lease = direct.grant_lease(0x0e7c_d5c0_0000_0003, 90).await.unwrap().id;
    proxy.swallow_requests(true);
    let keeper = cluster.clone();
    let revoking = tokio::spawn(async move { keeper.revoke_lease(lease).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.cut();
    proxy.swallow_requests(false);
    let fault = revoking.await.unwrap().unwrap_err();
    assert_ne!(fault.kind, FaultKind::LeaseNotFound, "{fault}");
    assert!(direct.lease(lease).await.unwrap().info.remaining_secs > 0, "it is there");
}

/// What a console that stands open costs: no more questions than its budget, and none where nothing lives on
/// a lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_console_asks_within_its_budget() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let mut leases = BTreeMap::new();
    for at in 0..300 {
        let lease = client.lease_grant(30, None).await.unwrap().id();
        client.put(format!("many/{at}"), "1", Some(PutOptions::new().with_lease(lease))).await.unwrap();
        leases.insert(lease, 0_u32);
    }
    let mut console = Console::open(&local.endpoints()).await;
    let begun = Instant::now();
    let mut told = 0;
    while begun.elapsed() < Duration::from_secs(5) {
        let backend = console.backend.as_mut().unwrap();
        backend.draining();
        match backend.try_next().map(|event| event.kind) {
            Some(EventKind::Leases(Ok(answers))) => told += answers.len(),
            Some(_) => {}
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    let most = 20.0 * (begun.elapsed().as_secs_f64() + 1.0) + 20.0;
    assert!(told > 0 && (told as f64) <= most, "{told} questions in {:?}", begun.elapsed());
    console.close().await;
}

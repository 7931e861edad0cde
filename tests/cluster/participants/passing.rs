//! What must be shown soon: a lock that passes on when its holder is killed, and a deadlock.

use std::time::{Duration, Instant};

use etcd_client::{Client, LockOptions};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::coordination::{EndCause, NewsKind};
use tokio::task::JoinHandle;

use super::super::support::{SOON, plain_client, start, versions};
use super::console::{Console, Told};
use super::participant::{Kind, Participant, Place, TTL_SECS};
use super::picture::shown;

/// A machine that is busy with something else may miss what is promised so many times.
const ATTEMPTS: usize = 3;

/// The keys of a queue as it is shown, the holder first.
fn keys(told: &Told, name: &str) -> Vec<Vec<u8>> {
    let Some(line) = shown(told).remove(name) else { return Vec::new() };
    std::iter::once(line.holder).chain(line.waiting).map(|claim| claim.key).collect()
}

/// Lets one come, and waits until it is shown at the end of the queue; returns its key, too.
async fn join(
    console: &Console,
    place: &Place,
    kind: Kind,
    lock: &str,
    name: &str,
) -> (Participant, Vec<u8>) {
    let before = console.look(|told| keys(told, lock));
    let one = place.join(kind, lock, name.into()).await;
    let (key, _) = console
        .until("one more in the queue", |told| {
            let now = keys(told, lock);
            (now.len() == before.len() + 1 && now.starts_with(&before)).then(|| now.last().cloned())?
        })
        .await;
    (one, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_of_a_killed_holder_passes_to_the_next_waiter_because_it_expired() {
    const LOCK: &str = "/participants/locks/passing";
    let promised = Duration::from_secs(TTL_SECS.unsigned_abs() + 1);
    for binary in versions() {
        let place = super::place(&binary).await;
        let console = Console::open(&place.local.endpoints());
        let (mut holder, mut held) = join(&console, &place, Kind::CtlLock, LOCK, "first").await;
        let (mut next, mut follows) = join(&console, &place, Kind::ClientLock, LOCK, "second").await;
        let mut took = Vec::new();
        for number in 0..ATTEMPTS {
            let (last, waits) =
                join(&console, &place, Kind::CtlLock, LOCK, &format!("waiter-{number}")).await;
            let killed = Instant::now();
            holder.crash(&place).await;
            console
                .until("the next waiter holds it", |told| {
                    (keys(told, LOCK) == [follows.clone(), waits.clone()]).then_some(())
                })
                .await;
            took.push(killed.elapsed());
            let begun = Instant::now();
            while next.holds().as_ref() != Some(&follows) {
                assert!(begun.elapsed() < SOON, "it is shown as the holder, but does not believe so");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let cause = |told: &Told| {
                let queue = told.picture.queues.get(LOCK.as_bytes())?;
                let past = queue.past.iter().find(|tenure| *tenure.claim.key == *held)?;
                (past.cause != EndCause::Asking).then_some(past.cause)
            };
            let (cause, _) = console.until("the cause", cause).await;
            assert_eq!(cause, EndCause::Expired);
            if took.last().is_some_and(|took| *took <= promised) {
                break;
            }
            (holder, held) = (next, follows);
            (next, follows) = (last, waits);
        }
        let best = took.iter().min().expect("an attempt");
        assert!(*best <= promised, "only after {took:?}, with a TTL of {TTL_SECS} s");
        println!(
            "etcd {}: passed on {:.1} s after the kill, TTL {TTL_SECS} s",
            binary.version,
            best.as_secs_f64()
        );
    }
}

const RING: [&str; 3] = [
    "/participants/ring/locks/orders",
    "/participants/ring/locks/stock",
    "/participants/ring/locks/payments",
];

/// An owner: one lease for all its locks.
struct Owner {
    client: Client,
    lease: i64,
}

impl Owner {
    async fn new(endpoint: &str) -> Self {
        let mut client = Client::connect([endpoint], None).await.expect("a client");
        let lease = client.lease_grant(600, None).await.expect("a lease").id();
        Self { client, lease }
    }

    /// Waits until it holds the lock.
    fn lock(&self, name: &'static str) -> JoinHandle<Vec<u8>> {
        let (mut client, options) = (self.client.clone(), LockOptions::new().with_lease(self.lease));
        tokio::spawn(async move { client.lock(name, Some(options)).await.expect("the lock").key().to_vec() })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_of_three_owners_is_marked_when_it_arises_and_unmarked_when_it_is_broken() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let console = Console::open(&local.endpoints());
        let mut took = Vec::new();
        for _ in 0..ATTEMPTS {
            took.push(deadlock(&console, local.member(0).endpoint()).await);
            if took.last().is_some_and(|(marked, unmarked)| marked.max(unmarked) <= &Duration::from_secs(1)) {
                break;
            }
        }
        let (marked, unmarked) = took.iter().min_by_key(|(one, other)| *one.max(other)).expect("an attempt");
        assert!(*marked.max(unmarked) <= Duration::from_secs(1), "marked and unmarked after {took:?}");
        println!("etcd {}: marked after {marked:?}, unmarked after {unmarked:?}", binary.version);
    }
}

/// Three owners over three locks, until one gives up. Returns how long it took until that was marked,
/// and unmarked.
async fn deadlock(console: &Console, endpoint: &str) -> (Duration, Duration) {
    let mut owners = Vec::new();
    let mut held = Vec::new();
    for lock in RING {
        let owner = Owner::new(endpoint).await;
        held.push(owner.lock(lock).await.expect("a task"));
        owners.push(owner);
    }
    let first = owners[0].lock(RING[1]);
    let second = owners[1].lock(RING[2]);
    let two_wait = |told: &Told| (told.picture.waits.waits.len() == 2).then_some(());
    console.until("two who wait", two_wait).await;
    assert!(console.look(|told| told.picture.waits.cycles.is_empty()), "a chain is no ring");

    let last = owners[2].lock(RING[0]);
    // It arises with the key of the last claim, as anyone can see it.
    let mut client = plain_client(endpoint).await;
    let claim = format!("{}/{:x}", RING[0], owners[2].lease);
    let begun = Instant::now();
    while client.get(claim.as_str(), None).await.expect("a read").kvs().is_empty() {
        assert!(begun.elapsed() < SOON, "the last claim does not come");
    }
    let ring = |told: &Told| {
        let cycle = told.picture.waits.cycles.first()?;
        let mut locks: Vec<_> = cycle.waits.iter().map(|wait| wait.lock.to_vec()).collect();
        locks.sort();
        Some((locks, told.picture.waits.cycles.len()))
    };
    let ((locks, cycles), marked) = console.until("the deadlock is marked", ring).await;
    let mut wanted = RING.map(|lock| lock.as_bytes().to_vec());
    wanted.sort();
    assert_eq!((locks, cycles), (wanted.to_vec(), 1));
    let news = |told: &Told| {
        let kind = told.picture.news.last().map(|news| news.kind.clone())?;
        matches!(&kind, NewsKind::Deadlock { owners, .. } if owners.len() == 3).then_some(())
    };
    console.until("the news of it", news).await;

    // One gives up: what it has, and what it waits for.
    last.abort();
    client.lease_revoke(owners[2].lease).await.expect("a revoked lease");
    let gone = |told: &Told| told.picture.waits.cycles.is_empty().then_some(());
    let ((), unmarked) = console.until("the deadlock is unmarked", gone).await;
    let over = |told: &Told| {
        told.picture
            .news
            .iter()
            .rev()
            .any(|news| matches!(news.kind, NewsKind::DeadlockOver { .. }))
            .then_some(())
    };
    console.until("the news of its end", over).await;
    // The others go on.
    second.await.expect("the second goes on");
    client.lease_revoke(owners[1].lease).await.expect("a revoked lease");
    first.await.expect("the first goes on");
    client.lease_revoke(owners[0].lease).await.expect("a revoked lease");
    let nothing = |told: &Told| RING.iter().all(|lock| keys(told, lock).is_empty()).then_some(());
    console.until("nobody claims anything", nothing).await;
    (marked, unmarked)
}

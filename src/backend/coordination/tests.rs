use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::model::coordination::EndCause;
use crate::model::record::{ChangeKind, KeyChange, KeyMeta};
use crate::model::status::MirrorState;

const SOON: Duration = Duration::from_secs(60);

fn keyspace(claims: &[i64]) -> Keyspace {
    let mut keyspace = Keyspace::new(b'/');
    for lease in claims {
        let meta = KeyMeta { create_revision: *lease, mod_revision: *lease, version: 1, lease: *lease };
        keyspace.put(format!("/locks/a/{lease:x}").as_bytes(), meta, Some(Arc::from(&b""[..])));
    }
    keyspace
}

fn update(claims: &[i64], changes: Vec<Revision>) -> MirrorUpdate {
    MirrorUpdate {
        state: MirrorState::Live,
        keyspace: keyspace(claims),
        applied: 10,
        changes: Arc::new(changes),
        loaded: Arc::default(),
        seen_at: 1_000,
        relisted: false,
        listed: false,
        replaced: false,
        readable: Arc::default(),
    }
}

fn listing(claims: &[i64]) -> MirrorUpdate {
    MirrorUpdate { listed: true, ..update(claims, Vec::new()) }
}

/// The claim of this lease goes.
fn release(lease: i64, revision: i64) -> Revision {
    let key = format!("/locks/a/{lease:x}").as_bytes().into();
    Revision { revision, changes: vec![KeyChange { key, kind: ChangeKind::Delete, prev: None }] }
}

fn observer() -> (Observer, mpsc::Receiver<Event>) {
    let (events, told) = mpsc::channel(64);
    let outbox = Outbox { events, woken: Arc::default(), wake: Arc::new(|_| {}) };
    (Observer::start(SessionId(1), b'/', &CoordinationSettings::default(), outbox), told)
}

fn leases(picture: &Coordination) -> Vec<i64> {
    let queue = picture.queues.get(b"/locks/a".as_slice());
    queue.map_or_else(Vec::new, |queue| queue.claims.iter().map(|claim| claim.meta.lease).collect())
}

async fn until(observer: &Observer, wanted: impl Fn(&Coordination) -> bool) {
    let mut picture = observer.picture();
    let seen = tokio::time::timeout(SOON, picture.wait_for(|picture| wanted(picture))).await;
    assert!(seen.is_ok_and(|seen| seen.is_ok()), "{:?}", leases(&observer.picture().borrow()));
}

#[tokio::test]
async fn what_the_mirror_tells_is_recognised_and_told() {
    let (observer, mut told) = observer();
    observer.see(&update(&[3, 5], Vec::new()));
    observer.see(&listing(&[3, 5]));
    until(&observer, |picture| leases(picture) == [3, 5]).await;
    observer.see(&update(&[5], vec![release(3, 11)]));
    until(&observer, |picture| leases(picture) == [5]).await;
    let key: Key = b"/locks/a/3"[..].into();
    assert_eq!(observer.picture().borrow().endings.len(), 1);
    observer.note(Note::Settled { key, revision: 11, cause: EndCause::Expired });
    until(&observer, |picture| picture.endings.is_empty()).await;
    let mut shown = Vec::new();
    while shown != [5] {
        let event = tokio::time::timeout(SOON, told.recv()).await.unwrap().unwrap();
        if let EventKind::Coordination(picture) = event.kind {
            shown = leases(&picture);
        }
    }
    // The thread ends with the last handle, and with it what it holds.
    drop(observer);
    while tokio::time::timeout(SOON, told.recv()).await.unwrap().is_some() {}
}

#[test]
fn before_a_listing_is_complete_nothing_is_recognised() {
    let mut inbox = Inbox::default();
    inbox.see(&update(&[3], vec![release(4, 9)]));
    assert!(inbox.items.is_empty());
    inbox.see(&listing(&[3]));
    assert_eq!(inbox.items.len(), 1);
    inbox.see(&update(&[3], Vec::new()));
    assert_eq!(inbox.items.len(), 1, "a new state alone is no news");
}

#[test]
fn what_waits_is_bounded_and_then_the_whole_is_looked_at() {
    let mut inbox = Inbox::default();
    inbox.see(&MirrorUpdate { replaced: true, ..listing(&[3]) });
    inbox.items.push_back(Item::Note(Note::Leases(Vec::new())));
    let many = || (0..40_000).map(|at| release(at, at)).collect();
    inbox.see(&update(&[3], many()));
    inbox.see(&update(&[4], many()));
    assert_eq!(inbox.items.len(), 4);
    inbox.see(&update(&[5], many()));
    assert_eq!(inbox.items.len(), 2, "the note, and the newest picture");
    let Some(Item::Seen(seen)) = inbox.items.back() else { panic!("no picture") };
    assert!(seen.anew && seen.replaced, "that it is another cluster is not forgotten");
    assert!(seen.keyspace.get(b"/locks/a/5").is_some());
    assert_eq!(inbox.waiting, 0);
}

#[test]
fn what_was_lost_is_looked_at_anew() {
    let mut inbox = Inbox::default();
    inbox.see(&listing(&[3]));
    inbox.items.clear();
    inbox.lost = true;
    inbox.see(&update(&[3, 5], vec![release(4, 9)]));
    assert!(matches!(inbox.items.back(), Some(Item::Seen(seen)) if seen.anew));
    inbox.see(&update(&[3, 5], vec![release(4, 10)]));
    assert!(matches!(inbox.items.back(), Some(Item::Seen(seen)) if !seen.anew));
}

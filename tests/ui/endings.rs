//! What is said once something that lives on a lease was ended, and that nothing of it stays behind.

use std::sync::Arc;

use etcdscope::model::coordination::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use etcdscope::model::dialog::{EndHow, EndSubject};
use etcdscope::model::ended::Ended;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::message::{Event, EventKind, MirrorUpdate, RequestId};
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord, Revision};
use etcdscope::model::session::{Job, JobKind, JobState};
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::model::write::{BatchReport, WriteOutcome};

use crate::support::{NOW, Scene, Setting, key, live_world, value};

const FIRST: i64 = 0x694d_0000_0000_0001;
const SECOND: i64 = 0x694d_0000_0000_0002;
const REQUEST: RequestId = RequestId(7);

fn world(how: EndHow) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    let lock = key("/locks/a");
    let mut queue = ClaimQueue::new(lock.clone(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
    for (lease, at) in [(FIRST, 900), (SECOND, 901)] {
        let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease };
        queue.claims.push(Arc::new(Claim::found(key(&format!("/locks/a/{lease:x}")), meta, None)));
    }
    session.coordination.add_queue(queue);
    let ended = Ended {
        subject: EndSubject::Claim { queue: lock, kind: ClaimKind::Lock, place: 0 },
        how,
        key: Some(key(&format!("/locks/a/{FIRST:x}"))),
        lease: FIRST,
        attached: vec![key(&format!("/locks/a/{FIRST:x}")), key("/cache/x")],
        asked_at: NOW,
        receipt: None,
    };
    let kind = JobKind::End(Box::new(ended));
    let state = JobState::Running;
    session.jobs = vec![Job { request: REQUEST, kind, done: 0, total: Some(1), state }];
    world
}

fn answered(scene: &mut Scene, kind: &EventKind) {
    scene.change(|world| {
        let session = world.sessions[0].id;
        world.apply(Event { session, request: REQUEST, kind: kind.clone() });
        // Long enough for a line of a job that stays.
        world.now += 1_000;
    });
}

#[test]
fn a_forced_release_says_what_was_done_and_leaves_no_bar() {
    let mut scene = Setting::default().play(world(EndHow::DeleteKey));
    assert!(!scene.sees("Force release"), "nothing flashes by");
    scene.change(|world| world.now += 600);
    assert!(scene.sees("Force release of the lock: /locks/a"), "what takes long is shown");
    let done = BatchReport { done: 1, total: 1, ..BatchReport::default() };
    answered(&mut scene, &EventKind::BatchDone(done));
    scene.picture("ended-release-dark");
    assert!(scene.sees("Lock released: /locks/a"));
    assert!(scene.sees("Key /locks/a/694d000000000001 is deleted."));
    assert!(scene.sees("Next holder: lease 694d000000000002"));
    assert!(!scene.sees("keys done") && !scene.sees("Force release"));
}

#[test]
fn a_revoked_lease_says_what_went_with_it() {
    let mut scene = Setting::default().light().chinese().play(world(EndHow::RevokeLease));
    let mut revision = 0;
    scene.change(|world| revision = world.sessions[0].applied + 1);
    answered(&mut scene, &EventKind::LeaseRevoked { lease: FIRST, ended: Ok(revision) });
    assert!(
        scene.sees("锁已释放：/locks/a") && scene.sees("其上的键已全部删除"),
        "no figure before it is known"
    );
    answered(&mut scene, &deleted(revision, 4));
    scene.picture("ended-revoke-zh");
    assert!(scene.sees("一并删除了 4 个键。"), "what went, not what had been seen before");
    assert!(scene.sees("下一个持有者：租约 694d000000000002"));
}

/// The mirror tells that this revision deleted so many keys of the lease, and one of another.
fn deleted(revision: i64, count: i64) -> EventKind {
    let change = |at: i64| {
        let lease = if at < count { FIRST } else { SECOND };
        let meta = KeyMeta { create_revision: 9, mod_revision: 9, version: 1, lease };
        let key = key(&format!("/gone/{at}"));
        let prev = Some(KeyRecord { key: key.clone(), meta, value: None });
        KeyChange { key, kind: ChangeKind::Delete, prev }
    };
    let changes = Revision { revision, changes: (0..=count).map(change).collect() };
    EventKind::Mirror(Box::new(MirrorUpdate {
        state: MirrorState::Live,
        keyspace: Default::default(),
        applied: revision,
        changes: Arc::new(vec![changes]),
        loaded: Arc::default(),
        seen_at: NOW,
        relisted: false,
        listed: false,
        replaced: false,
        readable: Arc::default(),
    }))
}

#[test]
fn what_was_not_done_or_is_not_known_is_said_so() {
    let report = BatchReport { total: 1, skipped: vec![key("/locks/a/x")], ..BatchReport::default() };
    let mut scene = Setting::default().play(world(EndHow::DeleteKey));
    answered(&mut scene, &EventKind::BatchDone(report));
    scene.picture("ended-left-alone");
    assert!(scene.sees("Not done: Force release of the lock, /locks/a"));
    drop(scene);
    let fault = Fault::new(FaultKind::OutcomeUnknown, "timed out");
    let mut scene = Setting::default().play(world(EndHow::RevokeLease));
    answered(&mut scene, &EventKind::LeaseRevoked { lease: FIRST, ended: Err(fault) });
    assert!(scene.sees("Not known whether it was done: Force release of the lock, /locks/a"));
    drop(scene);
    let fault = Fault::new(FaultKind::PermissionDenied, "permission denied");
    let mut scene = Setting::default().play(world(EndHow::RevokeLease));
    answered(&mut scene, &EventKind::LeaseRevoked { lease: FIRST, ended: Err(fault) });
    scene.picture("ended-denied");
    assert!(scene.sees("Not done: Force release of the lock, /locks/a"));
    assert!(scene.sees("etcd allows it only to those who may write every key on the lease"));
    assert!(!scene.sees("Force release of the lock: /locks/a"), "its line is gone, too");
}

/// Attached to a lease, or edited beside the editor: what failed is named.
#[test]
fn a_key_that_is_not_open_and_was_not_saved_is_named() {
    let mut scene = Setting::default().play(live_world());
    let fault = Fault::new(FaultKind::PermissionDenied, "permission denied");
    for (outcome, title) in [
        (WriteOutcome::NotSaved(fault.clone()), "Not saved: /services/x"),
        (WriteOutcome::Unknown(fault), "Not known whether it was saved: /services/x"),
    ] {
        let written = EventKind::Written { key: key("/services/x"), value: value("v"), outcome };
        answered(&mut scene, &written);
        assert!(scene.sees(title) && scene.sees("The user is not allowed to do this."), "{title}");
    }
}

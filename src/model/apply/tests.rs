use std::sync::Arc;

use crate::model::bytes::{Key, Value};
use crate::model::document::{Document, SaveState};
use crate::model::fault::{Fault, FaultKind};
use crate::model::keyspace::Keyspace;
use crate::model::message::{CommandKind, Event, EventKind, MirrorUpdate, RequestId, SessionId};
use crate::model::notify::Notifying;
use crate::model::profile::Profile;
use crate::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord, Revision};
use crate::model::session::Session;
use crate::model::status::MirrorState;
use crate::model::world::World;
use crate::model::write::WriteOutcome;

const ID: SessionId = SessionId(1);
const KEY: &[u8] = b"config/prod/limit";

fn bytes(text: &str) -> Value {
    Value::from(text.as_bytes())
}

fn meta(create: i64, revision: i64, version: i64) -> KeyMeta {
    KeyMeta { create_revision: create, mod_revision: revision, version, lease: 0 }
}

fn record(value: &str, meta: KeyMeta) -> KeyRecord {
    KeyRecord { key: Key::from(KEY), meta, value: Some(bytes(value)) }
}

/// A world with one connection and one open key, read as "one" at revision 5.
fn world() -> World {
    let mut world = World::default();
    let mut session = Session::new(ID, Profile { name: "test".to_owned(), ..Profile::default() });
    let mut document = Document::new(Key::from(KEY));
    document.base.answer(Ok(Some(record("one", meta(5, 5, 1)))));
    session.documents.push(document);
    world.sessions.push(session);
    world.active = Some(ID);
    world
}

fn mirror(world: &mut World, revisions: Vec<Revision>, relisted: bool) -> Vec<CommandKind> {
    let mut keyspace = Keyspace::default();
    let mut applied = 0;
    for revision in &revisions {
        applied = revision.revision;
        for change in &revision.changes {
            if let ChangeKind::Put { meta, value } = &change.kind {
                keyspace.put(&change.key, *meta, Some(value.clone()));
            }
        }
    }
    let update = MirrorUpdate {
        loaded: Arc::default(),
        state: MirrorState::Live,
        keyspace,
        applied,
        changes: Arc::new(revisions),
        seen_at: 1_000,
        relisted,
        listed: relisted,
        replaced: false,
        readable: Arc::default(),
    };
    let event = Event { session: ID, request: RequestId(0), kind: EventKind::Mirror(Box::new(update)) };
    let asked = world.apply(event).into_iter().map(|(_, kind)| kind);
    // The plans on disk are asked for once, whatever else there is.
    asked.filter(|kind| !matches!(kind, CommandKind::LoadPlans)).collect()
}

fn put(value: &str, meta: KeyMeta) -> Revision {
    let kind = ChangeKind::Put { meta, value: bytes(value) };
    Revision {
        revision: meta.mod_revision,
        changes: vec![KeyChange { key: Key::from(KEY), kind, prev: None }],
    }
}

fn delete(revision: i64) -> Revision {
    let change = KeyChange { key: Key::from(KEY), kind: ChangeKind::Delete, prev: None };
    Revision { revision, changes: vec![change] }
}

fn document(world: &World) -> &Document {
    world.active_session().unwrap().document(KEY).unwrap()
}

fn edit(world: &mut World, value: &str) {
    world.active_session_mut().unwrap().document_mut(KEY).unwrap().draft = Some(bytes(value));
}

fn saving(world: &mut World, value: &str) {
    let document = world.active_session_mut().unwrap().document_mut(KEY).unwrap();
    document.draft = Some(bytes(value));
    document.save = SaveState::Saving { request: RequestId(9), value: bytes(value) };
}

fn written(world: &mut World, value: &str, outcome: WriteOutcome) -> Vec<CommandKind> {
    let kind = EventKind::Written { key: Key::from(KEY), value: bytes(value), outcome };
    let event = Event { session: ID, request: RequestId(9), kind };
    world.apply(event).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn without_a_draft_the_document_follows() {
    let mut world = world();
    mirror(&mut world, vec![put("two", meta(5, 6, 2))], false);
    assert_eq!(document(&world).current_value(), bytes("two"));
    assert!(!document(&world).changed_elsewhere());
}

#[test]
fn a_draft_is_never_overwritten() {
    let mut world = world();
    edit(&mut world, "mine");
    mirror(&mut world, vec![put("two", meta(5, 6, 2))], false);
    assert_eq!(document(&world).current_value(), bytes("mine"));
    assert_eq!(document(&world).base_record().unwrap().meta.mod_revision, 5);
    assert!(document(&world).changed_elsewhere());
}

#[test]
fn a_deletion_is_announced_and_takes_nothing_away() {
    let mut world = world();
    mirror(&mut world, vec![delete(7)], false);
    assert_eq!(document(&world).live, Some(None));
    assert_eq!(document(&world).current_value(), bytes("one"));
}

#[test]
fn a_late_event_of_the_past_changes_nothing() {
    let mut world = world();
    mirror(&mut world, vec![put("old", meta(4, 4, 1))], false);
    assert_eq!(document(&world).current_value(), bytes("one"));
    assert!(!document(&world).changed_elsewhere());
}

#[test]
fn our_own_save_seen_before_its_answer_is_not_someone_elses() {
    let mut world = world();
    saving(&mut world, "mine");
    mirror(&mut world, vec![put("mine", meta(5, 8, 2))], false);
    let asked = written(&mut world, "mine", WriteOutcome::Saved { revision: 8 });
    let document = document(&world);
    assert!(!document.changed_elsewhere());
    assert!(!document.is_dirty());
    assert_eq!(document.base_record().unwrap().meta, meta(5, 8, 2));
    assert!(matches!(asked.as_slice(), [CommandKind::DropDraft { .. }]));
}

#[test]
fn a_change_right_after_our_save_is_kept_as_news() {
    let mut world = world();
    saving(&mut world, "mine");
    mirror(&mut world, vec![put("mine", meta(5, 8, 2)), put("theirs", meta(5, 9, 3))], false);
    written(&mut world, "mine", WriteOutcome::Saved { revision: 8 });
    let live = document(&world).live.clone().flatten().unwrap();
    assert_eq!(live.value, Some(bytes("theirs")));
}

#[test]
fn what_is_typed_while_saving_stays_a_draft() {
    let mut world = world();
    saving(&mut world, "mine");
    edit(&mut world, "mine and more");
    written(&mut world, "mine", WriteOutcome::Saved { revision: 8 });
    assert_eq!(document(&world).current_value(), bytes("mine and more"));
    assert!(document(&world).is_dirty());
}

#[test]
fn a_conflict_keeps_both_sides_and_follows_theirs() {
    let mut world = world();
    saving(&mut world, "mine");
    let theirs = record("theirs", meta(5, 6, 2));
    written(&mut world, "mine", WriteOutcome::Conflict(Some(theirs)));
    mirror(&mut world, vec![put("theirs too", meta(5, 7, 3))], false);
    let SaveState::Conflict { theirs: Some(theirs) } = &document(&world).save else {
        panic!("no conflict: {:?}", document(&world).save)
    };
    assert_eq!(theirs.value, Some(bytes("theirs too")));
    assert_eq!(document(&world).current_value(), bytes("mine"));
}

#[test]
fn an_unknown_outcome_is_settled_by_what_is_read() {
    let mut world = world();
    saving(&mut world, "mine");
    let fault = Fault::new(FaultKind::OutcomeUnknown, "cut off");
    let asked = written(&mut world, "mine", WriteOutcome::Unknown(fault));
    assert!(matches!(asked.as_slice(), [CommandKind::Read(_)]));
    let kind = EventKind::Value { key: Key::from(KEY), record: Ok(Some(record("mine", meta(5, 8, 2)))) };
    world.apply(Event { session: ID, request: RequestId(10), kind });
    assert_eq!(document(&world).save, SaveState::Saved { revision: 8 });
    assert!(!document(&world).is_dirty());
}

#[test]
fn after_a_new_listing_a_key_that_differs_is_read_again() {
    let mut world = world();
    let asked = mirror(&mut world, vec![put("other", meta(3, 3, 1))], true);
    // The event itself is of the past; what counts is that the key space now says revision 3.
    assert!(matches!(asked.as_slice(), [CommandKind::Read(_)]));
    let kind = EventKind::Value { key: Key::from(KEY), record: Ok(Some(record("other", meta(3, 3, 1)))) };
    world.apply(Event { session: ID, request: RequestId(10), kind });
    assert_eq!(document(&world).current_value(), bytes("other"));
}

#[test]
fn after_a_restored_snapshot_a_draft_becomes_a_conflict_not_a_loss() {
    let mut world = world();
    edit(&mut world, "mine");
    let kind = EventKind::Value { key: Key::from(KEY), record: Ok(Some(record("older", meta(3, 3, 1)))) };
    world.apply(Event { session: ID, request: RequestId(10), kind });
    assert_eq!(document(&world).current_value(), bytes("mine"));
    assert!(document(&world).changed_elsewhere());
}

#[test]
fn answers_to_a_closed_connection_change_nothing() {
    let mut world = world();
    let kind = EventKind::State(MirrorState::Live);
    world.apply(Event { session: SessionId(77), request: RequestId(0), kind });
    assert_eq!(world.active_session().unwrap().state, MirrorState::Connecting);
}

#[test]
fn the_lease_that_our_write_led_to_is_learnt_from_the_watch() {
    let mut world = world();
    saving(&mut world, "mine");
    written(&mut world, "mine", WriteOutcome::Saved { revision: 6 });
    assert_eq!(document(&world).newest_meta().map(|meta| meta.lease), Some(0));
    mirror(&mut world, vec![put("mine", KeyMeta { lease: 77, ..meta(5, 6, 2) })], false);
    assert_eq!(document(&world).newest_meta().map(|meta| meta.lease), Some(77));
    assert!(!document(&world).changed_elsewhere() && !document(&world).is_dirty());
}

fn value(world: &mut World, request: RequestId, record: Option<KeyRecord>) -> Vec<CommandKind> {
    let kind = EventKind::Value { key: Key::from(KEY), record: Ok(record) };
    let event = Event { session: ID, request, kind };
    world.apply(event).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn news_during_the_first_read_is_not_lost() {
    let mut world = world();
    *world.active_session_mut().unwrap().document_mut(KEY).unwrap() = Document::new(Key::from(KEY));
    mirror(&mut world, vec![put("two", meta(5, 6, 2))], false);
    value(&mut world, RequestId(0), Some(record("one", meta(5, 5, 1))));
    assert_eq!(document(&world).current_value(), bytes("two"));
}

#[test]
fn a_deletion_during_the_first_read_is_not_lost() {
    let mut world = world();
    *world.active_session_mut().unwrap().document_mut(KEY).unwrap() = Document::new(Key::from(KEY));
    mirror(&mut world, vec![delete(7)], false);
    value(&mut world, RequestId(0), Some(record("one", meta(5, 5, 1))));
    assert_eq!(document(&world).live, Some(None));
}

#[test]
fn an_answer_that_news_has_overtaken_takes_nothing_back() {
    let mut world = world();
    mirror(&mut world, vec![put("two", meta(5, 6, 2))], false);
    value(&mut world, RequestId(10), Some(record("one", meta(5, 5, 1))));
    assert_eq!(document(&world).current_value(), bytes("two"));
    assert!(!document(&world).changed_elsewhere());
}

#[test]
fn another_write_at_the_same_revision_is_a_conflict_not_a_lost_update() {
    let mut world = world();
    edit(&mut world, "mine");
    let asked = mirror(&mut world, vec![put("theirs", meta(5, 5, 1))], true);
    assert!(matches!(asked.as_slice(), [CommandKind::Read(_)]), "a restored cluster uses revisions again");
    value(&mut world, RequestId(10), Some(record("theirs", meta(5, 5, 1))));
    assert!(document(&world).changed_elsewhere());
    assert_eq!(document(&world).current_value(), bytes("mine"));
}

#[test]
fn a_key_that_a_restore_brought_back_is_not_called_deleted() {
    let mut world = world();
    mirror(&mut world, vec![delete(7)], false);
    value(&mut world, RequestId(10), Some(record("one", meta(5, 5, 1))));
    assert_eq!(document(&world).live, Some(None), "the mirror knows better");
    mirror(&mut world, vec![put("one", meta(5, 5, 1))], true);
    value(&mut world, RequestId(11), Some(record("one", meta(5, 5, 1))));
    assert!(!document(&world).changed_elsewhere());
}

#[test]
fn a_new_key_that_someone_made_and_deleted_is_gone_again() {
    let mut world = world();
    let document = world.active_session_mut().unwrap().document_mut(KEY).unwrap();
    document.base.answer(Ok(None));
    edit(&mut world, "mine");
    mirror(&mut world, vec![put("theirs", meta(8, 8, 1))], false);
    mirror(&mut world, vec![delete(9)], false);
    assert!(!self::document(&world).changed_elsewhere());
}

#[test]
fn a_draft_whose_write_was_settled_is_no_longer_kept() {
    let mut world = world();
    saving(&mut world, "mine");
    written(&mut world, "mine", WriteOutcome::Unknown(Fault::new(FaultKind::OutcomeUnknown, "cut off")));
    let asked = value(&mut world, RequestId(10), Some(record("mine", meta(5, 8, 2))));
    assert!(matches!(asked.as_slice(), [CommandKind::DropDraft { .. }]));
}

#[test]
fn what_is_typed_while_saving_is_kept_with_its_new_base() {
    let mut world = world();
    saving(&mut world, "mine");
    edit(&mut world, "mine and more");
    let asked = written(&mut world, "mine", WriteOutcome::Saved { revision: 8 });
    let [CommandKind::KeepDraft(draft)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(draft.value, bytes("mine and more"));
    assert_eq!(draft.base.as_ref().unwrap().meta.mod_revision, 8);
}

#[test]
fn open_keys_are_read_again_when_a_connection_is_in_step_again() {
    let mut world = world();
    let asked = mirror(&mut world, Vec::new(), false);
    assert!(matches!(asked.as_slice(), [CommandKind::Read(_)]), "the first listing is over");
    assert!(mirror(&mut world, Vec::new(), false).is_empty());
    let fault = Fault::new(FaultKind::TimedOut, "silence");
    let state = MirrorState::Stale { since: 0, fault, retry_at: None };
    world.active_session_mut().unwrap().state = state;
    assert!(matches!(mirror(&mut world, Vec::new(), false).as_slice(), [CommandKind::Read(_)]));
}

#[test]
fn a_deleted_key_that_a_new_listing_shows_again_is_not_among_the_deleted() {
    let mut world = world();
    let prev = Some(record("one", meta(5, 5, 1)));
    let change = KeyChange { key: Key::from(KEY), kind: ChangeKind::Delete, prev };
    mirror(&mut world, vec![Revision { revision: 7, changes: vec![change] }], false);
    assert!(world.active_session().unwrap().activity.deleted_key(KEY).is_some());
    let mut keyspace = Keyspace::default();
    keyspace.put(&Key::from(KEY), meta(9, 9, 1), None);
    let update = MirrorUpdate {
        loaded: Arc::default(),
        state: MirrorState::Live,
        keyspace,
        applied: 9,
        changes: Arc::default(),
        seen_at: 2_000,
        relisted: true,
        listed: false,
        replaced: false,
        readable: Arc::default(),
    };
    let kind = EventKind::Mirror(Box::new(update));
    world.apply(Event { session: ID, request: RequestId(0), kind });
    assert!(world.active_session().unwrap().activity.deleted_key(KEY).is_none());
}

#[test]
fn the_same_message_does_not_come_twice() {
    let mut world = world();
    let fault = || Fault::new(FaultKind::NoLeader, "etcdserver: no leader");
    world.toast_fault(fault());
    world.now = 3_000;
    world.toast_fault(fault());
    assert_eq!(world.toasts.iter().map(|toast| toast.seen_at).collect::<Vec<_>>(), vec![3_000]);
}

#[test]
fn that_the_system_shows_no_notifications_is_said_once_until_it_does_again() {
    let mut world = World::default();
    let mut told = |taken: Result<(), Fault>| {
        let kind = EventKind::Notified(taken);
        world.apply(Event { session: SessionId::default(), request: RequestId(1), kind });
        let said = std::mem::take(&mut world.toasts).len();
        (said, world.notifying.clone())
    };
    let fault = Fault::new(FaultKind::NoNotifications, "nobody answers");
    let failed = Notifying::Failed(fault.clone());
    assert_eq!(told(Err(fault.clone())), (1, failed.clone()));
    assert_eq!(told(Err(fault.clone())), (0, failed.clone()));
    assert_eq!(told(Ok(())), (0, Notifying::Taken));
    assert_eq!(told(Err(fault)), (1, failed));
}

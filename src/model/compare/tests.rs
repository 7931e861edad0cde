//! Tests of what is compared.

use super::*;
use crate::model::profile::Profile;
use crate::model::record::KeyMeta;
use crate::model::status::MirrorState;

const KEY: &[u8] = b"/a";

fn record(revision: i64, value: &[u8]) -> KeyRecord {
    let meta = KeyMeta { create_revision: 2, mod_revision: revision, version: 1, lease: 0 };
    KeyRecord { key: KEY.into(), meta, value: Some(value.into()) }
}

fn change(revision: i64, value: Option<&[u8]>) -> KeyChange {
    let kind = match value {
        Some(value) => ChangeKind::Put { meta: record(revision, value).meta, value: value.into() },
        None => ChangeKind::Delete,
    };
    KeyChange { key: KEY.into(), kind, prev: None }
}

/// Two connections; a document of the first is compared with the same key in the second.
fn world() -> World {
    let mut world = World::default();
    for id in [1, 2] {
        let mut session = Session::new(SessionId(id), Profile::default());
        session.state = MirrorState::Live;
        world.sessions.push(session);
    }
    let mut document = Document::new(KEY.into());
    document.base.answer(Ok(Some(record(5, b"base"))));
    document.draft = Some(b"draft".as_slice().into());
    document.comparison.right = Some(CompareSource::Key { session: SessionId(2), key: KEY.into() });
    world.sessions[0].documents.push(document);
    world.sessions[1].ask_compared(&KEY.into(), RequestId(7));
    world
}

fn sides(world: &World) -> [Compared; 2] {
    let session = &world.sessions[0];
    let document = &session.documents[0];
    document.comparison.sources(document).map(|source| world.compared(session, document, &source))
}

fn right(world: &World) -> Option<Vec<u8>> {
    sides(world)[1].value.clone().flatten().map(|value| value.to_vec())
}

#[test]
fn what_fits_is_compared_until_something_else_is_chosen() {
    let mut world = world();
    let document = &mut world.sessions[0].documents[0];
    assert_eq!(document.comparison.sources(document)[0], CompareSource::Live);
    document.comparison.right = None;
    assert_eq!(document.comparison.sources(document), [CompareSource::Live, CompareSource::Draft]);
    document.draft = None;
    document.live = Some(None);
    assert_eq!(document.comparison.sources(document), [CompareSource::Base, CompareSource::Live]);
    assert!(sides(&world)[1].is_absent(), "deleted is not empty");
}

#[test]
fn a_key_of_another_connection_is_read_and_followed() {
    let mut world = world();
    assert!(sides(&world)[1].is_pending && right(&world).is_none());
    let there = &mut world.sessions[1];
    there.note_compared(&change(8, Some(b"too early")), 8);
    there.apply_compared(&KEY.into(), RequestId(7), &Ok(Some(record(9, b"one"))));
    assert_eq!(right(&world).as_deref(), Some(b"one".as_slice()));
    world.sessions[1].note_compared(&change(12, Some(b"two")), 12);
    assert_eq!(right(&world).as_deref(), Some(b"two".as_slice()));
    world.sessions[1].note_compared(&change(12, Some(b"one")), 11);
    assert_eq!(right(&world).as_deref(), Some(b"two".as_slice()), "older news");
    world.sessions[1].note_compared(&change(13, None), 13);
    assert!(sides(&world)[1].is_absent());
    world.sessions[1].state = MirrorState::default();
    assert!(sides(&world)[1].is_stale, "nobody tells of changes");
    world.sessions.pop();
    assert!(sides(&world)[1].fault.is_some(), "it is closed");
}

#[test]
fn an_answer_that_comes_after_later_news_changes_nothing() {
    let mut world = world();
    let there = &mut world.sessions[1];
    there.apply_compared(&KEY.into(), RequestId(7), &Ok(Some(record(9, b"one"))));
    there.ask_compared(&KEY.into(), RequestId(8));
    there.note_compared(&change(12, None), 12);
    there.apply_compared(&KEY.into(), RequestId(8), &Ok(Some(record(9, b"one"))));
    assert!(sides(&world)[1].is_absent());
    let fault = Fault::new(FaultKind::Unavailable, "");
    world.sessions[1].ask_compared(&KEY.into(), RequestId(9));
    world.sessions[1].apply_compared(&KEY.into(), RequestId(8), &Err(fault.clone()));
    assert!(sides(&world)[1].fault.is_none(), "of an older question");
    world.sessions[1].apply_compared(&KEY.into(), RequestId(9), &Err(fault));
    assert!(sides(&world)[1].fault.is_some() && sides(&world)[1].is_absent(), "what was known stays");
}

#[test]
fn what_nothing_is_compared_with_is_forgotten() {
    let mut world = world();
    let file = |path: &str| {
        let (request, content) = (RequestId(3), Loadable::default());
        ComparedFile { path: path.into(), request, content }
    };
    let comparison = &mut world.sessions[0].documents[0].comparison;
    comparison.files = vec![file("/kept"), file("/gone")];
    comparison.left = Some(CompareSource::File("/kept".into()));
    world.sessions[1].ask_compared(&b"/other".as_slice().into(), RequestId(4));
    world.forget_compared();
    assert_eq!(world.sessions[1].compared.len(), 1);
    assert_eq!(world.sessions[0].documents[0].comparison.files.len(), 1);
    world.sessions[0].apply_file(Path::new("/kept"), RequestId(2), &Ok(b"old".as_slice().into()));
    assert!(sides(&world)[0].value.is_none(), "the answer to an older question");
    world.sessions[0].apply_file(Path::new("/kept"), RequestId(3), &Ok(b"x".as_slice().into()));
    assert_eq!(sides(&world)[0].bytes().as_deref(), Some(b"x".as_slice()));
    world.sessions[0].documents.clear();
    world.forget_compared();
    assert!(world.sessions[1].compared.is_empty());
}

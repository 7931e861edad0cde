//! An open key compared with a file and with keys of another connection, through the backend.

use etcdscope::action::Action;
use etcdscope::model::compare::{CompareSource, Compared};
use etcdscope::model::diff::Side;
use etcdscope::model::document::DocumentPage;
use etcdscope::model::message::SessionId;
use etcdscope::model::profile::Profile;
use etcdscope::model::world::World;

use super::bench::{Bench, wait};
use super::{KEY, key};

/// The side of the comparison in the first connection.
fn side(world: &World, at: usize) -> Compared {
    let session = &world.sessions[0];
    let document = session.document(KEY).unwrap();
    let sources = document.comparison.sources(document);
    world.compared(session, document, &sources[at])
}

fn bytes(world: &World, at: usize) -> Option<Vec<u8>> {
    side(world, at).value.flatten().map(|value| value.to_vec())
}

#[test]
fn a_key_is_compared_with_a_file_and_with_a_key_of_another_connection_which_is_followed() {
    let bench = Bench::start();
    bench.put(KEY, "{\"limit\":100}");
    let mut app = bench.editing("{\"limit\":250}");
    let here = app.world().active.unwrap();
    bench.connect(&mut app, Profile { name: "staging".to_owned(), ..bench.profile() });
    let there = app.world().active.unwrap();
    assert_ne!(here, there);
    app.act(Action::ShowSession(Some(here)));

    let other = key(b"config/staging/gateway/limit.json");
    let source = CompareSource::Key { session: there, key: other.clone() };
    app.act(Action::CompareWith { key: key(KEY), sources: vec![(Side::Old, source)] });
    assert_eq!(app.world().sessions[0].document(KEY).unwrap().page, DocumentPage::Diff);
    wait(&mut app, "that the key does not exist", |world| side(world, 0).is_absent());
    bench.put(&other, "one");
    wait(&mut app, "its creation", |world| bytes(world, 0).as_deref() == Some(b"one"));
    bench.put(&other, "two");
    wait(&mut app, "its change", |world| bytes(world, 0).as_deref() == Some(b"two"));
    assert_eq!(bytes(app.world(), 1).as_deref(), Some(b"{\"limit\":250}".as_slice()), "the draft stays");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("limit.json");
    std::fs::write(&path, b"\xff\0file").unwrap();
    let file = CompareSource::File(path.clone());
    app.act(Action::CompareWith { key: key(KEY), sources: vec![(Side::New, file.clone())] });
    wait(&mut app, "the file", |world| bytes(world, 1).as_deref() == Some(b"\xff\0file"));
    std::fs::remove_file(&path).unwrap();
    app.act(Action::ReadCompared { key: key(KEY), source: file });
    wait(&mut app, "that it is gone", |world| side(world, 1).fault.is_some());
    assert_eq!(bytes(app.world(), 1).as_deref(), Some(b"\xff\0file".as_slice()), "what was read stays");

    app.act(Action::SwapCompared(key(KEY)));
    assert_eq!(bytes(app.world(), 1).as_deref(), Some(b"two".as_slice()));
    app.act(Action::CloseSession(there));
    assert!(side(app.world(), 1).fault.is_some(), "its connection is closed");
    app.act(Action::CompareWith { key: key(KEY), sources: vec![(Side::New, CompareSource::Draft)] });
    let comparison = &app.world().session(SessionId(here.0)).unwrap().document(KEY).unwrap().comparison;
    assert_eq!(comparison.files.len(), 1, "it is still at the left");
    app.shutdown();
}

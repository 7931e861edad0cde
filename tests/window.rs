//! The real window under a virtual screen, on a real cluster.

#[path = "window/crowd.rs"]
mod crowd;
#[path = "window/looking.rs"]
mod looking;
#[path = "window/measure.rs"]
mod measure;
#[path = "window/peer.rs"]
mod peer;
#[path = "window/scene.rs"]
mod scene;
#[path = "window/stage.rs"]
mod stage;
#[path = "window/survive.rs"]
mod survive;
#[path = "window/traffic.rs"]
mod traffic;

use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};
use peer::{Peer, Tree};
use stage::{Screen, Window};

/// How long the window may take to start, on a machine that is busy with other tests.
const STARTED: Duration = Duration::from_secs(60);
/// How long a change may take to be seen, on such a machine. On a quiet one it is a blink.
const SEEN: Duration = Duration::from_secs(10);

/// A virtual screen; without one the test is skipped, unless everything was to be installed.
fn screen() -> Option<Screen> {
    match Screen::start() {
        Ok(screen) => Some(screen),
        Err(reason) => {
            let required = cfg!(target_os = "linux") && std::env::var_os("ETCDSCOPE_TEST_REQUIRE").is_some();
            assert!(!required, "no virtual screen: {reason}");
            eprintln!("skipped, there is no virtual screen ({reason}); `cargo xtask test` installs one");
            None
        }
    }
}

/// Whether the tree has a row with this text.
fn row(tree: &Tree, text: &str) -> bool {
    tree.shows(Role::TreeItem, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_client_wrote_appears() {
    let Some(screen) = screen() else { return };
    let cluster = LocalCluster::start(LocalClusterOptions::members(3)).await.unwrap();
    let mut other = cluster.client().await.unwrap();
    other.put("there-before", "1", None).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let endpoints = cluster.endpoints().join(",");
    let window =
        Window::open(&screen, home.path(), &["--endpoints", &endpoints, "--lang", "en", "--theme", "dark"])
            .unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();

    peer.wait_for("key that was there before", STARTED, |tree| row(tree, "there-before")).unwrap();
    assert!(!row(&peer.tree().unwrap(), "written-meanwhile"));

    other.put("written-meanwhile", "2", None).await.unwrap();
    let seen = peer.wait_for("new key", SEEN, |tree| row(tree, "written-meanwhile")).unwrap();
    eprintln!("seen after {seen:?}");

    other.delete("there-before", None).await.unwrap();
    peer.wait_for("end of the deleted key", SEEN, |tree| !row(tree, "there-before")).unwrap();

    let picture = peer.picture().unwrap();
    assert!(picture.size[0] >= 1024 && picture.size[1] >= 640, "a window of {:?}", picture.size);
    if let Some(file) = std::env::var_os("ETCDSCOPE_TEST_PICTURE") {
        std::fs::write(file, &picture.bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_edited_reviewed_and_saved_by_mouse_and_keyboard() {
    let Some(screen) = screen() else { return };
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.unwrap();
    let mut other = cluster.client().await.unwrap();
    let lease = other.lease_grant(600, None).await.unwrap().id();
    let leased = etcd_client::PutOptions::new().with_lease(lease);
    other.put("greeting", "hello", Some(leased)).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let endpoints = cluster.endpoints().join(",");
    let window = Window::open(&screen, home.path(), &["--endpoints", &endpoints, "--lang", "en"]).unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();

    peer.wait_for("key", STARTED, |tree| row(tree, "greeting") && tree.shows(Role::Label, "Live")).unwrap();
    peer.click_on(Role::TreeItem, "greeting", SEEN).unwrap();
    peer.press(Key::Enter, Modifiers::NONE).unwrap();
    let editor = Role::MultilineTextInput;
    peer.wait_for("value in the editor", SEEN, |tree| tree.shows(editor, "hello")).unwrap();
    peer.click_on(editor, "hello", SEEN).unwrap();
    peer.press(Key::A, Modifiers::COMMAND | Modifiers::CTRL).unwrap();
    peer.type_text("good morning").unwrap();
    peer.wait_for("what was typed", SEEN, |tree| tree.shows(editor, "good morning")).unwrap();

    peer.press(Key::S, Modifiers::COMMAND | Modifiers::CTRL).unwrap();
    peer.wait_for("review", SEEN, |tree| tree.shows(Role::Label, "hello")).unwrap();
    let now = other.get("greeting", None).await.unwrap();
    assert_eq!(now.kvs()[0].value(), b"hello", "nothing is written before it was reviewed");
    peer.press(Key::S, Modifiers::COMMAND | Modifiers::CTRL).unwrap();
    let deadline = std::time::Instant::now() + SEEN;
    loop {
        peer.tree().unwrap();
        let now = other.get("greeting", None).await.unwrap();
        if now.kvs()[0].value() == b"good morning" {
            assert_eq!(now.kvs()[0].lease(), lease, "the lease is kept");
            break;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "not saved; {}",
            peer.tree().unwrap().texts().join("\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_drawn_while_nothing_changes() {
    /// One percent of a processor, of the time that is watched.
    const WATCHED: Duration = Duration::from_secs(10);
    let Some(screen) = screen() else { return };
    let cluster = LocalCluster::start(LocalClusterOptions::members(1)).await.unwrap();
    let mut other = cluster.client().await.unwrap();
    other.put("there-before", "1", None).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let endpoints = cluster.endpoints().join(",");
    let window = Window::open(&screen, home.path(), &["--endpoints", &endpoints]).unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();
    peer.wait_for("key that was there before", STARTED, |tree| row(tree, "there-before")).unwrap();
    drop(peer);
    // What appeared glows for a moment; toasts go away.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let (before, drawn) = (window.processor_time().unwrap(), window.frames().len());
    assert!(drawn > 0, "the window does not count its frames");
    tokio::time::sleep(WATCHED).await;
    let used = window.processor_time().unwrap() - before;
    let drawn = window.frames().len() - drawn;
    // The cluster's status is asked for every few seconds, and what is new about it is shown.
    assert!(drawn <= 10, "{drawn} frames in {WATCHED:?} without a change");
    assert!(used <= WATCHED / 100, "{used:?} of processor time in {WATCHED:?} without a change");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_ends_when_it_is_asked_to() {
    let Some(screen) = screen() else { return };
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open(&screen, home.path(), &["--lang", "en"]).unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();
    peer.wait_for("connect screen", STARTED, |tree| !tree.texts().is_empty()).unwrap();
    window.end(Duration::from_secs(10)).unwrap();
}

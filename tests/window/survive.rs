//! The real program stopped for long, and killed: what was typed is there.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use etcdscope::demo::{LocalCluster, LocalClusterOptions};

use super::peer::Peer;
use super::stage::Window;
use super::{SEEN, STARTED, row, screen};

#[path = "../cluster/figure.rs"]
#[allow(dead_code)]
mod figure;
#[path = "../cluster/metrics.rs"]
#[allow(dead_code)]
mod metrics;

use figure::figure;

const EDITOR: Role = Role::MultilineTextInput;
const TYPED: &str = "typed at night";

/// Whether a file among the drafts holds what was typed. The program's own reader would not tell: a
/// window that lives keeps its drafts to itself.
fn is_kept(home: &Path) -> bool {
    let typed = base64::engine::general_purpose::STANDARD.encode(TYPED);
    let files = std::fs::read_dir(home.join("drafts")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).any(|text| text.contains(&typed))
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < STARTED, "not within {STARTED:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn draft_never_lost_the_program_sleeps_and_is_killed_while_a_draft_is_open() {
    let Some(screen) = screen() else { return };
    let options = LocalClusterOptions {
        extra_args: vec!["--grpc-keepalive-interval=1s".to_owned(), "--grpc-keepalive-timeout=1s".to_owned()],
        ..LocalClusterOptions::members(1)
    };
    let cluster = LocalCluster::start(options).await.unwrap();
    let mut other = cluster.client().await.unwrap();
    other.put("greeting", "hello", None).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let endpoints = cluster.endpoints().join(",");
    let arguments = ["--endpoints", &endpoints, "--lang", "en"];
    let window = Window::open(&screen, home.path(), &arguments).unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();
    peer.wait_for("key", STARTED, |tree| row(tree, "greeting") && tree.shows(Role::Label, "Live")).unwrap();
    peer.click_on(Role::TreeItem, "greeting", SEEN).unwrap();
    peer.press(Key::Enter, Modifiers::NONE).unwrap();
    peer.click_on(EDITOR, "hello", SEEN).unwrap();
    peer.press(Key::A, Modifiers::COMMAND | Modifiers::CTRL).unwrap();
    peer.type_text(TYPED).unwrap();
    peer.wait_for("what was typed", SEEN, |tree| tree.shows(EDITOR, TYPED)).unwrap();
    let kept = until("the draft on disk", async || is_kept(home.path())).await;

    // It sleeps until etcd has given its watch up; the history is gone when it wakes.
    window.signal("STOP").unwrap();
    until("the watch given up", async || metrics::watchers(&cluster.endpoints()[0]).await == 0).await;
    let written = other.put("written-meanwhile", "2", None).await.unwrap();
    let now = written.header().unwrap().revision();
    other.compact(now, None).await.unwrap();
    other.put("written-later", "3", None).await.unwrap();
    window.signal("CONT").unwrap();
    let woken = Instant::now();
    peer.wait_for("what came meanwhile", STARTED, |tree| {
        row(tree, "written-meanwhile") && row(tree, "written-later") && tree.shows(Role::Label, "Live")
    })
    .unwrap();
    figure(
        "sleep",
        format!(
            "the real window, its history compacted: live after {} ms, the draft kept",
            woken.elapsed().as_millis()
        ),
    );
    assert!(peer.tree().unwrap().shows(EDITOR, TYPED), "the draft is in the editor");

    // It is killed without a word (dropping it sends SIGKILL), and started again.
    drop(peer);
    drop(window);
    let window = Window::open(&screen, home.path(), &arguments).unwrap();
    let peer = Peer::connect(window.address, STARTED).unwrap();
    peer.wait_for("the draft", STARTED, |tree| tree.shows(EDITOR, TYPED)).unwrap();
    assert_eq!(other.get("greeting", None).await.unwrap().kvs()[0].value(), b"hello");
    figure(
        "draft-never-lost",
        format!("on disk {} ms after the last key, there again after SIGKILL", kept.as_millis()),
    );
}

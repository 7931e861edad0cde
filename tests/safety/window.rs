//! A session in the real window, with everything logged, leaves no secret behind.

#[allow(dead_code, reason = "shared with the tests of the window")]
#[path = "../window/peer.rs"]
mod peer;
#[allow(dead_code, reason = "shared with the tests of the window")]
#[path = "../window/stage.rs"]
mod stage;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use etcdscope::demo::Ports;
use peer::Peer;
use stage::Screen;

use super::secrets::{KEY, LoginCluster, PASSWORD, TOKEN, VALUE, assert_without, root};
use super::support::{SOON, contents_below, descendants, etcdscope, has};

/// How long the window may take to start, on a machine that is busy with other tests.
const STARTED: Duration = Duration::from_secs(60);
/// What is typed and saved, and what is typed and not saved.
const SAVED: &str = "the-raven-returns-at-noon";
const DRAFT: &str = "the-owl-waits-until-dusk";

/// The program, killed with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended already cannot be killed.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < SOON, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn type_into(peer: &Peer, role: Role, name: &str, text: &str) {
    peer.click_on(role, name, SOON).unwrap();
    peer.type_text(text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_with_everything_logged_leaves_no_secret() {
    let screen = match Screen::start() {
        Ok(screen) => screen,
        Err(reason) => {
            let required = std::env::var_os("ETCDSCOPE_TEST_REQUIRE").is_some();
            assert!(!required, "no virtual screen: {reason}");
            eprintln!("skipped, there is no virtual screen ({reason}); `cargo xtask test` installs one");
            return;
        }
    };
    let login = LoginCluster::start(None).await;
    let home = tempfile::tempdir().unwrap();
    let files = home.path().join("files");
    let log = home.path().join("window.log");
    let port = Ports::reserve(1).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.numbers()[0]));
    let child = etcdscope(home.path(), &["--lang", "en", "--log", "trace"])
        .env("DISPLAY", screen.display())
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .env("EGUI_INSPECTION", address.to_string())
        .env("ETCDSCOPE_HOME", &files)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut window = Running(child);
    let peer = Peer::connect(address, STARTED).unwrap();

    // The operator types all of it in, and keeps it.
    peer.wait_for("connect screen", STARTED, |tree| tree.shows(Role::TextInput, "Endpoint 1")).unwrap();
    type_into(&peer, Role::TextInput, "Name", "vault");
    type_into(&peer, Role::TextInput, "Endpoint 1", &login.cluster.endpoints()[0]);
    type_into(&peer, Role::TextInput, "User", "root");
    type_into(&peer, Role::PasswordInput, "Password", PASSWORD);
    let texts = peer.tree().unwrap().texts().join("\n");
    assert_without("what a screen reader is told", texts.as_bytes(), &[PASSWORD]);
    peer.click_on(Role::Button, "Save and connect", SOON).unwrap();
    peer.wait_for("live tree", SOON, |tree| {
        tree.shows(Role::TreeItem, KEY) && tree.shows(Role::Label, "Live")
    })
    .unwrap();

    // A secret value is opened, changed, saved and changed again.
    peer.click_on(Role::TreeItem, KEY, SOON).unwrap();
    peer.press(Key::Enter, Modifiers::NONE).unwrap();
    let editor = Role::MultilineTextInput;
    let ctrl = Modifiers::COMMAND | Modifiers::CTRL;
    peer.wait_for("value", SOON, |tree| tree.shows(editor, VALUE)).unwrap();
    let drafts = files.join("drafts");
    let kept = |text: &str| drafts.is_dir() && contents_below(&drafts).iter().any(|(_, it)| has(it, text));
    let mut before = VALUE;
    for text in [SAVED, DRAFT] {
        peer.click_on(editor, before, SOON).unwrap();
        peer.press(Key::A, ctrl).unwrap();
        peer.type_text(text).unwrap();
        peer.wait_for("what was typed", SOON, |tree| tree.shows(editor, text)).unwrap();
        until("the draft on disk", || {
            peer.tree().unwrap();
            kept(text)
        });
        if text == SAVED {
            peer.press(Key::S, ctrl).unwrap();
            peer.wait_for("review", SOON, |tree| tree.shows(Role::Label, VALUE)).unwrap();
            peer.press(Key::S, ctrl).unwrap();
            until("the end of the draft on disk", || {
                peer.tree().unwrap();
                !kept(SAVED)
            });
            let now = root(&login.cluster).await.get(KEY, None).await.unwrap();
            assert_eq!(now.kvs()[0].value(), SAVED.as_bytes());
            peer.wait_for("the editor again", SOON, |tree| tree.shows(editor, SAVED)).unwrap();
        }
        before = text;
    }
    let id = window.0.id();
    for process in descendants(id).into_iter().chain([id]) {
        for told in ["cmdline", "environ"] {
            let told = std::fs::read(format!("/proc/{process}/{told}")).unwrap_or_default();
            assert_without("a process", &told, &[PASSWORD, TOKEN, SAVED, DRAFT]);
        }
    }
    drop(peer);
    let asked = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap();
    assert!(asked.success());
    let begun = Instant::now();
    while window.0.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < SOON, "the window does not end");
        std::thread::sleep(Duration::from_millis(20));
    }

    // Nothing of it is anywhere, but for the draft, which is where drafts are, and for what the cluster
    // has, which is in the journal.
    let told = std::fs::read(&log).unwrap();
    assert!(has(&told, "DEBUG h2::"), "what is sent is not logged");
    let mut found = Vec::new();
    for (path, content) in contents_below(home.path()) {
        let name = path.display().to_string();
        assert_without(&name, &content, &[PASSWORD, TOKEN]);
        if path.starts_with(&drafts) && path.extension().is_some_and(|extension| extension == "json") {
            found.push(has(&content, DRAFT));
        } else if path.starts_with(files.join("journal")) {
            // It records what the cluster has, for its owner alone (and nothing of what a profile keeps
            // out of it, which its own tests see to); what was typed and not saved is nothing of that.
            assert_without(&name, &content, &[DRAFT]);
        } else {
            assert_without(&name, &content, &[VALUE, SAVED, DRAFT]);
        }
    }
    assert_eq!(found, [true], "the draft is kept");
}

//! What the real window costs with many keys, looked at while somebody else writes 5,000 events a
//! second. Run by `cargo xtask bench`, which loads the keys (`examples/load.rs`) and names the cluster
//! in `ETCDSCOPE_BENCH_ENDPOINTS`; whatever else is needed is written here (`scene.rs`).
//!
//! One line of JSON is printed, beginning with `{"opened_ms"`. Times are in milliseconds. From the
//! start of the program:
//!
//! - `opened_ms`: to the end of the first frame's own work; `first_frame_ms`: until that frame was
//!   with the graphics library;
//! - `first_rows_ms`, `live_ms`: to the first frame that showed keys, and the whole tree live.
//!
//! `keys`: how many there were. `rss_bytes`, `rss_peak_bytes`: resident memory in the end, and at its
//! most. `idle_cpu_percent`: of one processor, while nothing happened. `events_per_second`: what the
//! writer reached in the situations.
//!
//! A frame's own work (taking news in, drawing the views, acting on the operator) in each situation,
//! as `{"frames","p50_ms","p99_ms","max_ms","cpu_p50_ms","cpu_p99_ms","cpu_max_ms","whole_p50_ms",
//! "per_second"}`: by the clock, and (`cpu`) in processor time of the window's thread, which etcd, the
//! writer and the software drawing on the same cores do not lengthen; `whole` is the frame with its
//! triangles and what hands them to the graphics, `per_second` how many frames came about. The
//! situations:
//!
//! - `listing` (until the tree was live, no writer), `activity` (the tree and the line of changes,
//!   nobody touching anything), `scrolling` (the tree), `folder` (100,000 children opened and scrolled);
//! - `editor` (1 MiB opened and scrolled), `compare` (two versions of 1 MiB compared and scrolled),
//!   `review` (1 MiB about to be saved);
//! - `filtering` (typing into the filter), `results` (search results scrolled), `locks`, `elections`.
//!
//! `filter`: from a keystroke to the results of what was typed so far, as
//! `{"count","p50_ms","p99_ms","max_ms","drawn_p99_ms"}`: until the frame was with the graphics library,
//! and (`drawn`) until its own work was done. `filter_quiet`: the same while nobody writes.
//!
//! `latency`: from the answer to another client's write to the frame that shows it, in the same form,
//! a list for 1, 1,000 and 5,000 events a second, each with `events_per_second` as reached.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on has failed")]

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};
use etcd_client::{Client, GetOptions};

use super::looking::{Session, WITHIN, waits, work};
use super::peer::Peer;
use super::scene;
use super::stage::{Frame, Screen, Window, unix_ms};
use super::traffic::{Commit, Traffic};

/// How long the window may take to show everything.
const LIVE_WITHIN: Duration = Duration::from_secs(300);
/// Where nobody touches anything, frames are counted for so long.
const WATCHED: Duration = Duration::from_secs(6);
/// Somebody types a letter so often.
const LETTER: Duration = Duration::from_millis(180);
/// What is typed.
const TYPED: [&str; 3] = ["service-0000/setting", "setting-00500", "crowd/child-09"];
/// Events a second in the situations.
const EVENTS: u64 = 5_000;

/// How long after `at_ms` the first such frame was on screen, and its own work done.
fn shown_after(frames: &[Frame], at_ms: f64, is_it: impl Fn(&Frame) -> bool) -> Option<(f64, f64)> {
    let frame = frames.iter().find(|frame| frame.at_ms >= at_ms && is_it(frame))?;
    Some((frame.on_screen_ms()? - at_ms, frame.at_ms - at_ms))
}

/// Types, and tells how long the results of each letter took.
fn filter(session: &Session) -> (Vec<Frame>, Vec<(f64, f64)>) {
    session.press(Key::Slash);
    let mut typed = Vec::new();
    let frames = session.during(|peer| {
        for text in TYPED {
            peer.press(Key::A, Modifiers::COMMAND | Modifiers::CTRL).unwrap();
            for (length, letter) in (1..).zip(text.chars()) {
                let at_ms = unix_ms();
                typed.push((at_ms, length));
                peer.type_text(&letter.to_string()).unwrap();
                std::thread::sleep(
                    LETTER.saturating_sub(Duration::from_secs_f64((unix_ms() - at_ms) / 1_000.0)),
                );
            }
            let of_all = |frame: &Frame| frame.at_ms >= typed[0].0 && frame.found == text.len();
            session.window.wait_for_frame("what was searched for", WITHIN, of_all);
        }
    });
    // What the next letter overtakes is never shown: then the wait is that of the next result.
    let shown = typed
        .iter()
        .filter_map(|(at_ms, length)| shown_after(&frames, *at_ms, |frame| frame.found >= *length));
    (frames.clone(), shown.collect())
}

/// How long it took until the window showed each commit.
fn latency(frames: &[Frame], commits: &[Commit]) -> Vec<(f64, f64)> {
    let shown = |commit: &Commit| {
        let frame = frames.iter().find(|frame| frame.applied >= commit.revision)?;
        // A watch may be told before the writer is answered.
        Some(((frame.on_screen_ms()? - commit.at_ms).max(0.0), (frame.at_ms - commit.at_ms).max(0.0)))
    };
    commits.iter().filter_map(shown).collect()
}

/// Prints the line of JSON that is described above.
#[test]
#[ignore = "a measurement, for `cargo xtask bench`"]
fn many_keys_in_the_window() {
    let endpoints = std::env::var("ETCDSCOPE_BENCH_ENDPOINTS").expect("ETCDSCOPE_BENCH_ENDPOINTS");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let addresses: Vec<&str> = endpoints.split(',').collect();
    let (client, keys, leases) = runtime.block_on(async {
        let client = Client::connect(&addresses, None).await.unwrap();
        let counted = GetOptions::new().with_prefix().with_count_only();
        let keys = client.kv_client().get("/config/", Some(counted)).await.unwrap().count();
        let leases = scene::write(&client).await.unwrap();
        (client, u64::try_from(keys).unwrap(), leases)
    });
    let screen = Screen::start().unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut parts: Vec<String> = Vec::new();

    // Nobody asks the window for anything before it is live: whoever asks makes it draw.
    let window = Window::open(&screen, home.path(), &["--endpoints", &endpoints, "--lang", "en"]).unwrap();
    let since_start = |frame: &Frame| frame.at_ms - window.started_ms;
    let live = window.wait_for_frame("the live tree", LIVE_WITHIN, |frame| frame.live);
    let first_rows = window.wait_for_frame("rows", LIVE_WITHIN, |frame| frame.keys > 0);
    let listing: Vec<Frame> = window.frames().into_iter().filter(|frame| !frame.live).collect();
    let first_frame = listing[0].on_screen_ms().unwrap() - window.started_ms;
    parts.push(format!(
        "{{\"opened_ms\":{:.0},\"first_frame_ms\":{first_frame:.0},\"first_rows_ms\":{:.0},\"live_ms\":{:.0},\
         \"keys\":{},\"listing\":{}",
        since_start(&listing[0]),
        since_start(&first_rows),
        since_start(&live),
        live.keys,
        work(&listing)
    ));

    let peer = Peer::connect(window.address, WITHIN).unwrap();
    let session = Session { window, peer };
    parts.push(format!("\"idle_cpu_percent\":{:.2}", idle(&session)));
    let (_, found) = filter(&session);
    parts.push(format!("\"filter_quiet\":{{{}}}", waits(&found)));
    // Empties the filter, then gives the keyboard back.
    session.press(Key::Escape);
    session.press(Key::Escape);

    // Down to the settings of a service: all services and its settings are rows now.
    let top = session.click(Role::TreeItem, "/config/");
    for _ in 0..5 {
        session.press(Key::ArrowRight);
    }
    session.wait_for(Role::TreeItem, "/setting-00001");
    let rates: Vec<String> = [1, 1_000, EVENTS]
        .map(|rate| {
            let traffic = Traffic::start(runtime.handle(), &client, rate, keys, &leases);
            // The first second is for getting into step.
            std::thread::sleep(Duration::from_secs(1));
            let before = traffic.commits().len();
            let frames = session.during(|_| std::thread::sleep(WATCHED));
            let commits = traffic.commits().split_off(before);
            if rate == EVENTS {
                parts.push(format!("\"activity\":{}", work(&frames)));
            }
            let waits = waits(&latency(&frames, &commits));
            format!("{{\"events_per_second\":{:.0},{waits}}}", traffic.rate())
        })
        .into();
    parts.push(format!("\"latency\":[{}]", rates.join(",")));

    let traffic = Traffic::start(runtime.handle(), &client, EVENTS, keys, &leases);
    situations(&session, top + egui::vec2(0.0, 240.0), &mut parts);
    parts.push(format!("\"events_per_second\":{:.0}", traffic.rate()));
    drop(traffic);
    let [resident, peak] = session.window.memory_bytes().unwrap();
    parts.push(format!("\"rss_bytes\":{resident},\"rss_peak_bytes\":{peak}}}"));
    println!("{}", parts.join(","));
}

/// Processor time while nothing happens, in percent of one processor.
fn idle(session: &Session) -> f64 {
    // What appeared glows for a moment; toasts go away.
    std::thread::sleep(Duration::from_secs(4));
    let (before, start) = (session.window.processor_time().unwrap(), Instant::now());
    std::thread::sleep(WATCHED);
    let used = session.window.processor_time().unwrap() - before;
    used.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0
}

/// Goes through what an operator does; `tree` is a place in the middle of the tree.
fn situations(session: &Session, tree: Pos2, parts: &mut Vec<String>) {
    let mut add = |name: &str, frames: &[Frame]| parts.push(format!("\"{name}\":{}", work(frames)));
    let picture = |name: &str| {
        if let Some(folder) = std::env::var_os("ETCDSCOPE_TEST_PICTURES") {
            let file = std::path::Path::new(&folder).join(format!("{name}.png"));
            std::fs::write(file, session.peer.picture().unwrap().bytes).unwrap();
        }
    };
    add("scrolling", &session.during(|_| session.scroll(tree)));
    picture("scrolling");

    session.to_the_end(scene::FOLDER);
    let folder = session.during(|_| {
        session.click(Role::TreeItem, scene::FOLDER);
        session.scroll(tree);
    });
    picture("folder");
    add("folder", &folder);

    session.to_the_end("/large/");
    session.click(Role::TreeItem, "/large/");
    session.to_the_end(scene::LARGE);
    let mut middle = Pos2::ZERO;
    let editor = session.during(|_| {
        session.click(Role::TreeItem, scene::LARGE);
        middle = session.wait_for(Role::Tab, "History") + egui::vec2(120.0, 300.0);
        session.scroll(middle);
    });
    picture("editor");
    add("editor", &editor);

    let compare = session.during(|_| {
        session.click(Role::Tab, "History");
        session.click(Role::ListItem, "version 4");
        session.wait_for(Role::Button, "Unchanged");
        session.scroll(middle);
    });
    picture("compare");
    add("compare", &compare);

    let review = session.during(|_| {
        session.click(Role::Button, "Restore");
        session.wait_for(Role::Button, "Unchanged");
        session.scroll(middle);
    });
    picture("review");
    add("review", &review);

    let (filtering, found) = filter(session);
    add("filtering", &filtering);
    add("results", &session.during(|_| session.scroll(tree)));
    picture("results");
    for (name, screen) in [("locks", "Locks"), ("elections", "Elections")] {
        let frames = session.during(|_| {
            session.click(Role::Tab, screen);
            std::thread::sleep(WATCHED / 2);
            session.scroll(tree + egui::vec2(100.0, 0.0));
        });
        picture(name);
        add(name, &frames);
    }
    parts.push(format!("\"filter\":{{{}}}", waits(&found)));
}

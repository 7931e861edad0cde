//! What the real window costs with many keys. Run by `cargo xtask bench mirror`, which loads them.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};

use super::peer::Peer;
use super::stage::{Screen, Window};

/// How long the window may take to show everything.
const LIVE_WITHIN: Duration = Duration::from_secs(300);
/// Frames of scrolling.
const SCROLLED: usize = 300;
/// How long one letter of the filter is given to be searched for.
const LETTER: Duration = Duration::from_millis(400);

/// Frames' own work, in milliseconds, ascending.
struct Work(Vec<f64>);

impl Work {
    fn new(mut millis: Vec<f64>) -> Self {
        millis.sort_by(f64::total_cmp);
        Self(millis)
    }

    /// The work that this share of the frames does not exceed.
    fn quantile(&self, share: f64) -> f64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((self.0.len() as f64 * share).ceil() as usize).saturating_sub(1);
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }

    fn json(&self) -> String {
        let [half, most, all] = [0.5, 0.99, 1.0].map(|share| self.quantile(share));
        format!(
            "{{\"frames\":{},\"p50_ms\":{half:.2},\"p99_ms\":{most:.2},\"max_ms\":{all:.2}}}",
            self.0.len()
        )
    }
}

/// Prints a line of JSON: times to the first rows and to the whole tree, memory, and the own work
/// of frames while scrolling and filtering.
#[test]
#[ignore = "a measurement, for `cargo xtask bench mirror`"]
fn many_keys_in_the_window() {
    let endpoints = std::env::var("ETCDSCOPE_BENCH_ENDPOINTS").expect("ETCDSCOPE_BENCH_ENDPOINTS");
    let screen = Screen::start().unwrap();
    let home = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let window = Window::open(&screen, home.path(), &["--endpoints", &endpoints, "--lang", "en"]).unwrap();
    let peer = Peer::connect(window.address, LIVE_WITHIN).unwrap();
    let opened = start.elapsed();
    peer.wait_for("first row", LIVE_WITHIN, |tree| tree.shows(Role::TreeItem, "/")).unwrap();
    let first_rows = start.elapsed();
    peer.wait_for("live tree", LIVE_WITHIN, |tree| tree.shows(Role::Label, "Live")).unwrap();
    let live = start.elapsed();

    // Down to the settings of a service: all services and its settings are rows now.
    peer.click_on(Role::TreeItem, "/", LIVE_WITHIN).unwrap();
    let top = peer.tree().unwrap().place_of(Role::TreeItem, "/").unwrap();
    for _ in 0..8 {
        peer.press(Key::ArrowRight, Modifiers::NONE).unwrap();
        peer.press(Key::ArrowDown, Modifiers::NONE).unwrap();
    }
    if let Some(file) = std::env::var_os("ETCDSCOPE_TEST_PICTURE") {
        std::fs::write(file, peer.picture().unwrap().bytes).unwrap();
    }
    let middle = top + egui::vec2(0.0, 240.0);
    let scrolling = work(&window, || scroll(&peer, middle).unwrap());

    peer.press(Key::Slash, Modifiers::NONE).unwrap();
    let filtering = work(&window, || {
        for letter in "service-0000/setting".chars() {
            peer.type_text(&letter.to_string()).unwrap();
            let typed = Instant::now();
            while typed.elapsed() < LETTER {
                peer.tree().unwrap();
                std::thread::sleep(Duration::from_millis(16));
            }
        }
    });
    peer.wait_for("what was searched for", Duration::from_secs(5), |tree| {
        tree.shows(Role::ListBoxOption, "service-0000")
    })
    .unwrap();
    let results = work(&window, || scroll(&peer, middle).unwrap());

    let [resident, peak] = window.memory_bytes().unwrap();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{{\"opened_ms\":{:.0},\"first_rows_ms\":{:.0},\"live_ms\":{:.0},\"rss_bytes\":{resident},\
         \"rss_peak_bytes\":{peak},\"scrolling\":{},\"filtering\":{},\"results\":{}}}",
        millis(opened),
        millis(first_rows),
        millis(live),
        scrolling.json(),
        filtering.json(),
        results.json()
    );
}

/// The own work of the frames drawn during this.
fn work(window: &Window, during: impl FnOnce()) -> Work {
    let before = window.frame_work().len();
    during();
    Work::new(window.frame_work().split_off(before))
}

fn scroll(peer: &Peer, at: Pos2) -> std::io::Result<()> {
    for step in 0..SCROLLED {
        let down = if step < SCROLLED / 2 { 400.0 } else { -400.0 };
        peer.scroll(at, down)?;
    }
    Ok(())
}

//! Looking at the window: what an operator does with mouse and keyboard, and what its frames cost
//! meanwhile.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on has failed")]

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};

use super::peer::Peer;
use super::stage::{Frame, Window};

/// How long anything may take on screen.
pub const WITHIN: Duration = Duration::from_secs(20);
/// Frames of scrolling.
const SCROLLED: usize = 240;

/// Numbers, ascending.
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn new(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    /// The number that this share of them does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((self.0.len() as f64 * share).ceil() as usize).saturating_sub(1);
        // JSON knows no NaN; a figure that is missing must not pass for a good one.
        self.0.get(index).copied().unwrap_or(-1.0)
    }
}

/// The own work of frames, as JSON.
pub fn work(frames: &[Frame]) -> String {
    let own = Figures::new(frames.iter().map(|frame| frame.work_ms));
    let whole = Figures::new(frames.iter().filter_map(|frame| frame.whole_ms));
    let processor = Figures::new(frames.iter().map(|frame| frame.processor_ms));
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| own.quantile(share));
    let seconds = match frames {
        [first, .., last] => (last.at_ms - first.at_ms) / 1_000.0,
        _ => 0.0,
    };
    format!(
        "{{\"frames\":{},\"p50_ms\":{half:.2},\"p99_ms\":{most:.2},\"max_ms\":{all:.2},\
         \"cpu_p50_ms\":{:.2},\"cpu_p99_ms\":{:.2},\"cpu_max_ms\":{:.2},\
         \"whole_p50_ms\":{:.2},\"per_second\":{:.1}}}",
        frames.len(),
        processor.quantile(0.5),
        processor.quantile(0.99),
        processor.quantile(1.0),
        whole.quantile(0.5),
        frames.len() as f64 / seconds.max(0.001)
    )
}

/// From something to the frame that shows it, as the members of a JSON object.
pub fn waits(waits: &[(f64, f64)]) -> String {
    let on_screen = Figures::new(waits.iter().map(|(on_screen, _)| *on_screen));
    let drawn = Figures::new(waits.iter().map(|(_, drawn)| *drawn));
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| on_screen.quantile(share));
    format!(
        "\"count\":{},\"p50_ms\":{half:.1},\"p99_ms\":{most:.1},\"max_ms\":{all:.1},\
         \"drawn_p99_ms\":{:.1}",
        waits.len(),
        drawn.quantile(0.99)
    )
}

/// The window, being looked at.
pub struct Session {
    pub window: Window,
    pub peer: Peer,
}

impl Session {
    /// The frames drawn during this.
    pub fn during(&self, what: impl FnOnce(&Peer)) -> Vec<Frame> {
        let before = self.window.frames().len();
        what(&self.peer);
        self.window.frames().split_off(before)
    }

    pub fn press(&self, key: Key) {
        self.peer.press(key, Modifiers::NONE).unwrap();
    }

    /// Goes to the end of the tree, where this row is. What the wheel was turned last may still be moving
    /// the tree the other way: then once more.
    pub fn to_the_end(&self, row: &str) {
        const SOON: Duration = Duration::from_secs(2);
        let start = Instant::now();
        loop {
            self.press(Key::End);
            match self.peer.wait_for(row, SOON, |tree| tree.shows(Role::TreeItem, row)) {
                Ok(_) => return,
                Err(error) => assert!(start.elapsed() < WITHIN, "{error}"),
            }
        }
    }

    pub fn click(&self, role: Role, text: &str) -> Pos2 {
        self.peer.click_on(role, text, WITHIN).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn wait_for(&self, role: Role, text: &str) -> Pos2 {
        self.peer.wait_for(text, WITHIN, |tree| tree.shows(role, text)).unwrap();
        self.peer.tree().unwrap().place_of(role, text).unwrap()
    }

    pub fn scroll(&self, at: Pos2) {
        for step in 0..SCROLLED {
            let down = if step < SCROLLED / 2 { 400.0 } else { -400.0 };
            self.peer.scroll(at, down).unwrap();
        }
    }
}

//! Which stretches of keys are read by which request.
//!
//! A Range counts all keys up to its end, whatever its limit, so a request for the next page of a
//! large key space costs its size each time. To find the ends of smaller stretches by counting costs
//! as well. So ends are guessed from what has been read ([`super::guess`]), and each guess is read at
//! once: a stretch with more keys than a request may bring is read from its beginning, and tells how
//! many are left; one with none tells that the keys lie further on. Whatever is guessed, the
//! stretches lie side by side, and every key is in one of them.

use std::collections::VecDeque;

use super::guess;
use crate::model::page::KeyPage;

/// So many pages may wait for one before them.
const MOST_WAITING: usize = 6;
/// So many samples of what was read are kept.
const SAMPLES: usize = 48;
/// A few keys say little about many: no guess goes so many times farther than what was read.
const MOST_FARTHER: f64 = 20.0;
/// After so many empty stretches in a row the rest is read from its beginning, whatever it counts.
const MOST_EMPTY: u32 = 64;

/// How much to read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// A stretch should have so many keys.
    pub target: u64,
    /// A stretch with at most so many keys is not cut.
    pub whole: u64,
}

/// A stretch of keys to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Names it in [`Windows::answer`].
    pub id: u64,
    /// From here on (inclusive).
    pub start: Vec<u8>,
    /// Up to here (exclusive); `None`: open.
    pub end: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Window {
    stretch: Stretch,
    state: State,
    /// It has at most so many keys; `None`: nobody knows.
    most: Option<u64>,
    /// The window that it was cut off.
    rest: Option<u64>,
    /// Stretches found empty just before it.
    empty: u32,
}

#[derive(Debug)]
enum State {
    Waiting,
    Asked,
    Read(KeyPage),
}

/// All that is still to be read, asked for, or read and not yet taken, in key order.
#[derive(Debug, Default)]
pub(super) struct Windows {
    windows: VecDeque<Window>,
    last_id: u64,
    /// Keys that were read, with the number of keys before them.
    samples: VecDeque<(Vec<u8>, u64)>,
    taken: u64,
}

impl Windows {
    /// Adds a stretch behind all others, with so many keys.
    pub(super) fn push(&mut self, start: Vec<u8>, end: Option<Vec<u8>>, keys: u64) {
        if keys > 0 {
            let window = self.window(start, end, Some(keys), None);
            self.windows.push_back(window);
        }
    }

    fn window(
        &mut self,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        most: Option<u64>,
        rest: Option<u64>,
    ) -> Window {
        self.last_id += 1;
        let stretch = Stretch { id: self.last_id, start, end };
        Window { stretch, state: State::Waiting, most, rest, empty: 0 }
    }

    /// Learns from keys that were read, in order behind those learnt from before.
    pub(super) fn learn(&mut self, page: &KeyPage, sizes: Sizes) {
        let step = usize::try_from(sizes.target / 8).unwrap_or(usize::MAX).max(1);
        let places = (0..page.len()).step_by(step).chain(page.len().checked_sub(1));
        for at in places {
            if let Some(it) = page.get(at) {
                self.samples.push_back((it.key.to_vec(), self.taken + at as u64));
            }
        }
        self.taken += page.len() as u64;
        while self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
    }

    /// The next stretch to ask for; `None`: nothing now.
    pub(super) fn next(&mut self, sizes: Sizes) -> Option<Stretch> {
        let read = self.windows.iter().filter(|it| matches!(it.state, State::Read(_))).count();
        let at = self.windows.iter().position(|it| matches!(it.state, State::Waiting))?;
        if at > 0 && read >= MOST_WAITING {
            return None;
        }
        let window = &self.windows[at];
        if window.empty > 0 && self.is_asked_before(window.stretch.id) {
            // Only the answer tells how far away the next keys are.
            return None;
        }
        let cut = window.most.filter(|most| *most > sizes.whole).and_then(|_| self.cut(window, sizes));
        match cut {
            None => {
                let window = &mut self.windows[at];
                window.state = State::Asked;
                Some(window.stretch.clone())
            }
            Some(end) => {
                let rest = &mut self.windows[at].stretch;
                let start = std::mem::replace(&mut rest.start, end.clone());
                let rest = rest.id;
                let mut window = self.window(start, Some(end), None, Some(rest));
                window.state = State::Asked;
                let stretch = window.stretch.clone();
                self.windows.insert(at, window);
                Some(stretch)
            }
        }
    }

    /// Whether something that was cut off this window has not been answered.
    fn is_asked_before(&self, rest: u64) -> bool {
        self.windows.iter().any(|it| it.rest == Some(rest) && matches!(it.state, State::Asked))
    }

    /// Where to cut a window that is too large; `None`: not at all.
    fn cut(&self, window: &Window, sizes: Sizes) -> Option<Vec<u8>> {
        if window.empty > MOST_EMPTY {
            return None;
        }
        let start = &window.stretch.start;
        let outwards = || guess::outwards(start, 1 + window.empty as usize / 8);
        let cut = if window.empty > 0 { outwards() } else { self.guess(start, sizes).or_else(outwards) };
        // A single zero byte means "open" where a range ends.
        cut.filter(|cut| {
            cut > start && **cut != [0] && window.stretch.end.as_ref().is_none_or(|end| cut < end)
        })
    }

    fn guess(&self, start: &[u8], sizes: Sizes) -> Option<Vec<u8>> {
        let (last, until) = self.samples.back()?;
        let far_enough = |sample: &&(Vec<u8>, u64)| sample.1 + sizes.target <= *until;
        let (back, from) = self.samples.iter().rev().find(far_enough).or(self.samples.front())?;
        let keys = until.checked_sub(*from).filter(|keys| *keys > 0)?;
        #[allow(clippy::cast_precision_loss, reason = "a guess")]
        let factor = sizes.target as f64 / keys as f64;
        guess::further(start, back, last, factor.min(MOST_FARTHER))
    }

    /// What was read of a stretch: its first keys, and how many it has altogether.
    pub(super) fn answer(&mut self, id: u64, page: KeyPage, count: u64) {
        let Some(at) = self.windows.iter().position(|it| it.stretch.id == id) else { return };
        let window = &mut self.windows[at];
        let left = count.saturating_sub(page.len() as u64);
        let behind = page.last().map(|last| successor(last.key));
        let end = window.stretch.end.clone();
        let rest = window.rest;
        window.state = State::Read(page);
        if let Some(start) = behind.filter(|_| left > 0) {
            let remainder = self.window(start, end, Some(left), None);
            self.windows.insert(at + 1, remainder);
        }
        if let Some(rest) = rest.and_then(|rest| self.windows.iter_mut().find(|it| it.stretch.id == rest)) {
            rest.empty = if count == 0 { rest.empty + 1 } else { 0 };
            rest.most = rest.most.map(|most| most.saturating_sub(count));
        }
        // Nothing is left of what is empty, or is known to be.
        self.windows.retain(|it| match &it.state {
            State::Waiting => it.most != Some(0),
            State::Asked => true,
            State::Read(page) => !page.is_empty(),
        });
    }

    /// Whether the next page in order is here.
    pub(super) fn has_page(&self) -> bool {
        matches!(self.windows.front(), Some(Window { state: State::Read(_), .. }))
    }

    /// The next page in order.
    pub(super) fn take_page(&mut self, sizes: Sizes) -> Option<KeyPage> {
        if !self.has_page() {
            return None;
        }
        let Some(Window { state: State::Read(page), .. }) = self.windows.pop_front() else { return None };
        self.learn(&page, sizes);
        Some(page)
    }

    /// Whether everything has been read and taken.
    pub(super) fn is_done(&self) -> bool {
        self.windows.is_empty()
    }
}

/// The smallest key behind this one.
pub(super) fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

#[cfg(test)]
mod tests;

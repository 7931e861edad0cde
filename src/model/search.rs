//! Searching the whole key space, off the window's thread.

mod fuzzy;
mod needle;
mod slices;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

use super::bytes::Key;
use super::keyspace::{KeyView, Keyspace};
use needle::Needle;

/// How the words of a search are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SearchMode {
    /// The text is a part of the key (case does not matter unless the text has a capital letter).
    #[default]
    Substring,
    /// The letters occur in this order; the best matches come first.
    Fuzzy,
    /// The text is a part of a loaded value.
    Values,
}

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// What was typed.
    pub text: String,
    /// How it is matched.
    pub mode: SearchMode,
}

/// A key found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    /// The key.
    pub key: Key,
    /// Matching byte ranges of the key (of the value in [`SearchMode::Values`]: empty).
    pub ranges: Vec<(u32, u32)>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// The search.
    pub query: SearchQuery,
    /// The hits: in key order, or the best first for [`SearchMode::Fuzzy`]; at most
    /// [`MAX_HITS`].
    pub hits: Vec<SearchHit>,
    /// Number of all hits.
    pub total: u64,
    /// Keys whose value is not loaded, so that [`SearchMode::Values`] could not look into it.
    pub values_missing: u64,
}

/// More hits than this are counted, but not listed.
pub const MAX_HITS: usize = 20_000;

/// How many keys are looked at between two questions whether the search is still wanted.
const KEYS_A_TURN: usize = 4_096;
/// The same in bytes of values.
const BYTES_A_TURN: usize = 4 << 20;

/// Searches a picture of the key space, on a few threads where there are many keys. `None`:
/// `cancelled` said so, which is asked every few thousand keys. An empty text finds nothing.
#[must_use]
pub fn search(
    keyspace: &Keyspace,
    query: &SearchQuery,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<SearchResult> {
    let found = match query.mode {
        _ if query.text.is_empty() => Found::default(),
        SearchMode::Fuzzy => fuzzy::search(keyspace, &query.text, cancelled)?,
        SearchMode::Substring => in_order(keyspace, &query.text, cancelled, &in_key)?,
        SearchMode::Values => in_order(keyspace, &query.text, cancelled, &in_value)?,
    };
    let Found { mut hits, total, values_missing } = found;
    if query.mode == SearchMode::Substring {
        let mut needles = Needle::all_of(&query.text);
        for hit in &mut hits {
            let found = needles.iter_mut().find_map(|it| it.is_in(&hit.key).then_some(it));
            hit.ranges = found.map(|needle| needle.ranges(&hit.key)).unwrap_or_default();
        }
    }
    Some(SearchResult { query: query.clone(), hits, total, values_missing })
}

/// What was found among some keys.
#[derive(Default)]
struct Found {
    hits: Vec<SearchHit>,
    total: u64,
    values_missing: u64,
}

/// Looks at one key: `None`: there is nothing to look at; otherwise whether it is a hit.
type Look = dyn Fn(&mut [Needle], &[u8], KeyView<'_>) -> Option<bool> + Sync;

fn in_key(needles: &mut [Needle], key: &[u8], _view: KeyView<'_>) -> Option<bool> {
    Some(needles.iter_mut().any(|needle| needle.is_in(key)))
}

fn in_value(needles: &mut [Needle], _key: &[u8], view: KeyView<'_>) -> Option<bool> {
    view.value.map(|value| needles.iter_mut().any(|needle| needle.is_in(value)))
}

/// Finds hits in key order.
fn in_order(
    keyspace: &Keyspace,
    text: &str,
    cancelled: &(dyn Fn() -> bool + Sync),
    look: &Look,
) -> Option<Found> {
    // Hits of the slices that are done, by their first place: those behind enough need only count.
    let listed: Mutex<BTreeMap<u64, usize>> = Mutex::default();
    let parts = slices::in_slices(keyspace, &|places| {
        let first = places.start;
        let before: usize = {
            let listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
            listed.range(..first).map(|(_, hits)| hits).sum()
        };
        let room = MAX_HITS.saturating_sub(before);
        let found = in_slice(keyspace, places, &mut Needle::all_of(text), cancelled, look, room)?;
        listed.lock().unwrap_or_else(PoisonError::into_inner).insert(first, found.hits.len());
        Some(found)
    })?;
    let mut all = Found::default();
    for found in parts {
        let room = MAX_HITS - all.hits.len();
        all.hits.extend(found.hits.into_iter().take(room));
        all.total += found.total;
        all.values_missing += found.values_missing;
    }
    Some(all)
}

fn in_slice(
    keyspace: &Keyspace,
    places: Range<u64>,
    needles: &mut [Needle],
    cancelled: &dyn Fn() -> bool,
    look: &Look,
    room: usize,
) -> Option<Found> {
    let mut turn = Turn::new(cancelled);
    let mut found = Found::default();
    let flow = keyspace.for_each_between(places, &mut |key, view| {
        turn.take(view.value.map_or(0, |value| value.len()))?;
        match look(needles, key, view) {
            Some(true) => {
                found.total += 1;
                if found.hits.len() < room {
                    found.hits.push(SearchHit { key: key.into(), ranges: Vec::new() });
                }
            }
            Some(false) => {}
            None => found.values_missing += 1,
        }
        ControlFlow::Continue(())
    });
    flow.is_continue().then_some(found)
}

/// Asks now and then whether the search is still wanted.
struct Turn<'c> {
    cancelled: &'c dyn Fn() -> bool,
    keys: usize,
    bytes: usize,
}

impl<'c> Turn<'c> {
    fn new(cancelled: &'c dyn Fn() -> bool) -> Self {
        Self { cancelled, keys: 0, bytes: 0 }
    }

    /// One more key with so many bytes to look at; breaks when the search is cancelled.
    fn take(&mut self, bytes: usize) -> ControlFlow<()> {
        if self.keys == 0 || self.bytes > BYTES_A_TURN {
            (self.keys, self.bytes) = (KEYS_A_TURN, 0);
            if (self.cancelled)() {
                return ControlFlow::Break(());
            }
        }
        self.keys -= 1;
        self.bytes += bytes;
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;

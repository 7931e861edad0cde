//! Searching the whole key space, off the window's thread.

mod fuzzy;
mod needle;

use std::ops::ControlFlow;

use super::bytes::Key;
use super::keyspace::Keyspace;
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

/// Searches a picture of the key space. `None`: `cancelled` said so, which is asked every few
/// thousand keys. An empty text finds nothing.
#[must_use]
pub fn search(
    keyspace: &Keyspace,
    query: &SearchQuery,
    cancelled: &dyn Fn() -> bool,
) -> Option<SearchResult> {
    let mut result = SearchResult { query: query.clone(), ..SearchResult::default() };
    let turn = &mut Turn::new(cancelled);
    let flow = match query.mode {
        _ if query.text.is_empty() => ControlFlow::Continue(()),
        SearchMode::Substring => search_keys(keyspace, &mut result, turn),
        SearchMode::Values => search_values(keyspace, &mut result, turn),
        SearchMode::Fuzzy => fuzzy::search(keyspace, &mut result, turn),
    };
    flow.is_continue().then_some(result)
}

fn search_keys(keyspace: &Keyspace, result: &mut SearchResult, turn: &mut Turn<'_>) -> ControlFlow<()> {
    let mut needles = Needle::all_of(&result.query.text);
    keyspace.for_each(&mut |key, _| {
        turn.take(0)?;
        if let Some(needle) = needles.iter_mut().find_map(|needle| needle.is_in(key).then_some(needle)) {
            result.total += 1;
            if result.hits.len() < MAX_HITS {
                result.hits.push(SearchHit { key: key.into(), ranges: needle.ranges(key) });
            }
        }
        ControlFlow::Continue(())
    })
}

fn search_values(keyspace: &Keyspace, result: &mut SearchResult, turn: &mut Turn<'_>) -> ControlFlow<()> {
    let mut needles = Needle::all_of(&result.query.text);
    keyspace.for_each(&mut |key, view| {
        let Some(value) = view.value else {
            result.values_missing += 1;
            return turn.take(0);
        };
        turn.take(value.len())?;
        if needles.iter_mut().any(|needle| needle.is_in(value)) {
            result.total += 1;
            if result.hits.len() < MAX_HITS {
                result.hits.push(SearchHit { key: key.into(), ranges: Vec::new() });
            }
        }
        ControlFlow::Continue(())
    })
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

//! Searching the whole key space, off the window's thread.

use super::bytes::Key;

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

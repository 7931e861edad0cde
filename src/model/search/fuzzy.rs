//! Fuzzy search: the letters of each word occur in this order; the best matches come first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{MAX_HITS, SearchHit, SearchResult, Turn};
use crate::model::bytes::Key;
use crate::model::keyspace::Keyspace;

/// A hit while it may still be overtaken. Better ones are greater: a higher score, a shorter key,
/// an earlier place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    score: u32,
    length: Reverse<usize>,
    place: Reverse<u64>,
    key: Key,
}

/// Adds the best hits to the result; all words must match.
pub(super) fn search(keyspace: &Keyspace, result: &mut SearchResult, turn: &mut Turn<'_>) -> ControlFlow<()> {
    let mut atoms: Vec<Atom> = result
        .query
        .text
        .split_whitespace()
        .map(|word| Atom::new(word, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy, false))
        .collect();
    if atoms.is_empty() {
        return ControlFlow::Continue(());
    }
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let mut text = Text::default();
    let mut best: BinaryHeap<Reverse<Ranked>> = BinaryHeap::new();
    keyspace.for_each(&mut |key, _| {
        turn.take(0)?;
        let hay = text.of(key);
        let mut score = 0;
        for at in 0..atoms.len() {
            match atoms[at].score(hay, &mut matcher) {
                Some(points) => score += u32::from(points),
                None => {
                    // The word that rules most keys out comes to be tried first.
                    atoms[..=at].rotate_right(1);
                    return ControlFlow::Continue(());
                }
            }
        }
        result.total += 1;
        let rank = (score, Reverse(key.len()), Reverse(result.total));
        let full = best.len() >= MAX_HITS;
        if full && best.peek().is_some_and(|Reverse(worst)| rank <= (worst.score, worst.length, worst.place))
        {
            return ControlFlow::Continue(());
        }
        if full {
            best.pop();
        }
        best.push(Reverse(Ranked { score, length: rank.1, place: rank.2, key: key.into() }));
        ControlFlow::Continue(())
    })?;
    result.hits.reserve(best.len());
    // Sorted in ascending order of `Reverse`: the best first.
    for Reverse(hit) in best.into_sorted_vec() {
        turn.take(0)?;
        let ranges = ranges(&hit.key, &atoms, &mut matcher, &mut text);
        result.hits.push(SearchHit { key: hit.key, ranges });
    }
    ControlFlow::Continue(())
}

/// The matching byte ranges of all words.
fn ranges(key: &[u8], atoms: &[Atom], matcher: &mut Matcher, text: &mut Text) -> Vec<(u32, u32)> {
    let mut indices = Vec::new();
    let hay = text.of(key);
    for atom in atoms {
        // It is known to match.
        let _score = atom.indices(hay, matcher, &mut indices);
    }
    indices.sort_unstable();
    indices.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for index in indices {
        let (start, end) = text.range(key, index);
        match ranges.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges
}

/// A key as characters; a byte that is no text is one character that nothing matches.
#[derive(Default)]
struct Text {
    chars: Vec<char>,
    /// Where each character begins, and where the last ends; empty for ASCII.
    starts: Vec<u32>,
}

impl Text {
    fn of<'t>(&'t mut self, key: &'t [u8]) -> Utf32Str<'t> {
        self.chars.clear();
        self.starts.clear();
        if key.is_ascii() {
            return Utf32Str::Ascii(key);
        }
        let mut at = 0;
        let mut push = |c: char, length: u32| {
            self.chars.push(c);
            self.starts.push(at);
            at += length;
        };
        for chunk in key.utf8_chunks() {
            for c in chunk.valid().chars() {
                push(c, u32::try_from(c.len_utf8()).unwrap_or_default());
            }
            for _byte in chunk.invalid() {
                push(char::REPLACEMENT_CHARACTER, 1);
            }
        }
        self.starts.push(at);
        Utf32Str::Unicode(&self.chars)
    }

    /// The bytes of the character at this index of the text last asked for.
    fn range(&self, key: &[u8], index: u32) -> (u32, u32) {
        if key.is_ascii() {
            return (index, index + 1);
        }
        let at = index as usize;
        let start = |at: usize| self.starts.get(at).copied().unwrap_or_default();
        (start(at), start(at + 1))
    }
}

//! Fuzzy search: the letters of each word occur in this order; the best matches come first.
//!
//! The best way to match a word takes time to find, a good one next to none. So all keys are first
//! ranked by a good way, and the foremost of them are then ranked by the best. Where fewer keys
//! match than can be listed, all of them are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{ControlFlow, Range};

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Found, MAX_HITS, SearchHit, Turn, slices};
use crate::model::bytes::Key;
use crate::model::keyspace::Keyspace;

/// Hits that are ranked anew by one thread at a time.
const HITS_A_TURN: usize = 2_048;

/// A hit while it may still be overtaken. Better ones are greater: a higher score, a shorter key,
/// an earlier place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    score: u32,
    length: Reverse<usize>,
    place: Reverse<u64>,
    key: Key,
}

/// A word, and how its letters are compared.
#[derive(Clone)]
struct Word {
    atom: Atom,
    ignore_case: bool,
    normalize: bool,
}

impl Word {
    fn new(text: &str, matcher: &mut Matcher) -> Self {
        let atom = Atom::new(text, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy, false);
        // Matching tells the matcher how this word is compared; nobody else does.
        let _none = atom.score(Utf32Str::Ascii(&[]), matcher);
        Self { atom, ignore_case: matcher.config.ignore_case, normalize: matcher.config.normalize }
    }

    /// The score of a good way to match.
    fn good(&self, hay: Utf32Str<'_>, matcher: &mut Matcher) -> Option<u32> {
        matcher.config.ignore_case = self.ignore_case;
        matcher.config.normalize = self.normalize;
        matcher.fuzzy_match_greedy(hay, self.atom.needle_text()).map(u32::from)
    }
}

/// Finds the best hits; all words must match.
pub(super) fn search(
    keyspace: &Keyspace,
    text: &str,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Found> {
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let words: Vec<Word> = text.split_whitespace().map(|word| Word::new(word, &mut matcher)).collect();
    if words.is_empty() {
        return Some(Found::default());
    }
    let parts = slices::in_slices(keyspace, &|places| foremost(keyspace, places, words.clone(), cancelled))?;
    let total = parts.iter().map(|(_, total)| total).sum();
    let mut ranked: Vec<Ranked> = parts.into_iter().flat_map(|(ranked, _)| ranked).collect();
    if ranked.len() > MAX_HITS {
        ranked.select_nth_unstable_by(MAX_HITS - 1, |one, other| other.cmp(one));
        ranked.truncate(MAX_HITS);
    }
    let threads = slices::threads_for(keyspace.len());
    let turns: Vec<&[Ranked]> = ranked.chunks(HITS_A_TURN).collect();
    let hits = slices::each(&turns, threads, &|turn| (!cancelled()).then(|| best(turn, &words)))?;
    let mut hits: Vec<(Ranked, Vec<(u32, u32)>)> = hits.into_iter().flatten().collect();
    hits.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
    let hits = hits.into_iter().map(|(hit, ranges)| SearchHit { key: hit.key, ranges }).collect();
    Some(Found { hits, total, values_missing: 0 })
}

/// The foremost matches among the keys at these places, and how many there are.
fn foremost(
    keyspace: &Keyspace,
    places: Range<u64>,
    mut words: Vec<Word>,
    cancelled: &dyn Fn() -> bool,
) -> Option<(Vec<Ranked>, u64)> {
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let (mut text, mut turn) = (Text::default(), Turn::new(cancelled));
    let mut best: BinaryHeap<Reverse<Ranked>> = BinaryHeap::new();
    let (mut total, mut place) = (0, places.start);
    let flow = keyspace.for_each_between(places, &mut |key, _| {
        turn.take(0)?;
        place += 1;
        let hay = text.of(key);
        let mut score = 0;
        for at in 0..words.len() {
            match words[at].good(hay, &mut matcher) {
                Some(points) => score += points,
                None => {
                    // The word that rules most keys out comes to be tried first.
                    words[..=at].rotate_right(1);
                    return ControlFlow::Continue(());
                }
            }
        }
        total += 1;
        let rank = (score, Reverse(key.len()), Reverse(place));
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
    });
    let ranked = best.into_vec().into_iter().map(|Reverse(hit)| hit).collect();
    flow.is_continue().then_some((ranked, total))
}

/// Ranks hits by the best way to match them, and tells where that is.
fn best(hits: &[Ranked], words: &[Word]) -> Vec<(Ranked, Vec<(u32, u32)>)> {
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let mut text = Text::default();
    let ranked = hits.iter().map(|hit| {
        let mut indices = Vec::new();
        let hay = text.of(&hit.key);
        let score = words.iter().filter_map(|word| word.atom.indices(hay, &mut matcher, &mut indices));
        let score = score.map(u32::from).sum();
        let ranges = ranges(&hit.key, indices, &text);
        (Ranked { score, ..hit.clone() }, ranges)
    });
    ranked.collect()
}

/// The byte ranges of these characters.
fn ranges(key: &[u8], mut indices: Vec<u32>, text: &Text) -> Vec<(u32, u32)> {
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

//! Which changed lines belong together, and what differs within them.

use std::ops::Range;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// Lines less alike than this (0 to 1) are shown as removed and added, not as changed.
const ALIKE: f32 = 0.3;

/// The pairing in order with the highest sum of likeness; only pairs that are alike enough.
pub(super) fn best_pairs(
    olds: usize,
    news: usize,
    alike: impl Fn(usize, usize) -> f32,
) -> Vec<(usize, usize)> {
    let width = news + 1;
    let mut best = vec![0.0_f32; (olds + 1) * width];
    let mut scores = vec![0.0_f32; olds * news];
    for a in (0..olds).rev() {
        for b in (0..news).rev() {
            let score = alike(a, b);
            scores[a * news + b] = score;
            let skip = best[(a + 1) * width + b].max(best[a * width + b + 1]);
            let take = if score >= ALIKE { score + best[(a + 1) * width + b + 1] } else { 0.0 };
            best[a * width + b] = take.max(skip);
        }
    }
    let mut pairs = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < olds && b < news {
        let score = scores[a * news + b];
        if score >= ALIKE && best[a * width + b] <= score + best[(a + 1) * width + b + 1] {
            pairs.push((a, b));
            a += 1;
            b += 1;
        } else if best[(a + 1) * width + b] >= best[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

/// How alike two lines are, 0 to 1: the share that their common beginning and end make up, not
/// counting indentation.
pub(super) fn likeness(a: &[u8], b: &[u8]) -> f32 {
    let (a, b) = (a.trim_ascii(), b.trim_ascii());
    let longer = a.len().max(b.len());
    if longer == 0 {
        return 1.0;
    }
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev()).take_while(|(x, y)| x == y).count();
    #[allow(clippy::cast_precision_loss)] // A ratio; its last digits do not matter.
    let ratio = (prefix + suffix) as f32 / longer as f32;
    ratio
}

/// Longer lines (minified JSON) are compared by their entries first: that finds in milliseconds what
/// takes seconds word by word.
const LONG_LINE: usize = 8 * 1024;

/// The parts of a line that differ from another line.
pub(super) type Marks = Vec<Range<usize>>;

/// The parts of two lines that differ, by words.
pub(super) fn mark_words(old: &str, new: &str, deadline: Instant) -> (Marks, Marks) {
    let (mut old_marks, mut new_marks) = (Vec::new(), Vec::new());
    if old.len().max(new.len()) <= LONG_LINE {
        compare((old, 0..old.len()), (new, 0..new.len()), split_words, deadline, &mut |old, new| {
            push_mark(&mut old_marks, old);
            push_mark(&mut new_marks, new);
        });
        return (old_marks, new_marks);
    }
    let mut entries = Vec::new();
    compare((old, 0..old.len()), (new, 0..new.len()), split_entries, deadline, &mut |old, new| {
        entries.push((old, new));
    });
    for (old_entry, new_entry) in entries {
        compare((old, old_entry), (new, new_entry), split_words, deadline, &mut |old, new| {
            push_mark(&mut old_marks, old);
            push_mark(&mut new_marks, new);
        });
    }
    (old_marks, new_marks)
}

/// Compares parts of two texts piece by piece and tells the ranges that differ, in order.
fn compare(
    (old, old_part): (&str, Range<usize>),
    (new, new_part): (&str, Range<usize>),
    split: impl Fn(&str) -> Vec<Range<usize>>,
    deadline: Instant,
    tell: &mut impl FnMut(Range<usize>, Range<usize>),
) {
    let (old_pieces, new_pieces) = (split(&old[old_part.clone()]), split(&new[new_part.clone()]));
    let old_texts: Vec<&str> = old_pieces.iter().map(|piece| &old[old_part.clone()][piece.clone()]).collect();
    let new_texts: Vec<&str> = new_pieces.iter().map(|piece| &new[new_part.clone()][piece.clone()]).collect();
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_texts, &new_texts, Some(deadline));
    for op in ops.into_iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        tell(
            covered(&old_pieces, op.old_range(), old_part.clone()),
            covered(&new_pieces, op.new_range(), new_part.clone()),
        );
    }
}

/// What these pieces of a part cover in the whole text.
fn covered(pieces: &[Range<usize>], these: Range<usize>, part: Range<usize>) -> Range<usize> {
    match pieces.get(these) {
        Some([first, .., last]) => part.start + first.start..part.start + last.end,
        Some([only]) => part.start + only.start..part.start + only.end,
        _ => part.start..part.start,
    }
}

/// Entries of lists and tables: pieces that end with a separator.
fn split_entries(text: &str) -> Vec<Range<usize>> {
    let mut entries = Vec::new();
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let separates = matches!(byte, b',' | b';' | b'{' | b'}' | b'[' | b']' | b'&' | b'>');
        // Prose has no separators but its spaces.
        if separates || (byte == b' ' && at - start > 64) {
            entries.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < text.len() {
        entries.push(start..text.len());
    }
    entries
}

/// Adds a mark, joined with the last one where they touch.
fn push_mark(marks: &mut Marks, range: Range<usize>) {
    match marks.last_mut() {
        _ if range.is_empty() => {}
        Some(mark) if mark.end == range.start => mark.end = range.end,
        _ => marks.push(range),
    }
}

/// Words (letters, digits, `_`), runs of white space, and every other character by itself.
fn split_words(text: &str) -> Vec<Range<usize>> {
    #[derive(PartialEq, Clone, Copy)]
    enum Class {
        Word,
        Space,
        Single,
    }
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut last = Class::Single;
    for (at, character) in text.char_indices() {
        let class = if character.is_ascii_alphanumeric() || character == '_' {
            Class::Word
        } else if character.is_whitespace() {
            Class::Space
        } else if character.is_ascii() || !character.is_alphabetic() || is_ideograph(character) {
            Class::Single
        } else {
            Class::Word
        };
        let end = at + character.len_utf8();
        match words.last_mut() {
            Some(word) if class == last && class != Class::Single => word.end = end,
            _ => words.push(at..end),
        }
        last = class;
    }
    words
}

/// Scripts without spaces between words are compared character by character.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

//! Three-way merge of texts by lines: what both sides made of a common base, kept apart only where
//! they disagree.

use similar::{MergeResolution, TextMerge};

/// A run of lines of a merge, with their endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeChunk {
    /// Nobody changed these lines.
    Same(String),
    /// Only your side changed the base.
    Yours {
        /// The base's lines.
        base: String,
        /// Your lines.
        yours: String,
    },
    /// Only their side changed the base.
    Theirs {
        /// The base's lines.
        base: String,
        /// Their lines.
        theirs: String,
    },
    /// Both sides made the same change.
    Both {
        /// The base's lines.
        base: String,
        /// The lines of both.
        text: String,
    },
    /// The sides disagree.
    Conflict {
        /// The base's lines.
        base: String,
        /// Your lines.
        yours: String,
        /// Their lines.
        theirs: String,
    },
}

impl MergeChunk {
    /// Whether this is a conflict.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Everything that stands in it, on whatever side.
    fn texts(&self) -> [&str; 3] {
        match self {
            Self::Same(text) => [text, "", ""],
            Self::Yours { base, yours } => [base, yours, ""],
            Self::Theirs { base, theirs } => [base, "", theirs],
            Self::Both { base, text } => [base, text, ""],
            Self::Conflict { base, yours, theirs } => [base, yours, theirs],
        }
    }

    /// What the merge takes of this chunk by itself; `None` for a conflict.
    #[must_use]
    pub fn merged(&self) -> Option<&str> {
        match self {
            Self::Same(text) | Self::Both { text, .. } => Some(text),
            Self::Yours { yours, .. } => Some(yours),
            Self::Theirs { theirs, .. } => Some(theirs),
            Self::Conflict { .. } => None,
        }
    }
}

/// How a conflict is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Not yet.
    #[default]
    Open,
    /// Take your lines.
    Yours,
    /// Take their lines.
    Theirs,
    /// Take your lines, then theirs.
    Both,
    /// Take the base's lines.
    Base,
}

/// A merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// Its chunks in order; neighbours together make up the whole of each text.
    pub chunks: Vec<MergeChunk>,
}

impl Merge {
    /// Whether there is no conflict.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.chunks.iter().any(MergeChunk::is_conflict)
    }

    /// How many conflicts there are.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.chunks.iter().filter(|chunk| chunk.is_conflict()).count()
    }

    /// The merged text, where nothing is in conflict.
    #[must_use]
    pub fn merged_if_clean(&self) -> Option<String> {
        self.resolve(&[])
    }

    /// The merged text with the conflicts settled by `choices`, one for each conflict in order.
    /// `None` while one is open (or has no choice).
    #[must_use]
    pub fn resolve(&self, choices: &[Choice]) -> Option<String> {
        let mut choices = choices.iter();
        let mut text = String::new();
        let mut texts = self.chunks.iter().flat_map(MergeChunk::texts);
        let newline = if texts.any(|text| text.contains("\r\n")) { "\r\n" } else { "\n" };
        let append = |text: &mut String, lines: &str| append(text, lines, newline);
        for chunk in &self.chunks {
            match chunk {
                MergeChunk::Conflict { base, yours, theirs } => match choices.next()? {
                    Choice::Open => return None,
                    Choice::Yours => append(&mut text, yours),
                    Choice::Theirs => append(&mut text, theirs),
                    Choice::Base => append(&mut text, base),
                    Choice::Both => {
                        append(&mut text, yours);
                        append(&mut text, theirs);
                    }
                },
                _ => append(&mut text, chunk.merged()?),
            }
        }
        Some(text)
    }
}

/// Appends lines. Where the last line so far has no ending (it was the last of its text, and is not
/// any more), it gets one, so that two lines never run together.
fn append(text: &mut String, lines: &str, newline: &str) {
    let open_line = !text.is_empty() && !text.ends_with(['\n', '\r']);
    if open_line && !lines.is_empty() {
        text.push_str(newline);
    }
    text.push_str(lines);
}

/// Texts of more lines than this together are compared as a whole between their common beginning
/// and end: finding each change in them could take minutes.
const MOST_LINES: usize = 60_000;

/// Merges what two sides made of `base`, by lines.
#[must_use]
pub fn merge(base: &str, yours: &str, theirs: &str) -> Merge {
    let lines = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count();
    if lines(base) + lines(yours) + lines(theirs) > MOST_LINES {
        return merge_whole(base, yours, theirs);
    }
    let merge = TextMerge::from_lines(base, yours, theirs);
    let base_lines = |range: std::ops::Range<usize>| range.filter_map(|at| merge.base_line(at)).collect();
    let your_lines = |range: std::ops::Range<usize>| range.filter_map(|at| merge.ours_line(at)).collect();
    let their_lines = |range: std::ops::Range<usize>| range.filter_map(|at| merge.theirs_line(at)).collect();
    let chunk = |region: &similar::MergeRegion| {
        let base: String = base_lines(region.base_range());
        let yours: String = your_lines(region.ours_range());
        let theirs: String = their_lines(region.theirs_range());
        match region.resolution() {
            MergeResolution::Unchanged => MergeChunk::Same(base),
            MergeResolution::Ours => MergeChunk::Yours { base, yours },
            MergeResolution::Theirs => MergeChunk::Theirs { base, theirs },
            MergeResolution::Both => MergeChunk::Both { base, text: yours },
            // Whatever else a newer version may tell is not settled.
            _ => MergeChunk::Conflict { base, yours, theirs },
        }
    };
    Merge { chunks: merge.regions().iter().map(chunk).collect() }
}

/// One chunk for all that lies between the lines that the three texts begin and end with.
fn merge_whole(base: &str, yours: &str, theirs: &str) -> Merge {
    let head =
        same_lines(base.split_inclusive('\n'), yours.split_inclusive('\n'), theirs.split_inclusive('\n'));
    let [base_rest, your_rest, their_rest] = [base, yours, theirs].map(|text| &text[head..]);
    let tail = same_lines(
        base_rest.split_inclusive('\n').rev(),
        your_rest.split_inclusive('\n').rev(),
        their_rest.split_inclusive('\n').rev(),
    );
    let [in_base, in_yours, in_theirs] =
        [base_rest, your_rest, their_rest].map(|text| text[..text.len() - tail].to_owned());
    let changed = match (in_base == in_yours, in_base == in_theirs) {
        (true, true) => None,
        (true, false) => Some(MergeChunk::Theirs { base: in_base, theirs: in_theirs }),
        (false, true) => Some(MergeChunk::Yours { base: in_base, yours: in_yours }),
        (false, false) if in_yours == in_theirs => Some(MergeChunk::Both { base: in_base, text: in_yours }),
        (false, false) => Some(MergeChunk::Conflict { base: in_base, yours: in_yours, theirs: in_theirs }),
    };
    let same = |text: &str| (!text.is_empty()).then(|| MergeChunk::Same(text.to_owned()));
    let chunks = [same(&base[..head]), changed, same(&base[base.len() - tail..])];
    Merge { chunks: chunks.into_iter().flatten().collect() }
}

/// Bytes of the lines with which all three begin.
fn same_lines<'t>(
    base: impl Iterator<Item = &'t str>,
    yours: impl Iterator<Item = &'t str>,
    theirs: impl Iterator<Item = &'t str>,
) -> usize {
    let same =
        base.zip(yours).zip(theirs).take_while(|((base, yours), theirs)| base == yours && base == theirs);
    same.map(|((base, _), _)| base.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE: &str = "a: 1\nb: 2\nc: 3\nd: 4\n";

    #[test]
    fn changes_in_different_places_are_merged() {
        let merged = merge(BASE, "a: 10\nb: 2\nc: 3\nd: 4\n", "a: 1\nb: 2\nc: 3\nd: 40\n");
        assert!(merged.is_clean());
        assert_eq!(merged.merged_if_clean().as_deref(), Some("a: 10\nb: 2\nc: 3\nd: 40\n"));
    }

    #[test]
    fn a_disagreement_waits_for_a_choice() {
        let merged = merge("x\nv: 1\ny\n", "x\nv: 2\ny\n", "x\nv: 3\ny\n");
        assert_eq!((merged.is_clean(), merged.conflicts()), (false, 1));
        assert_eq!(merged.merged_if_clean(), None);
        let resolved = |choice| merged.resolve(&[choice]);
        assert_eq!(resolved(Choice::Open), None);
        assert_eq!(resolved(Choice::Yours).as_deref(), Some("x\nv: 2\ny\n"));
        assert_eq!(resolved(Choice::Theirs).as_deref(), Some("x\nv: 3\ny\n"));
        assert_eq!(resolved(Choice::Both).as_deref(), Some("x\nv: 2\nv: 3\ny\n"));
        assert_eq!(resolved(Choice::Base).as_deref(), Some("x\nv: 1\ny\n"));
    }

    #[test]
    fn lines_never_run_together() {
        let merged = merge("v", "w", "x");
        assert_eq!(merged.resolve(&[Choice::Both]).as_deref(), Some("w\nx"));
        let windows = merge("a\r\nv", "a\r\nw", "a\r\nx");
        assert_eq!(windows.resolve(&[Choice::Both]).as_deref(), Some("a\r\nw\r\nx"));
        let base_alone = merge("a\r\nb", "w", "x");
        assert_eq!(base_alone.resolve(&[Choice::Both]).as_deref(), Some("w\r\nx"));
    }

    #[test]
    fn a_deletion_against_a_change_is_a_conflict() {
        let merged = merge(BASE, "a: 1\nc: 3\nd: 4\n", "a: 1\nb: 20\nc: 3\nd: 4\n");
        assert_eq!(merged.conflicts(), 1);
    }

    #[test]
    fn large_texts_are_merged_between_their_ends() {
        let text = |middle: &str| {
            let lines = |from: usize| (from..from + 15_000).map(|at| format!("{at}\n")).collect::<String>();
            format!("{}{middle}{}", lines(0), lines(50_000))
        };
        let merged = merge(&text("base\n"), &text("base\n"), &text("theirs\n"));
        assert_eq!(merged.merged_if_clean(), Some(text("theirs\n")));
        let merged = merge(&text("base\n"), &text("yours\n"), &text("theirs\n"));
        assert_eq!((merged.conflicts(), merged.chunks.len()), (1, 3));
        assert_eq!(merged.resolve(&[Choice::Yours]), Some(text("yours\n")));
    }

    fn text() -> impl Strategy<Value = String> {
        "([abc]{0,1}(\n|\r\n|\r)){0,8}[abc]{0,2}"
    }

    proptest! {
        #[test]
        fn a_side_that_changed_nothing_takes_the_other(base in text(), other in text()) {
            prop_assert_eq!(merge(&base, &base, &other).merged_if_clean(), Some(other.clone()));
            prop_assert_eq!(merge(&base, &other, &base).merged_if_clean(), Some(other.clone()));
            prop_assert_eq!(merge(&base, &other, &other).merged_if_clean(), Some(other));
        }

        #[test]
        fn as_a_whole_a_side_that_changed_nothing_takes_the_other(base in text(), other in text()) {
            prop_assert_eq!(merge_whole(&base, &base, &other).merged_if_clean(), Some(other.clone()));
            prop_assert_eq!(merge_whole(&base, &other, &base).merged_if_clean(), Some(other.clone()));
            prop_assert_eq!(merge_whole(&base, &other, &other).merged_if_clean(), Some(other));
        }

        #[test]
        fn nothing_is_lost(base in text(), yours in text(), theirs in text()) {
            let merged = merge(&base, &yours, &theirs);
            let (mut a, mut b, mut c) = (String::new(), String::new(), String::new());
            for chunk in &merged.chunks {
                let (in_base, in_yours, in_theirs) = match chunk {
                    MergeChunk::Same(text) => (text, text, text),
                    MergeChunk::Yours { base, yours } => (base, yours, base),
                    MergeChunk::Theirs { base, theirs } => (base, base, theirs),
                    MergeChunk::Both { base, text } => (base, text, text),
                    MergeChunk::Conflict { base, yours, theirs } => (base, yours, theirs),
                };
                a += in_base;
                b += in_yours;
                c += in_theirs;
            }
            prop_assert_eq!((a, b, c), (base, yours.clone(), theirs.clone()));
            let all = |choice| merged.resolve(&vec![choice; merged.conflicts()]);
            prop_assert!(all(Choice::Both).is_some());
            if merged.chunks.iter().all(MergeChunk::is_conflict) {
                prop_assert_eq!(all(Choice::Yours), Some(yours));
                prop_assert_eq!(all(Choice::Theirs), Some(theirs));
            }
        }
    }
}

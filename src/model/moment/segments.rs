//! Spans that join: stretches of revisions in which every change of some keys is known.

use crate::model::journal::Span;
use crate::model::status::KeyInterval;

/// A span, and the keys that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The revisions.
    pub span: Span,
    /// The keys: what could be read and was not kept out.
    pub intervals: Vec<KeyInterval>,
}

impl Watched {
    /// Whether it is about this key.
    #[must_use]
    pub fn holds_key(&self, key: &[u8]) -> bool {
        self.intervals.iter().any(|interval| interval.contains(key))
    }

    /// Whether it is about all keys of this interval.
    #[must_use]
    pub fn holds(&self, wanted: &KeyInterval) -> bool {
        self.intervals.iter().any(|interval| interval.holds(wanted))
    }

    /// Whether it is about some key of this interval.
    #[must_use]
    pub fn touches(&self, wanted: &KeyInterval) -> bool {
        let before = |start: &[u8], end: &Option<Vec<u8>>| end.as_deref().is_none_or(|end| start < end);
        self.intervals
            .iter()
            .any(|interval| before(&interval.start, &wanted.end) && before(&wanted.start, &interval.end))
    }
}

/// Revisions above `after` up to and with `to`, of which every change is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The revision of the picture that it begins with.
    pub after: i64,
    /// The last revision.
    pub to: i64,
    /// The picture was recorded whole somewhere in it: with the changes, every picture in it is known.
    pub based: bool,
}

impl Segment {
    /// Whether the state at this revision lies in it.
    #[must_use]
    pub fn covers(&self, revision: i64) -> bool {
        (self.after..=self.to).contains(&revision)
    }
}

/// Joins spans that overlap or touch. Oldest first.
#[must_use]
pub fn segments<'s>(spans: impl IntoIterator<Item = &'s Span>) -> Vec<Segment> {
    let mut ordered: Vec<&Span> = spans.into_iter().collect();
    ordered.sort_by_key(|span| (span.after, span.to));
    let mut joined: Vec<Segment> = Vec::new();
    for span in ordered {
        match joined.last_mut().filter(|last| span.after <= last.to) {
            Some(last) => {
                last.to = last.to.max(span.to);
                last.based |= span.has_base;
            }
            None => joined.push(Segment { after: span.after, to: span.to, based: span.has_base }),
        }
    }
    joined
}

/// The spans that are about the whole of an interval, those that join made one. Oldest first.
#[must_use]
pub fn spans_of(watched: &[Watched], interval: &KeyInterval) -> Vec<Span> {
    let mut ordered: Vec<Span> =
        watched.iter().filter(|it| it.holds(interval)).map(|watched| watched.span).collect();
    ordered.sort_by_key(|span| (span.after, span.to));
    let mut joined: Vec<Span> = Vec::new();
    for span in ordered {
        match joined.last_mut().filter(|last| span.after <= last.to) {
            Some(last) => {
                if span.to > last.to {
                    (last.to, last.to_time) = (span.to, span.to_time);
                }
                // Whole at its own beginning: by what the changes since tell, whole where they joined.
                last.has_base |= span.has_base;
            }
            None => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: i64, to: i64, has_base: bool) -> Span {
        Span { after, to, from_time: after * 10, to_time: to * 10, has_base }
    }

    #[test]
    fn spans_that_touch_are_one_segment() {
        let spans = [span(20, 30, false), span(5, 20, true), span(40, 50, false), span(7, 9, false)];
        assert_eq!(
            segments(&spans),
            [Segment { after: 5, to: 30, based: true }, Segment { after: 40, to: 50, based: false }]
        );
    }

    #[test]
    fn spans_of_other_keys_say_nothing() {
        let watched = |prefix: &[u8], after, to| Watched {
            span: span(after, to, true),
            intervals: vec![KeyInterval::prefix(prefix)],
        };
        let all = [watched(b"", 1, 5), watched(b"a/", 5, 9), watched(b"b/", 5, 20)];
        let of = |prefix: &[u8]| {
            let spans = spans_of(&all, &KeyInterval::prefix(prefix));
            spans.iter().map(|span| (span.after, span.to)).collect::<Vec<_>>()
        };
        assert_eq!((of(b"a/x"), of(b""), of(b"b/")), (vec![(1, 9)], vec![(1, 5)], vec![(1, 20)]));
        assert!(all[1].touches(&KeyInterval::prefix(b"a")) && !all[1].touches(&KeyInterval::prefix(b"b/")));
    }
}

//! Whole revisions out of what watches deliver: fragments put together, and the parts that several
//! watches of one stream saw of the same revision joined.

use std::collections::BTreeMap;

use crate::model::record::{KeyChange, Revision};

/// Puts the events of one stream together. A revision leaves it once, whole, and in order.
#[derive(Debug)]
pub(super) struct Assembler {
    /// For each watch the revision up to which it has delivered everything.
    positions: Vec<i64>,
    /// For each watch the events of a response of which more fragments are to come.
    fragments: Vec<Vec<(i64, KeyChange)>>,
    /// Revisions that some watch may still add to.
    waiting: BTreeMap<i64, Vec<KeyChange>>,
    released: i64,
    late: bool,
}

impl Assembler {
    /// For so many watches, which all start behind `applied`.
    pub(super) fn new(watches: usize, applied: i64) -> Self {
        Self {
            positions: vec![applied; watches],
            fragments: vec![Vec::new(); watches],
            waiting: BTreeMap::new(),
            released: applied,
            late: false,
        }
    }

    /// Takes the events of one response of a watch, each with its revision.
    pub(super) fn events(
        &mut self,
        watch: usize,
        events: Vec<(i64, KeyChange)>,
        more_fragments: bool,
    ) -> Vec<Revision> {
        let (Some(fragments), Some(position)) =
            (self.fragments.get_mut(watch), self.positions.get_mut(watch))
        else {
            return Vec::new();
        };
        fragments.extend(events);
        if more_fragments {
            return Vec::new();
        }
        let mut reached = *position;
        for (revision, change) in std::mem::take(fragments) {
            if revision <= *position || revision <= self.released {
                // Old servers repeat events. But what this watch had not told and another one's
                // progress has overtaken is lost for this stream.
                self.late |= revision > *position;
                continue;
            }
            reached = reached.max(revision);
            self.waiting.entry(revision).or_default().push(change);
        }
        *position = reached;
        self.release()
    }

    /// The server proved that every watch has delivered everything up to this revision.
    pub(super) fn progress(&mut self, revision: i64) -> Vec<Revision> {
        for position in &mut self.positions {
            *position = revision.max(*position);
        }
        self.release()
    }

    /// The same for one watch alone.
    pub(super) fn progress_of(&mut self, watch: usize, revision: i64) -> Vec<Revision> {
        if let Some(position) = self.positions.get_mut(watch) {
            *position = revision.max(*position);
        }
        self.release()
    }

    /// Whether revisions wait for the other watches.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether an event came too late to be told in order: the stream can not be trusted any more.
    pub(super) fn was_late(&self) -> bool {
        self.late
    }

    fn release(&mut self) -> Vec<Revision> {
        let complete = self.positions.iter().copied().min().unwrap_or(self.released);
        let mut whole = Vec::new();
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= complete
        {
            let (revision, changes) = first.remove_entry();
            whole.push(Revision { revision, changes });
        }
        self.released = self.released.max(complete);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::ChangeKind;

    fn event(revision: i64, key: &str) -> (i64, KeyChange) {
        (revision, KeyChange { key: key.as_bytes().into(), kind: ChangeKind::Delete, prev: None })
    }

    fn told(revisions: &[Revision]) -> Vec<(i64, usize)> {
        revisions.iter().map(|revision| (revision.revision, revision.changes.len())).collect()
    }

    #[test]
    fn one_watch_is_told_at_once() {
        let mut assembler = Assembler::new(1, 4);
        let events = vec![event(5, "a"), event(5, "b"), event(6, "a")];
        assert_eq!(told(&assembler.events(0, events, false)), [(5, 2), (6, 1)]);
        assert!(!assembler.is_waiting());
    }

    #[test]
    fn a_fragmented_revision_leaves_whole() {
        let mut assembler = Assembler::new(1, 4);
        assert_eq!(told(&assembler.events(0, vec![event(5, "a")], true)), []);
        assert_eq!(told(&assembler.events(0, vec![event(5, "b")], true)), []);
        assert_eq!(told(&assembler.events(0, vec![event(5, "c"), event(6, "a")], false)), [(5, 3), (6, 1)]);
    }

    #[test]
    fn repeated_events_are_dropped() {
        let mut assembler = Assembler::new(1, 4);
        assert_eq!(told(&assembler.events(0, vec![event(4, "a"), event(5, "a")], false)), [(5, 1)]);
        assert_eq!(told(&assembler.events(0, vec![event(5, "a")], false)), []);
        assert!(!assembler.was_late());
    }

    #[test]
    fn a_revision_seen_by_two_watches_waits_for_both() {
        let mut assembler = Assembler::new(2, 4);
        assert_eq!(told(&assembler.events(0, vec![event(5, "a")], false)), []);
        assert!(assembler.is_waiting());
        assert_eq!(told(&assembler.events(1, vec![event(5, "x"), event(6, "x")], false)), [(5, 2)]);
        assert_eq!(told(&assembler.progress(6)), [(6, 1)]);
    }

    #[test]
    fn an_event_that_progress_overtook_is_noticed() {
        let mut assembler = Assembler::new(2, 4);
        assembler.events(0, vec![event(7, "a")], false);
        assembler.progress_of(1, 6);
        assert_eq!(told(&assembler.progress(7)), [(7, 1)]);
        assembler.positions[1] = 5;
        assert_eq!(told(&assembler.events(1, vec![event(6, "x")], false)), []);
        assert!(assembler.was_late());
    }
}

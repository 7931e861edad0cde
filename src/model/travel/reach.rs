//! What a timeline says of moments: which there are, what comes before and after, when they were
//! seen, and what nobody watched.

use crate::model::journal::gaps;
use crate::model::moment::{Tick, Timeline};
use crate::model::status::SeenAt;

/// Revisions of which changes may be unknown: nobody watched, and etcd has compacted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatched {
    /// The last revision known before; `None`: nothing earlier is known.
    pub after: Option<i64>,
    /// The first revision known again.
    pub to: i64,
    /// From when.
    pub from_time: Option<SeenAt>,
    /// Until when.
    pub to_time: Option<SeenAt>,
}

impl Timeline {
    /// The moment before the first change, where it is in reach.
    #[must_use]
    pub fn before_first(&self) -> Option<i64> {
        let first = self.ticks.first()?.revision - 1;
        if self.cut || first < 1 {
            return None;
        }
        let in_etcd = self.etcd_from.is_some_and(|from| from <= first);
        let recorded = self.spans.iter().any(|span| span.has_base && span.after <= first);
        (in_etcd || recorded).then_some(first)
    }

    /// Number of moments that differ: before the first change, and after each.
    fn stops(&self) -> usize {
        self.ticks.len() + usize::from(self.before_first().is_some())
    }

    fn stop(&self, at: usize) -> Option<i64> {
        match (self.before_first(), at) {
            (Some(first), 0) => Some(first),
            (Some(_), at) => self.ticks.get(at - 1).map(|tick| tick.revision),
            (None, at) => self.ticks.get(at).map(|tick| tick.revision),
        }
    }

    /// The place of the newest moment that is not after this revision.
    fn stop_before(&self, revision: i64) -> Option<usize> {
        let ticks = self.ticks.partition_point(|tick| tick.revision <= revision);
        let offset = usize::from(self.before_first().is_some_and(|first| first <= revision));
        (ticks + offset).checked_sub(1)
    }

    /// The earliest moment that can be stepped to.
    #[must_use]
    pub fn first_stop(&self) -> Option<i64> {
        self.stop(0)
    }

    /// The newest moment: after the newest change.
    #[must_use]
    pub fn last_stop(&self) -> Option<i64> {
        self.ticks.last().map(|tick| tick.revision)
    }

    /// The newest moment that is not after this revision, or the earliest of all.
    #[must_use]
    pub fn snapped(&self, revision: i64) -> Option<i64> {
        self.stop(self.stop_before(revision).unwrap_or(0))
    }

    /// So many changes later than this revision (earlier when negative), as far as there are.
    #[must_use]
    pub fn step(&self, revision: i64, by: isize) -> i64 {
        let last = self.stops().saturating_sub(1);
        let at = match self.stop_before(revision) {
            Some(at) if by < 0 && self.stop(at) != Some(revision) => at.saturating_add_signed(by + 1),
            Some(at) => at.saturating_add_signed(by),
            None if by > 0 => by.unsigned_abs() - 1,
            None => 0,
        };
        self.stop(at.min(last)).unwrap_or(revision)
    }

    /// The newest change that is not after this revision.
    #[must_use]
    pub fn tick(&self, revision: i64) -> Option<&Tick> {
        let at = self.ticks.partition_point(|tick| tick.revision <= revision);
        at.checked_sub(1).map(|at| &self.ticks[at])
    }

    /// When the moment was first seen, as far as is known: etcd keeps no times.
    #[must_use]
    pub fn seen_at(&self, revision: i64) -> Option<SeenAt> {
        let tick = self.tick(revision);
        if let Some(exact) = tick.filter(|tick| tick.revision == revision) {
            return exact.seen_at;
        }
        let watched = self.spans.iter().filter(|span| span.covers(revision));
        let span = watched.max_by_key(|span| span.after)?;
        // It stood from the change before on, or longer than was watched.
        match tick.filter(|tick| tick.revision >= span.after) {
            Some(tick) => tick.seen_at,
            None => Some(span.from_time),
        }
    }

    /// The newest revision seen at this time, as far as is known; `None`: nothing was seen then.
    #[must_use]
    pub fn at_time(&self, time: SeenAt) -> Option<i64> {
        let ticks = self.ticks.iter().filter_map(|tick| Some((tick.seen_at?, tick.revision)));
        let spans =
            self.spans.iter().flat_map(|span| [(span.from_time, span.after), (span.to_time, span.to)]);
        let seen = ticks.chain(spans).filter(|(seen_at, _)| *seen_at <= time);
        seen.map(|(_, revision)| revision).max()
    }

    /// Where changes may be missing, oldest first: between what was watched, also where etcd still has
    /// the pictures (what was written over or deleted there is known to nobody); and before and behind
    /// it what etcd has compacted. The first of these reaches back without an end.
    #[must_use]
    pub fn unwatched(&self) -> Vec<Unwatched> {
        // 0: etcd has everything. Where it did not tell, nothing is said of it.
        let end = self.etcd_from.filter(|from| *from > 1);
        let Some(first) = self.spans.iter().min_by_key(|span| span.after) else {
            let all = end.map(|to| Unwatched { after: None, to, from_time: None, to_time: None });
            return all.into_iter().collect();
        };
        let mut found = Vec::new();
        if let Some(end) = end {
            let to_time = (first.after <= end).then_some(first.from_time);
            found.push(Unwatched { after: None, to: first.after.min(end), from_time: None, to_time });
        }
        found.extend(gaps(&self.spans).into_iter().map(|gap| Unwatched {
            after: Some(gap.after),
            to: gap.to,
            from_time: Some(gap.from_time),
            to_time: Some(gap.to_time),
        }));
        if let Some(last) = self.spans.iter().max_by_key(|span| span.to)
            && let Some(to) = end.filter(|end| last.to < *end)
        {
            let (after, from_time) = (Some(last.to), Some(last.to_time));
            found.push(Unwatched { after, to, from_time, to_time: None });
        }
        found
    }
}

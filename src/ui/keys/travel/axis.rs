//! Where the changes of a timeline lie on a line, by revision or by time, and how many lie in each
//! stretch of it. Twenty thousand changes cost as much to draw as the line is wide.

use crate::model::moment::{Tick, Timeline};
use crate::model::status::SeenAt;

/// What the line is measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Revisions: every write of the cluster takes the same room.
    #[default]
    Revision,
    /// Times seen. Changes without one stand beside the change before them.
    Time,
}

/// Room left at both ends, as a share of the whole.
const MARGIN: f64 = 0.015;

/// What happened in a stretch of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Revisions that changed something.
    pub ticks: u32,
    /// Keys created.
    pub created: u64,
    /// Keys written again.
    pub changed: u64,
    /// Keys deleted.
    pub deleted: u64,
}

/// The part of the line that is in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its left end.
    pub from: f64,
    /// Its right end.
    pub to: f64,
}

impl Window {
    /// How much of the line is in sight.
    #[must_use]
    pub fn length(&self) -> f64 {
        (self.to - self.from).max(f64::MIN_POSITIVE)
    }
}

/// A timeline on a line.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    measure: Measure,
    /// Place of each change, ascending.
    places: Vec<f64>,
    /// Created, changed, deleted before each change.
    sums: Vec<[u64; 3]>,
    revisions: Vec<i64>,
    from: f64,
    to: f64,
}

impl Axis {
    /// The changes of a timeline.
    #[must_use]
    pub fn new(timeline: &Timeline, measure: Measure) -> Self {
        let mut places = Vec::with_capacity(timeline.ticks.len());
        let mut sums = Vec::with_capacity(timeline.ticks.len() + 1);
        let mut sum = [0; 3];
        sums.push(sum);
        let first_time = timeline.ticks.iter().find_map(|tick| tick.seen_at).unwrap_or(0);
        let mut last = f64::MIN;
        for tick in &timeline.ticks {
            let place = match measure {
                Measure::Revision => tick.revision as f64,
                // A clock may have been set back between two changes: their order is that of etcd.
                Measure::Time => tick.seen_at.map_or(last.max(first_time as f64), |seen| seen as f64),
            };
            last = place.max(last);
            places.push(last);
            add(&mut sum, tick);
            sums.push(sum);
        }
        let revisions = timeline.ticks.iter().map(|tick| tick.revision).collect();
        let (from, to) = match (places.first(), places.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => (0.0, 1.0),
        };
        let margin = ((to - from) * MARGIN).max(1.0);
        Self { measure, places, sums, revisions, from: from - 2.0 * margin, to: to + margin }
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Window {
        Window { from: self.from, to: self.to }
    }

    /// A window inside the line: neither beyond its ends nor too small to be seen.
    #[must_use]
    pub fn clamped(&self, window: Window) -> Window {
        let whole = self.whole();
        let least: f64 = match self.measure {
            Measure::Revision => 8.0,
            Measure::Time => 2_000.0,
        };
        let length = window.length().clamp(least.min(whole.length()), whole.length());
        let middle = f64::midpoint(window.from, window.to);
        // Rounding may put one end beyond the other: no clamp.
        let from = (middle - length / 2.0).min(whole.to - length).max(whole.from);
        Window { from, to: from + length }
    }

    /// So much of the line (a factor) around a place that stays where it is.
    #[must_use]
    pub fn zoomed(&self, window: Window, around: f64, factor: f64) -> Window {
        let around = around.clamp(window.from, window.to);
        let from = around - (around - window.from) * factor;
        let to = around + (window.to - around) * factor;
        let clamped = self.clamped(Window { from, to });
        // Clamping by length keeps the middle: put the place back under the pointer.
        let share = (around - window.from) / window.length();
        let from = around - share * clamped.length();
        self.clamped(Window { from, to: from + clamped.length() })
    }

    /// What happened in each of so many equal stretches of the window.
    #[must_use]
    pub fn stretches(&self, window: Window, count: usize) -> Vec<Stretch> {
        let step = window.length() / count.max(1) as f64;
        let mut first = self.places.partition_point(|place| *place < window.from);
        (1..=count)
            .map(|at| {
                let end = window.from + step * at as f64;
                let rest = &self.places[first..];
                let last = first + rest.partition_point(|place| *place < end);
                let stretch = self.between(first, last);
                first = last;
                stretch
            })
            .collect()
    }

    fn between(&self, first: usize, last: usize) -> Stretch {
        let (before, after) = (self.sums[first], self.sums[last]);
        Stretch {
            ticks: u32::try_from(last - first).unwrap_or(u32::MAX),
            created: after[0] - before[0],
            changed: after[1] - before[1],
            deleted: after[2] - before[2],
        }
    }

    /// What happened in a stretch, and the revision of its newest change.
    #[must_use]
    pub fn stretch(&self, window: Window) -> (Stretch, Option<i64>) {
        let first = self.places.partition_point(|place| *place < window.from);
        let last = first + self.places[first..].partition_point(|place| *place < window.to);
        let newest = (last > first).then(|| self.revisions[last - 1]);
        (self.between(first, last), newest)
    }

    /// The revision of the newest change that is not after a place.
    #[must_use]
    pub fn revision_at(&self, place: f64) -> Option<i64> {
        let at = self.places.partition_point(|other| *other <= place);
        at.checked_sub(1).map(|at| self.revisions[at])
    }

    /// Where a moment lies: at its newest change, or before all of them.
    #[must_use]
    pub fn place(&self, revision: i64) -> f64 {
        let at = self.revisions.partition_point(|other| *other <= revision);
        match (at.checked_sub(1), self.measure) {
            (Some(_), Measure::Revision) => (revision as f64).min(self.to),
            (Some(at), Measure::Time) => self.places[at],
            (None, _) => (self.from + self.places.first().copied().unwrap_or(self.from)) / 2.0,
        }
    }

    /// Where the boundary before a revision lies (a compaction, an end of watching).
    #[must_use]
    pub fn boundary(&self, revision: i64, time: Option<SeenAt>) -> f64 {
        match (self.measure, time) {
            (Measure::Revision, _) => revision as f64,
            (Measure::Time, Some(time)) => time as f64,
            (Measure::Time, None) => {
                let at = self.revisions.partition_point(|other| *other < revision);
                self.places.get(at).copied().unwrap_or(self.to)
            }
        }
    }
}

fn add(sum: &mut [u64; 3], tick: &Tick) {
    sum[0] += u64::from(tick.created);
    sum[1] += u64::from(tick.changed);
    sum[2] += u64::from(tick.deleted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tick(revision: i64, seen_at: Option<i64>) -> Tick {
        Tick { revision, seen_at, created: 1, changed: 2, deleted: 3 }
    }

    fn timeline(ticks: &[(i64, Option<i64>)]) -> Timeline {
        let ticks = ticks.iter().map(|(revision, seen_at)| tick(*revision, *seen_at)).collect();
        Timeline { ticks, ..Timeline::default() }
    }

    #[test]
    fn places_are_found_again_in_both_measures() {
        let timeline = timeline(&[(10, None), (20, Some(5_000)), (30, Some(4_000)), (40, Some(90_000))]);
        for measure in [Measure::Revision, Measure::Time] {
            let axis = Axis::new(&timeline, measure);
            let whole = axis.whole();
            let mut before = whole.from;
            for revision in [9, 10, 20, 30, 40] {
                let place = axis.place(revision);
                assert!(place >= before && place < whole.to, "{measure:?} {revision}");
                before = place;
            }
            assert_eq!(axis.revision_at(axis.place(9)), None, "{measure:?}");
            assert_eq!(axis.revision_at(axis.place(40)), Some(40), "{measure:?}");
            assert_eq!(
                axis.revision_at(axis.place(20)),
                Some(if measure == Measure::Time { 30 } else { 20 })
            );
        }
        let empty = Axis::new(&Timeline::default(), Measure::Time);
        assert_eq!((empty.revision_at(0.5), empty.stretches(empty.whole(), 10).len()), (None, 10));
    }

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        let ticks: Vec<_> = (1..=1_000).map(|at| (at * 10, None)).collect();
        let axis = Axis::new(&timeline(&ticks), Measure::Revision);
        let window = axis.zoomed(axis.whole(), 3_000.0, 0.25);
        let share = |window: Window| (3_000.0 - window.from) / window.length();
        assert!((share(window) - share(axis.whole())).abs() < 0.01);
        assert!(window.length() < axis.whole().length() * 0.26);
        assert_eq!(axis.zoomed(window, 3_000.0, 1_000.0), axis.whole());
        assert!(axis.zoomed(window, 3_000.0, 1e-9).length() >= 8.0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_the_stretches(
            steps in prop::collection::vec((1_i64..50, prop::option::of(0_i64..1_000)), 1..300),
            count in 1_usize..200,
            time in any::<bool>(),
        ) {
            let mut revision = 1;
            let ticks: Vec<_> = steps.iter().map(|(step, seen)| { revision += step; (revision, *seen) }).collect();
            let axis = Axis::new(&timeline(&ticks), if time { Measure::Time } else { Measure::Revision });
            let stretches = axis.stretches(axis.whole(), count);
            prop_assert_eq!(stretches.iter().map(|stretch| stretch.ticks as usize).sum::<usize>(), ticks.len());
            prop_assert_eq!(stretches.iter().map(|stretch| stretch.deleted).sum::<u64>(), 3 * ticks.len() as u64);
        }
    }
}

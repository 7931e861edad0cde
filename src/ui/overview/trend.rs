//! What the sums were over the time that this screen was open: how many instances were bad, how many claims
//! waited. A window that is left open tells in the morning what the night was like.

use std::collections::VecDeque;

use crate::model::overview::Sums;
use crate::model::status::SeenAt;

/// A point is kept so often, in milliseconds: the worst since the one before.
const EVERY_MS: i64 = 10_000;
/// After a longer time without any, nothing is known of what was between.
const GAP_MS: i64 = 3 * EVERY_MS;
/// So many make a course.
const FEWEST: usize = 3;
/// So many points are kept: eight hours of them.
const MOST: usize = 2_880;

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub at: SeenAt,
    /// Instances that were late or down; NaN: not known.
    pub bad: f32,
    /// Claims that waited; NaN: not known.
    pub waiting: f32,
}

/// The points, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Trend {
    points: VecDeque<Point>,
}

impl Trend {
    /// Takes in what was counted at a moment.
    pub fn note(&mut self, sums: &Sums, at: SeenAt) {
        let instances = &sums.services.instances;
        let bad = (instances.late + instances.down) as f32;
        let waiting = sums.locks.waiting as f32;
        if let Some(last) = self.points.back_mut() {
            if (last.at..last.at + EVERY_MS).contains(&at) {
                last.bad = last.bad.max(bad);
                last.waiting = last.waiting.max(waiting);
                return;
            }
            if at - last.at > GAP_MS || at < last.at {
                self.push(Point { at, bad: f32::NAN, waiting: f32::NAN });
            }
        }
        self.push(Point { at, bad, waiting });
    }

    fn push(&mut self, point: Point) {
        if self.points.len() >= MOST {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// One course: its values, since when, and its highest with the time of it.
    #[must_use]
    pub fn course(&self, of: fn(&Point) -> f32) -> Option<Course> {
        // Fewer points are no course.
        let first = self.points.front().filter(|_| self.points.len() >= FEWEST)?;
        let known = self.points.iter().filter(|point| !of(point).is_nan());
        let highest = known.max_by(|one, other| of(one).total_cmp(&of(other)))?;
        Some(Course {
            since: first.at,
            highest: of(highest),
            highest_at: highest.at,
            values: self.points.iter().map(of).collect(),
        })
    }
}

/// One course over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Since when.
    pub since: SeenAt,
    /// The highest value.
    pub highest: f32,
    /// When that was first so.
    pub highest_at: SeenAt,
    /// The values, oldest first; NaN: not known.
    pub values: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(down: usize) -> Sums {
        let mut sums = Sums::default();
        sums.services.instances.down = down;
        sums
    }

    #[test]
    fn a_peak_between_two_points_is_kept_and_what_was_not_seen_is_a_gap() {
        let mut trend = Trend::default();
        for (at, down) in [(0, 0), (1_000, 9), (2_000, 0), (10_000, 1), (20_000, 0), (100_000, 2)] {
            trend.note(&sums(down), at);
        }
        let course = trend.course(|point| point.bad).unwrap();
        assert_eq!((course.since, course.highest, course.highest_at), (0, 9.0, 0));
        assert_eq!(course.values[..3], [9.0, 1.0, 0.0]);
        assert!(course.values[3].is_nan());
        assert_eq!(course.values[4..], [2.0]);
    }

    #[test]
    fn a_night_is_kept_and_no_more() {
        let mut trend = Trend::default();
        for at in 0..5_000 {
            trend.note(&sums(1), at * EVERY_MS);
        }
        assert_eq!(trend.course(|point| point.bad).unwrap().values.len(), MOST);
    }
}

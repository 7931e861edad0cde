//! How a service is as a whole, by how many of its instances are how.

use super::service::{Health, Service};

/// How many instances are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceCounts {
    /// Up.
    pub up: usize,
    /// Starting.
    pub starting: usize,
    /// Late.
    pub late: usize,
    /// Down.
    pub down: usize,
    /// Registered, and nothing proves that they live.
    pub unknown: usize,
}

/// How a service is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No instance is there that should be: the last left by itself.
    Gone,
    /// No instance is bad, and some are up.
    Up,
    /// Nothing proves that any of its instances lives.
    Unknown,
    /// Some instances are late or down, or those that are there are still starting: it may serve.
    Degraded,
    /// Nobody serves: every instance is down, or the last went without wanting to.
    Down,
}

impl InstanceCounts {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.up + self.starting + self.late + self.down + self.unknown
    }

    /// So many are so.
    #[must_use]
    pub fn of(&self, health: Health) -> usize {
        match health {
            Health::Up => self.up,
            Health::Starting => self.starting,
            Health::Late => self.late,
            Health::Down => self.down,
            Health::Unknown => self.unknown,
        }
    }

    /// Counts one more.
    pub fn add(&mut self, health: Health) {
        match health {
            Health::Up => self.up += 1,
            Health::Starting => self.starting += 1,
            Health::Late => self.late += 1,
            Health::Down => self.down += 1,
            Health::Unknown => self.unknown += 1,
        }
    }

    /// Counts these as well.
    pub fn add_all(&mut self, others: &Self) {
        self.up += others.up;
        self.starting += others.starting;
        self.late += others.late;
        self.down += others.down;
        self.unknown += others.unknown;
    }
}

impl Service {
    /// How it is, with so many instances that are so. An instance that is late may still serve, so a service is
    /// down only where every one of them is.
    #[must_use]
    pub fn standing(&self, counts: &InstanceCounts) -> Standing {
        match counts {
            _ if counts.all() == 0 && self.lost_its_instances() => Standing::Down,
            _ if counts.all() == 0 => Standing::Gone,
            _ if counts.down == counts.all() => Standing::Down,
            InstanceCounts { late: 0, down: 0, up: 1.., .. } => Standing::Up,
            InstanceCounts { late: 0, down: 0, starting: 0, .. } => Standing::Unknown,
            _ => Standing::Degraded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::{Confidence, EndCause, InstanceEvent, Layout, Turn};

    fn service(cause: Option<EndCause>) -> Service {
        let went = |cause| InstanceEvent {
            key: b"x".as_slice().into(),
            id: "x".into(),
            lease: 1,
            turn: Turn::Down,
            cause: Some(cause),
            revision: 1,
            at: 1,
        };
        Service {
            folder: b"/s/".as_slice().into(),
            name: "s".into(),
            layout: Layout::Plain,
            confidence: Confidence::Certain,
            instances: imbl::OrdMap::new(),
            past: std::sync::Arc::new(cause.map(went).into_iter().collect()),
        }
    }

    #[test]
    fn one_bad_instance_of_many_does_not_make_a_service_down() {
        let service = service(Some(EndCause::Expired));
        let of = |up, starting, late, down, unknown| {
            service.standing(&InstanceCounts { up, starting, late, down, unknown })
        };
        assert_eq!(of(25, 0, 0, 0, 0), Standing::Up);
        assert_eq!(of(24, 1, 0, 0, 0), Standing::Up, "one that starts is nothing to worry about");
        assert_eq!(of(24, 0, 0, 1, 0), Standing::Degraded);
        assert_eq!(of(24, 0, 1, 0, 0), Standing::Degraded);
        assert_eq!(of(0, 0, 25, 0, 0), Standing::Degraded, "those that are late may still serve");
        assert_eq!(of(0, 2, 0, 0, 0), Standing::Degraded, "nobody serves yet");
        assert_eq!(of(0, 0, 1, 24, 0), Standing::Degraded);
        assert_eq!(of(0, 0, 0, 25, 0), Standing::Down);
        assert_eq!(of(0, 0, 0, 0, 3), Standing::Unknown);
        assert_eq!(of(1, 0, 0, 0, 3), Standing::Up);
    }

    #[test]
    fn a_service_without_instances_is_down_unless_the_last_left_by_itself() {
        let none = InstanceCounts::default();
        assert_eq!(service(Some(EndCause::Expired)).standing(&none), Standing::Down);
        assert_eq!(service(Some(EndCause::Released)).standing(&none), Standing::Gone);
        assert_eq!(service(None).standing(&none), Standing::Gone);
    }
}

//! How long to wait before trying again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(800);
/// One console asks seldom enough at this distance, and is back within ten seconds after an outage,
/// with the jitter and the first answer.
const LONGEST: Duration = Duration::from_millis(6_400);
/// While members do answer but lose us again and again.
const LONGEST_WHILE_ANSWERED: Duration = Duration::from_secs(5);
/// After so long without a loss the next one begins anew.
const QUIET: Duration = Duration::from_secs(120);
/// A loss after so long is tried again at once: there are other members.
const SETTLED: Duration = Duration::from_secs(15);

/// Doubling waits with jitter.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    losses: u32,
    last_loss: Option<Instant>,
}

impl Backoff {
    /// How long to wait after a loss at `now`; `was_live`: the connection had worked.
    pub(super) fn after_loss(&mut self, now: Instant, was_live: bool) -> Duration {
        let quiet = self.last_loss.map(|last| now.saturating_duration_since(last));
        self.last_loss = Some(now);
        if quiet.is_none_or(|quiet| quiet >= QUIET) {
            self.losses = 0;
        }
        if was_live && quiet.is_none_or(|quiet| quiet >= SETTLED) {
            return Duration::ZERO;
        }
        let longest = if was_live { LONGEST_WHILE_ANSWERED } else { LONGEST };
        let wait = FIRST.saturating_mul(1 << self.losses.min(6)).min(longest);
        self.losses = self.losses.saturating_add(1);
        // Between 75 % and 125 %, so that many consoles do not come back at the same moment.
        let random = u32::try_from(RandomState::new().hash_one(self.losses) % 512).unwrap_or(256);
        wait.mul_f64(0.75 + f64::from(random) / 1024.0)
    }

    /// The operator asked: begin anew.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_quiet() {
        let mut backoff = Backoff::default();
        let start = Instant::now();
        let waits: Vec<f64> = (0..9).map(|_| backoff.after_loss(start, false).as_secs_f64()).collect();
        for (wait, base) in waits.iter().zip([0.8, 1.6, 3.2, 6.4, 6.4, 6.4, 6.4, 6.4, 6.4]) {
            assert!((base * 0.74..=base * 1.26).contains(wait), "{waits:?}");
        }
        assert!(backoff.after_loss(start + QUIET, false).as_secs_f64() < 1.1);
    }

    #[test]
    fn a_loss_after_a_settled_time_is_tried_again_at_once() {
        let mut backoff = Backoff::default();
        let start = Instant::now();
        assert_eq!(backoff.after_loss(start, true), Duration::ZERO);
        let soon = start + Duration::from_secs(1);
        assert!(backoff.after_loss(soon, true) > Duration::from_millis(500));
        assert_eq!(backoff.after_loss(soon + SETTLED, true), Duration::ZERO);
    }
}

//! Why something ended that lived on a lease, worked out from what the lease was told to have left before
//! and whether it is there afterwards. What can not be known is said to be unknown.
//!
//! What the reasoning stands on:
//! - etcd deletes the keys of a lease together with the lease, in one revision. A key that is gone while its
//!   lease is there was deleted by itself.
//! - A lease never ends by itself before its time, and a renewal or a new leader only moves its end to later:
//!   a lease that is known to be gone before the end that was told last was revoked.
//! - A lease that runs out is deleted within about a second, if the cluster has a leader. What is gone at
//!   that time, and was not renewed when it should have been, ran out.

use super::ending::EndCause;
use super::lease::LeaseInfo;
use crate::model::status::SeenAt;

/// Two clocks that count milliseconds apart agree to within this.
const CLOCK_SLACK_MS: i64 = 100;
/// etcd looks for leases that ran out every 500 ms, and deletes them through the log: this long after the
/// end, at most, where all is well.
const DELETED_WITHIN_MS: i64 = 1_500;
/// A key goes together with its lease, but the leader may do so a moment later than the member that told of it:
/// a lease that is there this long after its key, in milliseconds, may have outlived it; after the second time
/// it has.
const OUTLIVED_MS: (i64, i64) = (200, 500);
/// A lease is asked for again no sooner than this.
const SOONEST_MS: i64 = 500;

/// What a living lease was told to have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTold {
    /// What was told, and when it was asked.
    pub info: LeaseInfo,
    /// When the answer was there.
    pub answered_at: SeenAt,
}

impl LeaseTold {
    /// The moment before which it can not have ended by itself. (Seconds told are whole ones: it had at
    /// least as much left when it was asked.)
    #[must_use]
    pub fn earliest_end(&self) -> SeenAt {
        self.info.seen_at.saturating_add(self.info.remaining_secs.saturating_mul(1_000))
    }

    /// The moment by which its keys are gone if nobody renews it, where all is well.
    #[must_use]
    pub fn latest_end(&self) -> SeenAt {
        let left = (self.info.remaining_secs.saturating_add(1)).saturating_mul(1_000);
        self.answered_at.saturating_add(left).saturating_add(DELETED_WITHIN_MS)
    }

    /// Whether a renewal was due before it was asked: clients renew when a third of the time has passed.
    #[must_use]
    pub fn missed_a_renewal(&self) -> bool {
        self.info.missed_a_renewal()
    }

    /// When it should be asked for again, so that running out and being revoked can be told apart: when half
    /// of its time is over, and then in ever shorter steps.
    #[must_use]
    pub fn due_again(&self) -> SeenAt {
        let LeaseInfo { granted_secs, remaining_secs, seen_at, .. } = self.info;
        let left_ms = remaining_secs.saturating_mul(1_000);
        let wait_ms = if self.missed_a_renewal() {
            left_ms / 2
        } else {
            left_ms.saturating_sub(granted_secs.saturating_mul(500))
        };
        seen_at.saturating_add(wait_ms.max(SOONEST_MS))
    }
}

/// When a key was seen to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Went {
    /// When that was seen.
    pub seen_at: SeenAt,
    /// It was seen as it happened: the mirror was live, and not catching up.
    pub at_once: bool,
}

/// Why a key went, while it is being found out.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    went: Went,
    before: Option<LeaseTold>,
    /// Its lease was still there a moment later: that it ran out is not why the key went, or not for sure.
    outlived: bool,
}

impl Case {
    /// One of which nothing has been told since. `before`: what its lease was told to have left last, asked
    /// before the key went.
    #[must_use]
    pub fn new(went: Went, before: Option<LeaseTold>) -> Self {
        Self { went, before, outlived: false }
    }

    /// Takes in what was told of the lease. `None`: that does not decide it, the lease is to be asked for again.
    pub fn hear(&mut self, told: LeaseTold) -> Option<EndCause> {
        if told.info.is_gone() {
            return Some(self.gone_by(told.answered_at));
        }
        let later_ms = told.info.seen_at - self.went.seen_at;
        if later_ms < 0 {
            // It tells nothing of afterwards.
            if self.before.is_none_or(|known| known.info.seen_at <= told.info.seen_at) {
                self.before = Some(told);
            }
            return None;
        }
        if told.info.remaining_secs > 0 || later_ms >= OUTLIVED_MS.1 || self.was_too_early(self.went.seen_at)
        {
            return Some(EndCause::Released);
        }
        self.outlived |= later_ms >= OUTLIVED_MS.0;
        None
    }

    /// The lease is gone: by this moment at the latest, when that was answered.
    #[must_use]
    pub fn gone_by(&self, moment: SeenAt) -> EndCause {
        let Some(before) = &self.before else { return EndCause::Unknown };
        // However late it was seen: it went no later than that.
        if self.was_too_early(self.went.seen_at) {
            // A lease that could have run out since, by itself, tells nothing of why the key went before.
            return if self.was_too_early(moment) { EndCause::Revoked } else { EndCause::Unknown };
        }
        let in_time = self.went.seen_at <= before.latest_end();
        let ran_out = self.went.at_once && in_time && before.missed_a_renewal() && !self.outlived;
        if ran_out { EndCause::Expired } else { EndCause::Unknown }
    }

    /// What was told before a clock jumped is not counted on.
    pub fn forget(&mut self) {
        self.before = None;
    }

    /// Whether the lease can not have run out by this moment.
    fn was_too_early(&self, moment: SeenAt) -> bool {
        self.before.is_some_and(|told| moment.saturating_add(CLOCK_SLACK_MS) < told.earliest_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked at 10 s for a lease of 10 s; answered 20 ms later.
    fn told(remaining_secs: i64) -> LeaseTold {
        let info = LeaseInfo { id: 7, granted_secs: 10, remaining_secs, seen_at: 10_000 };
        LeaseTold { info, answered_at: 10_020 }
    }

    fn went(seen_at: SeenAt) -> Went {
        Went { seen_at, at_once: true }
    }

    /// How the lease is, asked for after its key was gone.
    #[derive(Clone, Copy)]
    enum LeaseAfter {
        Alive(i64),
        Gone(SeenAt),
    }

    /// Decided by one answer, asked for as soon as the key had gone.
    fn cause(went: Went, before: Option<&LeaseTold>, after: LeaseAfter) -> Option<EndCause> {
        let mut case = Case::new(went, before.copied());
        let (remaining_secs, answered_at) = match after {
            LeaseAfter::Alive(secs) => (secs, went.seen_at),
            LeaseAfter::Gone(by) => (-1, by),
        };
        let info = LeaseInfo { id: 7, granted_secs: 10, remaining_secs, seen_at: went.seen_at };
        case.hear(LeaseTold { info, answered_at })
    }

    /// The lease was asked for as soon as the key had gone.
    fn gone(seen_at: SeenAt, remaining_secs: i64) -> EndCause {
        cause(went(seen_at), Some(&told(remaining_secs)), LeaseAfter::Gone(seen_at + 20)).expect("decided")
    }

    #[test]
    fn a_key_that_is_gone_while_its_lease_lives_was_released() {
        assert_eq!(cause(went(12_000), Some(&told(9)), LeaseAfter::Alive(7)), Some(EndCause::Released));
        assert_eq!(cause(went(12_000), None, LeaseAfter::Alive(1)), Some(EndCause::Released));
        let late = Went { seen_at: 99_000, at_once: false };
        assert_eq!(cause(late, None, LeaseAfter::Alive(3)), Some(EndCause::Released), "however late");
    }

    #[test]
    fn a_lease_about_to_be_deleted_is_asked_for_again() {
        assert_eq!(cause(went(12_500), Some(&told(2)), LeaseAfter::Alive(0)), None);
    }

    #[test]
    fn what_is_gone_before_its_time_was_revoked() {
        for (seen_at, remaining) in [(10_500, 9), (18_800, 9), (11_000, 2), (11_800, 2)] {
            assert_eq!(gone(seen_at, remaining), EndCause::Revoked, "{seen_at} {remaining}");
        }
        // Even where it was seen late: it went earlier still.
        let late = Went { seen_at: 15_000, at_once: false };
        assert_eq!(cause(late, Some(&told(9)), LeaseAfter::Gone(15_020)), Some(EndCause::Revoked));
    }

    /// With 2 whole seconds left when it was asked, it lasts until 12 s at least.
    #[test]
    fn a_key_deleted_shortly_before_its_lease_ran_out_was_not_revoked() {
        let found = |after| cause(went(11_500), Some(&told(2)), after);
        assert_eq!(found(LeaseAfter::Alive(0)), Some(EndCause::Released), "its lease outlived it");
        assert_eq!(found(LeaseAfter::Gone(12_600)), Some(EndCause::Unknown), "it may have run out since");
        assert_eq!(
            found(LeaseAfter::Gone(11_950)),
            Some(EndCause::Unknown),
            "clocks agree to within so much"
        );
        assert_eq!(found(LeaseAfter::Gone(11_600)), Some(EndCause::Revoked));
    }

    #[test]
    fn what_is_gone_in_its_time_and_was_not_renewed_ran_out() {
        // With 2 whole seconds left it ends between 12 and 13 s, and is deleted by 14.5 s.
        for seen_at in [11_950, 12_000, 13_000, 14_500] {
            assert_eq!(gone(seen_at, 2), EndCause::Expired, "{seen_at}");
        }
        assert_eq!(gone(10_300, 0), EndCause::Expired, "it had run out when it was asked for");
    }

    #[test]
    fn what_is_gone_later_was_renewed_and_is_unknown() {
        assert_eq!(gone(14_600, 2), EndCause::Unknown);
        assert_eq!(gone(60_000, 2), EndCause::Unknown);
    }

    /// Renewed a moment before it was asked for, then looked at no more: it may have been renewed again
    /// and revoked just then.
    #[test]
    fn what_was_not_looked_at_closely_is_unknown() {
        assert_eq!(gone(19_500, 9), EndCause::Unknown);
        assert_eq!(gone(16_500, 6), EndCause::Unknown);
        assert_eq!(gone(15_500, 5), EndCause::Expired, "a renewal was due before");
        assert_eq!(cause(went(12_000), None, LeaseAfter::Gone(12_020)), Some(EndCause::Unknown));
    }

    /// When the mirror catches up, what it tells of may have happened long ago.
    #[test]
    fn what_was_not_seen_as_it_happened_did_not_run_out_for_sure() {
        let late = Went { seen_at: 13_000, at_once: false };
        assert_eq!(cause(late, Some(&told(2)), LeaseAfter::Gone(13_020)), Some(EndCause::Unknown));
    }

    /// A new leader gives every lease its whole time again: what is told then only moves the end to later.
    #[test]
    fn a_jump_upwards_is_a_renewal() {
        assert_eq!(gone(12_500, 2), EndCause::Expired);
        assert_eq!(gone(12_500, 11), EndCause::Revoked, "more left than was granted");
    }

    #[test]
    fn a_lease_is_asked_for_when_half_of_its_time_is_over_and_then_ever_sooner() {
        let due_after = |remaining: i64| told(remaining).due_again() - 10_000;
        assert_eq!([due_after(9), due_after(6), due_after(5), due_after(2)], [4_000, 1_000, 2_500, 1_000]);
        assert_eq!(due_after(0), SOONEST_MS);
        // Asked for then, a lease that was not renewed is one that missed a renewal.
        for remaining in 0..10 {
            let first = told(remaining);
            let passed_secs = (first.due_again() - 10_000) / 1_000;
            let next = told((remaining - passed_secs).max(0));
            let still_there = first.due_again() < first.earliest_end();
            assert!(!still_there || next.missed_a_renewal(), "{remaining}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let info = LeaseInfo { id: 1, granted_secs: i64::MAX, remaining_secs: i64::MAX, seen_at: i64::MAX };
        let told = LeaseTold { info, answered_at: i64::MAX };
        let ends = [told.earliest_end(), told.latest_end(), told.due_again()];
        assert!(ends.iter().all(|end| *end == i64::MAX), "{ends:?}");
    }
}

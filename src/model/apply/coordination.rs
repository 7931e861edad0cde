//! Taking in what was told of leases.

use crate::model::coordination::LeaseInfo;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::EventKind;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::world::{ToastKind, ToastText};

/// TTLs of at most so many leases are remembered.
const MOST_LEASES: usize = 65_536;

type Message = (ToastKind, ToastText);

impl Session {
    /// Takes an answer about leases in; what is to be said of it.
    pub(super) fn apply_leases(&mut self, kind: EventKind, now: SeenAt) -> Option<Message> {
        match kind {
            EventKind::LeaseList(list) => {
                self.all_leases.answer(list);
                None
            }
            EventKind::Leases(Ok(leases)) => {
                for lease in leases {
                    self.lease_told(lease);
                }
                self.forget_old_leases();
                None
            }
            EventKind::LeaseGranted(Ok(lease)) => {
                self.lease_told(lease);
                if let Some(all) = self.all_leases.value_mut()
                    && let Err(at) = all.binary_search(&lease.id)
                {
                    all.insert(at, lease.id);
                }
                self.chosen.lease = Some(lease.id);
                let (lease, secs) = (lease.id, lease.granted_secs);
                Some((ToastKind::Success, ToastText::LeaseGranted { lease, secs }))
            }
            EventKind::LeaseKept { lease, kept: Ok(info) } => {
                self.lease_told(info);
                let secs = info.remaining_secs.max(0);
                Some((ToastKind::Success, ToastText::LeaseKept { lease, secs }))
            }
            EventKind::LeaseRevoked { lease, ended: Ok(()) } => {
                self.lease_gone(lease, now);
                Some((ToastKind::Success, ToastText::LeaseRevoked(lease)))
            }
            EventKind::LeaseKept { lease, kept: Err(fault) }
            | EventKind::LeaseRevoked { lease, ended: Err(fault) } => {
                if fault.kind == FaultKind::LeaseNotFound {
                    self.lease_gone(lease, now);
                }
                Some(failure(fault))
            }
            EventKind::Leases(Err(fault)) | EventKind::LeaseGranted(Err(fault)) => Some(failure(fault)),
            _ => None,
        }
    }

    /// What a lease has left. An answer that was asked before the one that is known changes nothing.
    fn lease_told(&mut self, lease: LeaseInfo) {
        let newer = |known: &LeaseInfo| known.seen_at <= lease.seen_at;
        if self.leases.get(&lease.id).is_none_or(newer) {
            self.leases.insert(lease.id, lease);
        }
    }

    fn lease_gone(&mut self, id: i64, now: SeenAt) {
        let granted_secs = self.leases.get(&id).map_or(0, |lease| lease.granted_secs);
        self.leases.insert(id, LeaseInfo { id, granted_secs, remaining_secs: -1, seen_at: now });
        if let Some(all) = self.all_leases.value_mut() {
            all.retain(|lease| *lease != id);
        }
    }

    /// TTLs are asked for again where they are shown: those that were looked at long ago can go.
    fn forget_old_leases(&mut self) {
        if self.leases.len() <= MOST_LEASES {
            return;
        }
        // A quarter at once: not with every answer from then on.
        let too_many = self.leases.len() - MOST_LEASES / 4 * 3;
        let mut by_age: Vec<_> = self.leases.values().map(|lease| (lease.seen_at, lease.id)).collect();
        by_age.sort_unstable();
        for (_, id) in by_age.into_iter().take(too_many) {
            self.leases.remove(&id);
        }
    }
}

fn failure(fault: Fault) -> Message {
    (ToastKind::Failure, ToastText::Fault(fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loadable::Loadable;

    const NOW: SeenAt = 1_000;

    fn info(id: i64, remaining_secs: i64, seen_at: i64) -> LeaseInfo {
        LeaseInfo { id, granted_secs: 60, remaining_secs, seen_at }
    }

    #[test]
    fn leases_looked_at_long_ago_are_forgotten() {
        let mut session = Session::default();
        for start in (0..70_000).step_by(500) {
            let leases = (start..start + 500).map(|id| info(id, 30, id)).collect();
            session.apply_leases(EventKind::Leases(Ok(leases)), NOW);
            assert!(session.leases.len() <= MOST_LEASES);
        }
        assert!(session.leases.contains_key(&69_999) && !session.leases.contains_key(&0));
    }

    #[test]
    fn a_granted_lease_is_chosen_and_in_the_list() {
        let mut session = Session { all_leases: Loadable::ready(vec![3, 9]), ..Session::default() };
        let said = session.apply_leases(EventKind::LeaseGranted(Ok(info(7, 60, 5))), NOW);
        assert_eq!(said, Some((ToastKind::Success, ToastText::LeaseGranted { lease: 7, secs: 60 })));
        assert_eq!((session.chosen.lease, session.all_leases.value()), (Some(7), Some(&vec![3, 7, 9])));
    }

    #[test]
    fn what_is_revoked_or_found_gone_is_gone() {
        for ended in [Ok(()), Err(Fault::new(FaultKind::LeaseNotFound, ""))] {
            let mut session = Session { all_leases: Loadable::ready(vec![3, 7]), ..Session::default() };
            session.apply_leases(EventKind::Leases(Ok(vec![info(7, 30, 5)])), NOW);
            let said = session.apply_leases(EventKind::LeaseRevoked { lease: 7, ended: ended.clone() }, NOW);
            let kind = if ended.is_ok() { ToastKind::Success } else { ToastKind::Failure };
            assert_eq!(said.map(|(kind, _)| kind), Some(kind));
            assert_eq!(session.leases.get(&7).map(|lease| lease.remaining_secs), Some(-1));
            assert_eq!(session.all_leases.value(), Some(&vec![3]));
        }
        let mut session = Session { all_leases: Loadable::ready(vec![7]), ..Session::default() };
        let unknown = Err(Fault::new(FaultKind::OutcomeUnknown, ""));
        session.apply_leases(EventKind::LeaseRevoked { lease: 7, ended: unknown }, NOW);
        assert_eq!(session.all_leases.value(), Some(&vec![7]), "whether it is gone is not known");
    }

    #[test]
    fn an_older_answer_does_not_take_the_place_of_a_newer_one() {
        let mut session = Session::default();
        session.apply_leases(EventKind::Leases(Ok(vec![info(7, 30, 500)])), NOW);
        session.apply_leases(EventKind::Leases(Ok(vec![info(7, 2, 400)])), NOW);
        assert_eq!(session.leases.get(&7), Some(&info(7, 30, 500)));
    }
}

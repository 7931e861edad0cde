//! Taking in what was told of leases.

use super::FollowUp;
use crate::model::bytes::Key;
use crate::model::coordination::{Coordination, LeaseInfo};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, EventKind, RequestId};
use crate::model::record::KeyRecord;
use crate::model::session::{Attaching, Session};
use crate::model::status::SeenAt;
use crate::model::world::{ToastKind, ToastText};
use crate::model::write::{Expect, LeaseChoice, PutRequest};

/// TTLs of at most so many leases are remembered.
const MOST_LEASES: usize = 65_536;
/// Leases are counted so often at most, in milliseconds; where there are more than so many, a tenth as often.
const COUNT_EVERY_MS: i64 = 500;
const MANY_LEASES: usize = 20_000;

type Message = (ToastKind, ToastText);

impl Session {
    /// Takes an answer about leases in; what is to be said of it.
    pub(super) fn apply_leases(
        &mut self,
        request: RequestId,
        kind: EventKind,
        now: SeenAt,
    ) -> Option<Message> {
        match kind {
            EventKind::LeaseList(list) => {
                self.all_leases.answer(list);
                self.count_leases(now);
                None
            }
            EventKind::Leases(Ok(leases)) => {
                for lease in leases {
                    self.lease_told(lease);
                }
                self.forget_old_leases();
                self.count_leases_now_and_then(now);
                None
            }
            // The banner says so already, and what is left is asked for again on its own.
            EventKind::Leases(Err(fault)) if no_answer(&fault) => None,
            EventKind::LeaseGranted(Ok(lease)) => {
                self.lease_told(lease);
                if let Some(all) = self.all_leases.value_mut()
                    && let Err(at) = all.binary_search(&lease.id)
                {
                    all.insert(at, lease.id);
                }
                self.count_leases(now);
                self.chosen.lease = Some(lease.id);
                let (lease, secs) = (lease.id, lease.granted_secs);
                Some((ToastKind::Success, ToastText::LeaseGranted { lease, secs }))
            }
            EventKind::LeaseKept { lease, kept: Ok(info) } => {
                self.lease_told(info);
                let secs = info.remaining_secs.max(0);
                Some((ToastKind::Success, ToastText::LeaseKept { lease, secs }))
            }
            EventKind::LeaseRevoked { lease, ended } => {
                let is_gone = |fault: &Fault| fault.kind == FaultKind::LeaseNotFound;
                let asked = self.take_ending(request);
                if ended.as_ref().err().is_none_or(is_gone) {
                    self.lease_gone(lease, now);
                }
                match (asked, ended) {
                    (Some(asked), ended) => Some(self.lease_ended(asked, ended)),
                    (None, Ok(_)) => Some((ToastKind::Success, ToastText::LeaseRevoked(lease))),
                    (None, Err(fault)) => Some(failure(fault)),
                }
            }
            EventKind::LeaseKept { lease, kept: Err(fault) } => {
                if fault.kind == FaultKind::LeaseNotFound {
                    self.lease_gone(lease, now);
                }
                Some((ToastKind::Failure, ToastText::LeaseNotKept { lease, fault }))
            }
            EventKind::Leases(Err(fault)) | EventKind::LeaseGranted(Err(fault)) => Some(failure(fault)),
            _ => None,
        }
    }

    /// The value of a key that is to be attached to a lease was read: it is written again as it is.
    pub(super) fn apply_attaching(
        &mut self,
        key: &Key,
        request: RequestId,
        record: &Result<Option<KeyRecord>, Fault>,
        follow_ups: &mut Vec<FollowUp>,
    ) -> Option<Message> {
        let Attaching { revision, lease, .. } = self.attaching.take_if(|it| it.request == request)?;
        let record = match record {
            Ok(record) => record.as_ref(),
            Err(fault) => return Some(failure(fault.clone())),
        };
        let value = record.filter(|it| it.meta.mod_revision == revision).and_then(|it| it.value.clone());
        let Some(value) = value else {
            return Some(failure(Fault::new(FaultKind::Conflict, "the key has changed since it was chosen")));
        };
        let (expect, lease) = (Expect::Revision(revision), LeaseChoice::Attach(lease));
        let put = PutRequest { key: key.clone(), value, expect, lease };
        follow_ups.push((self.id, CommandKind::Put(put)));
        None
    }

    /// What a lease has left. An answer that was asked before the one that is known changes nothing, and
    /// when a lease was found gone is when it was first.
    fn lease_told(&mut self, lease: LeaseInfo) {
        let known = self.leases.get(&lease.id);
        if known.is_some_and(|known| known.seen_at > lease.seen_at || (known.is_gone() && lease.is_gone())) {
            return;
        }
        self.gone_leases += u64::from(lease.is_gone());
        self.leases.insert(lease.id, lease);
    }

    fn lease_gone(&mut self, id: i64, now: SeenAt) {
        let granted_secs = self.leases.get(&id).map_or(0, |lease| lease.granted_secs);
        self.leases.insert(id, LeaseInfo { id, granted_secs, remaining_secs: -1, seen_at: now });
        self.gone_leases += 1;
        if let Some(all) = self.all_leases.value_mut() {
            all.retain(|lease| *lease != id);
        }
        self.count_leases(now);
    }

    /// Counts the leases that there are: those found gone are not, whether keys are still seen on them or not.
    fn count_leases(&mut self, now: SeenAt) {
        self.leases_counted_at = now;
        let gone = |id: &i64| self.leases.get(id).is_some_and(LeaseInfo::is_gone);
        let bare = self.all_leases.value().map_or(0, |all| bare(all, &self.coordination, gone));
        let used = &self.coordination.leases;
        let on_gone = self.leases.values().filter(|lease| lease.is_gone());
        let on_gone = on_gone.filter(|lease| used.contains_key(&lease.id)).count();
        self.lease_count = used.len().saturating_sub(on_gone) + bare;
    }

    /// Counts them where it was not done lately: where there are many it takes a while.
    pub(super) fn count_leases_now_and_then(&mut self, now: SeenAt) {
        let all = self.all_leases.value().map_or(0, Vec::len);
        let many = all + self.coordination.leases.len() + self.leases.len() > MANY_LEASES;
        let every = if many { COUNT_EVERY_MS * 10 } else { COUNT_EVERY_MS };
        if !(0..every).contains(&(now - self.leases_counted_at)) {
            self.count_leases(now);
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

/// How many of these leases, in order, have no key and are there.
fn bare(all: &[i64], coordination: &Coordination, gone: impl Fn(&i64) -> bool) -> usize {
    let mut attached = coordination.leases.keys().peekable();
    let is_bare = |lease: &&i64| {
        while attached.next_if(|attached| attached < lease).is_some() {}
        attached.peek() != Some(lease) && !gone(lease)
    };
    all.iter().filter(is_bare).count()
}

/// Whether there was no answer because the cluster, or the way to it, does not give any.
fn no_answer(fault: &Fault) -> bool {
    use FaultKind::{HostUnknown, NoLeader, PortClosed, TimedOut, Unavailable};
    matches!(fault.kind, HostUnknown | NoLeader | PortClosed | TimedOut | Unavailable)
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
            session.apply_leases(RequestId(1), EventKind::Leases(Ok(leases)), NOW);
            assert!(session.leases.len() <= MOST_LEASES);
        }
        assert!(session.leases.contains_key(&69_999) && !session.leases.contains_key(&0));
    }

    #[test]
    fn leases_are_counted_with_those_without_keys_and_without_those_that_are_gone() {
        let mut session = Session::default();
        for lease in [2, 5, 9] {
            session.coordination.leases.insert(lease, Default::default());
        }
        for (all, bare) in [(vec![1, 2, 3, 5, 8, 9, 11], 4), (vec![5], 0), (vec![], 0), (vec![12], 1)] {
            session.apply_leases(RequestId(1), EventKind::LeaseList(Ok(all)), NOW);
            assert_eq!(session.lease_count, 3 + bare);
        }
        session.apply_leases(RequestId(1), EventKind::LeaseList(Ok(vec![2, 7, 8])), NOW);
        assert_eq!(session.lease_count, 5);
        // One without keys and one whose keys are still seen.
        let told = vec![info(7, -1, 5), info(9, -1, 5), info(8, 30, 5)];
        session.apply_leases(RequestId(1), EventKind::Leases(Ok(told)), NOW + 1_000);
        assert_eq!((session.lease_count, session.gone_leases), (3, 2));
        session.apply_leases(RequestId(1), EventKind::Leases(Ok(vec![info(7, -1, 900)])), NOW + 2_000);
        assert_eq!(session.leases.get(&7), Some(&info(7, -1, 5)), "since when it is known to be gone");
        assert_eq!(session.gone_leases, 2);
    }

    /// A banner says that there is no answer; it is no news for each question that nobody asked by hand.
    #[test]
    fn times_left_that_could_not_be_asked_raise_no_message_of_their_own() {
        let mut session = Session::default();
        let mut said = |kind| {
            let answer = EventKind::Leases(Err(Fault::new(kind, "")));
            session.apply_leases(RequestId(1), answer, NOW).is_some()
        };
        assert!(!said(FaultKind::TimedOut) && !said(FaultKind::Unavailable));
        assert!(said(FaultKind::PermissionDenied));
    }

    #[test]
    fn a_granted_lease_is_chosen_and_in_the_list() {
        let mut session = Session { all_leases: Loadable::ready(vec![3, 9]), ..Session::default() };
        let said = session.apply_leases(RequestId(1), EventKind::LeaseGranted(Ok(info(7, 60, 5))), NOW);
        assert_eq!(said, Some((ToastKind::Success, ToastText::LeaseGranted { lease: 7, secs: 60 })));
        assert_eq!((session.chosen.lease, session.all_leases.value()), (Some(7), Some(&vec![3, 7, 9])));
    }

    #[test]
    fn what_is_revoked_or_found_gone_is_gone() {
        for ended in [Ok(9), Err(Fault::new(FaultKind::LeaseNotFound, ""))] {
            let mut session = Session { all_leases: Loadable::ready(vec![3, 7]), ..Session::default() };
            session.apply_leases(RequestId(1), EventKind::Leases(Ok(vec![info(7, 30, 5)])), NOW);
            let said = session.apply_leases(
                RequestId(1),
                EventKind::LeaseRevoked { lease: 7, ended: ended.clone() },
                NOW,
            );
            let kind = if ended.is_ok() { ToastKind::Success } else { ToastKind::Failure };
            assert_eq!(said.map(|(kind, _)| kind), Some(kind));
            assert_eq!(session.leases.get(&7).map(|lease| lease.remaining_secs), Some(-1));
            assert_eq!(session.all_leases.value(), Some(&vec![3]));
        }
        let mut session = Session { all_leases: Loadable::ready(vec![7]), ..Session::default() };
        let unknown = Err(Fault::new(FaultKind::OutcomeUnknown, ""));
        session.apply_leases(RequestId(1), EventKind::LeaseRevoked { lease: 7, ended: unknown }, NOW);
        assert_eq!(session.all_leases.value(), Some(&vec![7]), "whether it is gone is not known");
    }

    /// Where the mirror keeps no values the key is read first, and written only as it was chosen.
    #[test]
    fn a_key_is_attached_with_the_value_that_was_read_and_only_at_its_revision() {
        use crate::model::record::KeyMeta;
        let key = Key::from(b"/a".as_slice());
        let attach = |found: Result<Option<i64>, Fault>, request: u64| {
            let attaching = Some(Attaching { request: RequestId(5), revision: 9, lease: 7 });
            let mut session = Session { attaching, ..Session::default() };
            let mut follow_ups = Vec::new();
            let record = found.map(|revision| {
                revision.map(|mod_revision| KeyRecord {
                    key: key.clone(),
                    meta: KeyMeta { create_revision: 2, mod_revision, version: 3, lease: 0 },
                    value: Some(b"as it is".as_slice().into()),
                })
            });
            let said = session.apply_attaching(&key, RequestId(request), &record, &mut follow_ups);
            (said.is_some(), follow_ups, session.attaching.is_some())
        };
        let (said, follow_ups, _) = attach(Ok(Some(9)), 5);
        let [(_, CommandKind::Put(put))] = follow_ups.as_slice() else { panic!("{follow_ups:?}") };
        assert_eq!((&*put.value, put.expect), (b"as it is".as_slice(), Expect::Revision(9)));
        assert!(!said && put.lease == LeaseChoice::Attach(7));
        for changed in [Ok(Some(10)), Ok(None), Err(Fault::new(FaultKind::Unavailable, ""))] {
            let (said, follow_ups, waits) = attach(changed, 5);
            assert!(said && follow_ups.is_empty() && !waits, "it is said, and nothing is written");
        }
        let (said, follow_ups, waits) = attach(Ok(Some(9)), 6);
        assert!(!said && follow_ups.is_empty() && waits, "another answer");
    }

    #[test]
    fn an_older_answer_does_not_take_the_place_of_a_newer_one() {
        let mut session = Session::default();
        session.apply_leases(RequestId(1), EventKind::Leases(Ok(vec![info(7, 30, 500)])), NOW);
        session.apply_leases(RequestId(1), EventKind::Leases(Ok(vec![info(7, 2, 400)])), NOW);
        assert_eq!(session.leases.get(&7), Some(&info(7, 30, 500)));
    }
}

//! Who leads the cluster itself, worked out from what each member tells at its own endpoint. Members may
//! disagree: while a leader is elected, and when one of them is cut off.

use super::fault::FaultKind;
use super::status::{ClusterStatus, MemberStatus};

/// Who leads the cluster, as far as its members tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Leader {
    /// The member with this id.
    Member(u64),
    /// No member that answered knows one: one is being elected, or there is no majority.
    Nobody,
    /// Members answer, but do not tell it to this user.
    Withheld,
    /// No member answers.
    #[default]
    Unreachable,
}

impl Leader {
    /// The leader's id, where one is known.
    #[must_use]
    pub fn id(self) -> Option<u64> {
        match self {
            Self::Member(id) => Some(id),
            Self::Nobody | Self::Withheld | Self::Unreachable => None,
        }
    }
}

/// A member that tells something else than what is taken to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dissent {
    /// The member's name.
    pub member: String,
    /// The term that it is in; 0: it did not say.
    pub term: u64,
    /// Who leads, as it believes; `None`: it knows no leader.
    pub leader: Option<String>,
}

/// Who leads the cluster and in which term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The Raft term; 0: not known.
    pub term: u64,
    /// Who leads.
    pub leader: Leader,
    /// The leader's name; empty where none is known.
    pub name: String,
    /// Whether the leader answers and says so itself, not its followers alone.
    pub told_by_itself: bool,
    /// Members that tell something else.
    pub dissent: Vec<Dissent>,
}

impl MemberStatus {
    /// Whether it tells this user its status. (etcd 3.5 tells a member's status to administrators alone: to
    /// others it answers, but does not even say its version.)
    #[must_use]
    pub fn tells(&self) -> bool {
        self.fault.is_none() && !self.version.is_empty()
    }

    /// Whether it answers: one that refuses for want of a leader does.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.fault.is_none() || self.refuses_without_leader()
    }

    /// Whether it knows no leader: it refuses to tell more then.
    fn refuses_without_leader(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::NoLeader)
    }

    /// Who leads, as this member believes.
    fn believes_in(&self) -> Option<u64> {
        if self.is_leader { Some(self.id) } else { self.leader.filter(|id| *id != 0) }
    }

    /// What to call it: its name, else its endpoint.
    #[must_use]
    pub fn called(&self) -> &str {
        if self.name.is_empty() { &self.endpoint } else { &self.name }
    }
}

impl ClusterStatus {
    /// Who leads, as the members tell; `None`: none has been asked yet.
    ///
    /// The highest term in which a leader is known counts. Where members are in a higher term without one,
    /// the leader stands only if it says itself that it leads, and most members do not know better: a member
    /// that was cut off may raise its term for ever, a leader that was cut off may not know that it lost.
    #[must_use]
    pub fn leadership(&self) -> Option<Leadership> {
        if self.members.is_empty() {
            return None;
        }
        let told: Vec<&MemberStatus> = self.members.iter().filter(|member| member.tells()).collect();
        let Some(highest) = told.iter().map(|member| member.raft_term).max() else {
            let any = |is: fn(&MemberStatus) -> bool| self.members.iter().any(is);
            let leader = if any(MemberStatus::refuses_without_leader) {
                Leader::Nobody
            } else if any(MemberStatus::answers) {
                Leader::Withheld
            } else {
                Leader::Unreachable
            };
            return Some(Leadership { leader, ..Leadership::default() });
        };
        let best = told
            .iter()
            .filter_map(|member| Some((member.raft_term, member.believes_in()?)))
            .max_by_key(|(term, id)| (*term, self.says_so_itself(*id, *term)));
        let (term, leader) = match best {
            Some((term, id)) if self.stands(&told, term, id, highest) => (term, Leader::Member(id)),
            _ => (highest, Leader::Nobody),
        };
        let id = leader.id();
        Some(Leadership {
            term,
            leader,
            name: id.map(|id| self.member_name(id)).unwrap_or_default(),
            told_by_itself: id.is_some_and(|id| self.says_so_itself(id, term)),
            dissent: self.members.iter().filter_map(|member| self.dissent(member, term, id)).collect(),
        })
    }

    fn stands(&self, told: &[&MemberStatus], term: u64, id: u64, highest: u64) -> bool {
        let beyond = told.iter().filter(|member| member.raft_term > term).count();
        term == highest || (self.says_so_itself(id, term) && beyond * 2 < self.members.len())
    }

    fn says_so_itself(&self, id: u64, term: u64) -> bool {
        let itself = |member: &&MemberStatus| member.id == id && member.tells();
        self.members.iter().find(itself).is_some_and(|member| member.is_leader && member.raft_term == term)
    }

    fn dissent(&self, member: &MemberStatus, term: u64, leader: Option<u64>) -> Option<Dissent> {
        if member.refuses_without_leader() {
            let member = member.called().to_owned();
            return leader.map(|_| Dissent { member, term: 0, leader: None });
        }
        if !member.tells() {
            return None;
        }
        let believes = member.believes_in();
        let knows_none = member.leader == Some(0) && !member.is_leader;
        let differs = match believes {
            Some(_) => believes != leader,
            None => knows_none && leader.is_some(),
        };
        (differs || member.raft_term != term).then(|| Dissent {
            member: member.called().to_owned(),
            term: member.raft_term,
            leader: believes.map(|id| self.member_name(id)),
        })
    }

    /// The name of the member with this id; the id as etcdctl writes it where it is not among the endpoints.
    #[must_use]
    pub fn member_name(&self, id: u64) -> String {
        let known = self.members.iter().find(|member| member.id == id);
        known.map_or_else(|| format!("{id:x}"), |member| member.called().to_owned())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::fault::{Fault, FaultKind};

    /// One that answers, of a cluster in which `leader` leads.
    pub(in crate::model) fn member(id: u64, raft_term: u64, leader: u64) -> MemberStatus {
        MemberStatus {
            endpoint: format!("http://etcd-{id}:2379"),
            name: format!("etcd-{id}"),
            id,
            version: "3.5.30".into(),
            is_leader: leader == id,
            leader: Some(leader),
            raft_term,
            ..MemberStatus::default()
        }
    }

    fn silent(id: u64) -> MemberStatus {
        let fault = Some(Fault::new(FaultKind::Unavailable, ""));
        MemberStatus { fault, ..member(id, 0, 0) }
    }

    fn of(members: Vec<MemberStatus>) -> Leadership {
        ClusterStatus { members, ..ClusterStatus::default() }.leadership().expect("members were asked")
    }

    #[test]
    fn in_agreement_the_leader_stands() {
        let found = of(vec![member(1, 7, 2), member(2, 7, 2), member(3, 7, 2)]);
        assert_eq!((found.term, found.leader, found.name.as_str()), (7, Leader::Member(2), "etcd-2"));
        assert!(found.told_by_itself && found.dissent.is_empty());
        assert_eq!(ClusterStatus::default().leadership(), None, "nobody has been asked");
    }

    #[test]
    fn of_two_leaders_the_one_of_the_higher_term_counts() {
        // The old leader is cut off and does not know yet.
        let found = of(vec![member(1, 7, 1), member(2, 8, 2), member(3, 8, 2)]);
        assert_eq!((found.term, found.leader), (8, Leader::Member(2)));
        let old = Dissent { member: "etcd-1".into(), term: 7, leader: Some("etcd-1".into()) };
        assert_eq!(found.dissent, [old]);
    }

    #[test]
    fn while_one_is_elected_nobody_leads() {
        // The leader was killed: one follower has gone on to the next term, the other has not.
        let found = of(vec![silent(1), member(2, 8, 0), member(3, 7, 1)]);
        assert_eq!((found.term, found.leader), (8, Leader::Nobody));
        assert_eq!(found.dissent.len(), 1, "etcd-3 still believes in the old one: {found:?}");
        // An old leader that is cut off does not stand against the others.
        let found = of(vec![member(1, 7, 1), member(2, 8, 0), member(3, 8, 0)]);
        assert_eq!((found.term, found.leader), (8, Leader::Nobody));
    }

    #[test]
    fn a_member_that_refuses_for_want_of_a_leader_knows_none() {
        let refuses = |id| {
            let fault = Some(Fault::new(FaultKind::NoLeader, ""));
            MemberStatus { fault, version: String::new(), leader: None, ..member(id, 0, 0) }
        };
        assert_eq!(of(vec![silent(1), silent(2), refuses(3)]).leader, Leader::Nobody);
        let found = of(vec![member(1, 7, 1), member(2, 7, 1), refuses(3)]);
        assert_eq!(found.leader, Leader::Member(1));
        assert_eq!(found.dissent, [Dissent { member: "etcd-3".into(), term: 0, leader: None }]);
    }

    #[test]
    fn followers_tell_of_a_leader_that_does_not_answer() {
        let found = of(vec![silent(1), member(2, 7, 1), member(3, 7, 1)]);
        assert_eq!((found.leader, found.name.as_str()), (Leader::Member(1), "etcd-1"));
        assert!(!found.told_by_itself);
        let found = of(vec![member(2, 7, 0xabc), member(3, 7, 0xabc)]);
        assert_eq!(found.name, "abc", "it is not among the endpoints");
    }

    #[test]
    fn a_member_that_was_cut_off_and_raised_its_term_changes_nothing() {
        let found = of(vec![member(1, 7, 1), member(2, 7, 1), member(3, 31, 0)]);
        assert_eq!((found.term, found.leader), (7, Leader::Member(1)));
        assert_eq!(found.dissent, [Dissent { member: "etcd-3".into(), term: 31, leader: None }]);
        // With pre-vote it stays in its term, and knows no leader.
        let found = of(vec![member(1, 7, 1), member(2, 7, 1), member(3, 7, 0)]);
        assert_eq!(found.dissent, [Dissent { member: "etcd-3".into(), term: 7, leader: None }]);
    }

    #[test]
    fn what_is_not_told_is_not_guessed() {
        assert_eq!(of(vec![silent(1), silent(2)]).leader, Leader::Unreachable);
        let withheld = MemberStatus { version: String::new(), leader: None, ..member(1, 0, 0) };
        let withheld = MemberStatus { is_leader: false, ..withheld };
        assert_eq!(of(vec![withheld.clone(), silent(2)]).leader, Leader::Withheld);
        assert_eq!(of(vec![withheld, member(2, 7, 2)]).leader, Leader::Member(2), "one tells");
    }
}

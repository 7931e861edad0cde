//! Who led the cluster itself: Raft's leaders and terms over the time watched, from each member's own
//! endpoint.

use std::collections::{BTreeMap, VecDeque};

use crate::model::leadership::Leader;
use crate::model::status::{ClusterStatus, SeenAt};

/// So many changes are kept.
pub const MOST_CHANGES: usize = 500;
/// So many lags of each member are kept: with a question every five seconds ten minutes.
pub const MOST_LAGS: usize = 120;
/// Members that were not asked for so long, in milliseconds: what happened meanwhile is not known. (Asking
/// members that do not answer takes some seconds as well.)
pub const GAP_MS: i64 = 60_000;

/// Who led in a time, as far as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reign {
    /// The members told this.
    Seen(Leader),
    /// Nobody was asked: the machine slept, or there was no connection.
    NotAsked,
}

/// What was seen of a leader when another one, or none, had taken its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaftEnd {
    /// It did not answer.
    Silent,
    /// It answered: it gave the leadership up, or lost it.
    Answers,
    /// It was not asked.
    NotAsked,
}

/// The cluster's leader as it was seen from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftTerm {
    /// When it was first seen so; members are asked every few seconds.
    pub at: SeenAt,
    /// The term; 0: not known.
    pub term: u64,
    /// Who led.
    pub reign: Reign,
    /// The leader's name, or its id; empty where none is known.
    pub name: String,
    /// What was seen of the leader when this ended.
    pub end: Option<RaftEnd>,
}

impl RaftTerm {
    /// The leader's id, where there was one.
    #[must_use]
    pub fn leader(&self) -> Option<u64> {
        match self.reign {
            Reign::Seen(leader) => leader.id(),
            Reign::NotAsked => None,
        }
    }
}

/// How many entries a member was behind at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// When it was asked.
    pub at: SeenAt,
    /// Entries of the Raft log behind the member that was furthest in the same round.
    pub entries: u64,
}

/// Raft leadership over the time watched, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftHistory {
    /// Leaders and terms, oldest first.
    pub terms: VecDeque<RaftTerm>,
    /// When the members were asked last; 0: never.
    pub seen_at: SeenAt,
    /// How far each member was behind, by its id, oldest first.
    pub lags: BTreeMap<u64, VecDeque<Lag>>,
}

impl RaftHistory {
    /// Takes in what the members told.
    pub fn see(&mut self, status: &ClusterStatus) {
        let Some(found) = status.leadership() else { return };
        let at = status.seen_at.max(self.seen_at);
        if self.seen_at != 0 && at - self.seen_at > GAP_MS {
            let begun = self.seen_at;
            self.push(RaftTerm::new(begun, 0, Reign::NotAsked, String::new()), None);
        }
        self.seen_at = at;
        let reign = Reign::Seen(found.leader);
        match self.terms.back_mut() {
            // Its name may have been learnt meanwhile.
            Some(last) if last.reign == reign && last.term == found.term => last.name = found.name,
            _ => self.push(RaftTerm::new(at, found.term, reign, found.name), Some(status)),
        }
        self.see_lags(status, at);
    }

    fn push(&mut self, next: RaftTerm, status: Option<&ClusterStatus>) {
        if let Some(last) = self.terms.back_mut() {
            last.end = last.leader().map(|id| end_of(id, status));
        }
        if self.terms.len() >= MOST_CHANGES {
            self.terms.pop_front();
        }
        self.terms.push_back(next);
    }

    fn see_lags(&mut self, status: &ClusterStatus, at: SeenAt) {
        let telling = || status.members.iter().filter(|member| member.tells() && member.id != 0);
        let Some(highest) = telling().map(|member| member.raft_index).max() else { return };
        self.lags.retain(|id, _| status.members.iter().any(|member| member.id == *id));
        for member in telling() {
            let lags = self.lags.entry(member.id).or_default();
            if lags.len() >= MOST_LAGS {
                lags.pop_front();
            }
            lags.push_back(Lag { at, entries: highest - member.raft_index });
        }
    }

    /// How often somebody else was seen to lead since this moment.
    #[must_use]
    pub fn changes_since(&self, from: SeenAt) -> usize {
        let mut led: Option<u64> = None;
        let mut changes = 0;
        for term in &self.terms {
            let Some(leader) = term.leader() else { continue };
            if led.is_some_and(|before| before != leader) && term.at >= from {
                changes += 1;
            }
            led = Some(leader);
        }
        changes
    }

    /// Since when the present leader was seen to lead, whatever became of the term; `None`: since before it
    /// was watched, or there is none.
    #[must_use]
    pub fn since(&self) -> Option<SeenAt> {
        let leader = self.terms.back()?.leader()?;
        let led = self.terms.iter().rev().take_while(|term| term.leader() == Some(leader)).count();
        let first = self.terms.len() - led;
        (first > 0).then(|| self.terms.get(first).map(|term| term.at)).flatten()
    }

    /// The clock was moved by so many milliseconds: ages stay as they are.
    pub fn shift(&mut self, by: i64) {
        for term in &mut self.terms {
            term.at += by;
        }
        for lag in self.lags.values_mut().flatten() {
            lag.at += by;
        }
        if self.seen_at != 0 {
            self.seen_at += by;
        }
    }
}

impl RaftTerm {
    fn new(at: SeenAt, term: u64, reign: Reign, name: String) -> Self {
        Self { at, term, reign, name, end: None }
    }
}

/// What is seen of a leader whose time is over.
fn end_of(id: u64, status: Option<&ClusterStatus>) -> RaftEnd {
    let member = status.and_then(|status| status.members.iter().find(|member| member.id == id));
    match member {
        Some(member) if !member.answers() => RaftEnd::Silent,
        Some(_) => RaftEnd::Answers,
        None => RaftEnd::NotAsked,
    }
}

#[cfg(test)]
mod tests;

//! Those who take part in one lock or election, in the order in which they came, and whether the
//! console shows what they believe.

use std::time::{Duration, Instant};

use etcdscope::model::coordination::ClaimKind;

use super::participant::{Kind, Participant, TTL_SECS};
use super::picture::{Seen, Shown};

/// A claim must have gone so long after its owner died.
const GONE_WITHIN: Duration = Duration::from_secs(TTL_SECS.unsigned_abs() + 30);
/// What one who is killed has sent may still arrive so long after.
const STRAGGLES: Duration = Duration::from_secs(3);

/// Those of one lock or election.
pub struct Line {
    pub name: &'static str,
    pub kind: ClaimKind,
    /// How one can take part in it.
    pub kinds: &'static [Kind],
    /// One key for whoever holds it: who waits is seen by nobody.
    pub single: bool,
    pub all: Vec<Participant>,
}

impl Line {
    pub fn new(name: &'static str, kind: ClaimKind, kinds: &'static [Kind]) -> Self {
        Self { name, kind, kinds, single: kinds.contains(&Kind::PythonLock), all: Vec::new() }
    }

    /// Those who live, in the order in which they came.
    pub fn living(&self) -> impl Iterator<Item = usize> {
        self.all.iter().enumerate().filter(|(_, one)| one.died.is_none()).map(|(index, _)| index)
    }

    /// Whether somebody's claim waits for its lease to expire.
    pub fn has_dead(&self) -> bool {
        self.all.iter().any(|one| one.died.is_some())
    }

    /// Compares what is shown with what everybody believes, and keeps what it has learnt.
    pub fn agrees(&mut self, shown: Option<&Shown>) -> Result<(), String> {
        if let Some(failure) = self.all.iter_mut().find_map(Participant::failure) {
            return Err(failure);
        }
        if let Some(shown) = shown.filter(|shown| shown.kind != self.kind) {
            return Err(format!("shown as {:?}", shown.kind));
        }
        let claims: Vec<&Seen> =
            shown.iter().flat_map(|shown| std::iter::once(&shown.holder).chain(&shown.waiting)).collect();
        let there = if self.single { self.owner(&claims)? } else { self.order(&claims)? };
        let holder = there.first().filter(|index| self.all[**index].died.is_none());
        for (index, one) in self.all.iter().enumerate() {
            let told = one.holds();
            let shown = (holder == Some(&index)).then(|| claims[0].key.clone());
            if told != shown {
                return Err(format!(
                    "{} believes to hold {}, shown is {}",
                    one.name,
                    text(told),
                    text(shown)
                ));
            }
        }
        for (index, claim) in there.iter().zip(&claims) {
            self.all[*index].claim = Some((*claim).clone());
        }
        self.forget(&there)
    }

    /// Who stands in line, where everybody's claim is seen.
    fn order(&self, claims: &[&Seen]) -> Result<Vec<usize>, String> {
        let mut there = Vec::new();
        for (index, one) in self.all.iter().enumerate() {
            match claims.get(there.len()) {
                Some(claim) if one.claims(claim) => there.push(index),
                _ if one.died.is_some() => {}
                _ => return Err(format!("{} is not at place {}", one.name, there.len())),
            }
        }
        if there.len() == claims.len() {
            Ok(there)
        } else {
            Err(format!("{} too many", claims.len() - there.len()))
        }
    }

    /// Who holds it, where nothing else is seen.
    fn owner(&self, claims: &[&Seen]) -> Result<Vec<usize>, String> {
        match claims {
            [] if self.living().next().is_none() => Ok(Vec::new()),
            [] => Err("nobody holds it, but some want it".into()),
            [claim] => match self.all.iter().position(|one| one.claims(claim)) {
                Some(owner) => Ok(vec![owner]),
                None => Err("its holder is unknown".into()),
            },
            [_, ..] => Err("more than one claim of a single key".into()),
        }
    }

    /// Forgets the dead whose claims have gone: they must not come again.
    fn forget(&mut self, there: &[usize]) -> Result<(), String> {
        let mut index = 0;
        let straggles = if self.single { STRAGGLES } else { Duration::ZERO };
        self.all.retain(|one| {
            let is_there = there.contains(&index);
            index += 1;
            is_there || one.died.is_none_or(|died| died.elapsed() < straggles)
        });
        let late = |died: Instant| died.elapsed() > GONE_WITHIN;
        match self.all.iter().find(|one| one.died.is_some_and(late)) {
            Some(one) => Err(format!("{} is long dead, and still shown", one.name)),
            None => Ok(()),
        }
    }

    /// Everybody, for a message.
    pub fn everybody(&self) -> String {
        let one = |one: &Participant| {
            let dead = if one.died.is_some() { ", dead" } else { "" };
            let known = one
                .claim
                .as_ref()
                .map_or_else(String::new, |claim| format!(" {}", String::from_utf8_lossy(&claim.key)));
            format!("{} ({:?}{dead}){known}", one.name, one.kind)
        };
        self.all.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

fn text(key: Option<Vec<u8>>) -> String {
    key.map_or_else(|| "nothing".to_owned(), |key| String::from_utf8_lossy(&key).into_owned())
}

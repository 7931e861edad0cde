//! Which claims are of one owner.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Owner;
use crate::model::bytes::Key;
use crate::model::coordination::queue::{Claim, ClaimQueue};

/// What ties claims together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tie<'q> {
    Named(&'q str),
    Lease(i64),
    Value(&'q [u8]),
    /// Nothing does: it stands for itself.
    Key(&'q Key),
}

/// Owners by number, in order.
pub(super) struct Owners<'q> {
    owners: Vec<Owner>,
    numbers: HashMap<Tie<'q>, usize>,
    generic: HashSet<&'q [u8]>,
}

impl<'q> Owners<'q> {
    /// The owners of all claims of these locks. Claims are tied by their lease and by their value; a value
    /// that several claims of one lock have names no owner. Where the owner is known, that alone counts.
    pub(super) fn of(locks: impl Iterator<Item = &'q ClaimQueue> + Clone) -> Self {
        let mut made = Self { owners: Vec::new(), numbers: HashMap::new(), generic: HashSet::new() };
        for lock in locks.clone() {
            let mut seen = HashSet::new();
            for value in lock.claims.iter().filter_map(|claim| value_of(claim)) {
                if !seen.insert(value) {
                    made.generic.insert(value);
                }
            }
        }
        let mut parents: BTreeMap<Tie<'q>, Tie<'q>> = BTreeMap::new();
        for claim in locks.flat_map(|lock| &lock.claims) {
            let (first, second) = made.ties(claim);
            let one = root(&parents, first);
            parents.entry(one.clone()).or_insert_with(|| one.clone());
            if let Some(second) = second {
                let other = root(&parents, second);
                parents.entry(other.clone()).or_insert_with(|| other.clone());
                // The greater lies below the smaller: a name is found from a lease in few steps.
                let (low, high) = if one <= other { (one, other) } else { (other, one) };
                parents.insert(high, low);
            }
        }
        made.number_all(&parents);
        made
    }

    fn number_all(&mut self, parents: &BTreeMap<Tie<'q>, Tie<'q>>) {
        let mut labels: BTreeMap<Tie<'q>, Owner> = BTreeMap::new();
        let mut roots = Vec::new();
        for tie in parents.keys() {
            let root = root(parents, tie.clone());
            let label = label(tie);
            let known = labels.entry(root.clone()).or_insert_with(|| label.clone());
            // A name says more than a lease.
            *known = (*known).clone().max(label);
            roots.push((tie.clone(), root));
        }
        let owners: BTreeSet<&Owner> = labels.values().collect();
        self.owners = owners.into_iter().cloned().collect();
        for (tie, root) in roots {
            let number = labels.get(&root).and_then(|label| self.owners.binary_search(label).ok());
            self.numbers.insert(tie, number.unwrap_or_default());
        }
    }

    /// What a claim is tied by: one thing at least.
    fn ties(&self, claim: &'q Claim) -> (Tie<'q>, Option<Tie<'q>>) {
        if let Some(owner) = &claim.owner {
            return (Tie::Named(owner), None);
        }
        let value = value_of(claim).filter(|value| !self.generic.contains(value)).map(Tie::Value);
        match (claim.meta.lease, value) {
            (0, Some(value)) => (value, None),
            (0, None) => (Tie::Key(&claim.key), None),
            (lease, value) => (Tie::Lease(lease), value),
        }
    }

    pub(super) fn number(&self, claim: &'q Claim) -> usize {
        self.numbers.get(&self.ties(claim).0).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, number: usize) -> Owner {
        self.owners.get(number).cloned().unwrap_or(Owner::Lease(0))
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }
}

fn root<'q>(parents: &BTreeMap<Tie<'q>, Tie<'q>>, tie: Tie<'q>) -> Tie<'q> {
    let mut at = tie;
    while let Some(parent) = parents.get(&at).filter(|parent| **parent != at) {
        at = parent.clone();
    }
    at
}

/// A value that can name an owner: text of some length.
fn value_of(claim: &Claim) -> Option<&[u8]> {
    let value = claim.value.as_deref().filter(|value| (1..=256).contains(&value.len()))?;
    claim.owner.is_none().then_some(value)
}

fn label(tie: &Tie<'_>) -> Owner {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    match tie {
        Tie::Named(name) => Owner::Named((*name).to_owned()),
        Tie::Lease(lease) => Owner::Lease(*lease),
        Tie::Value(value) => Owner::Named(text(value)),
        Tie::Key(key) => Owner::Named(text(key)),
    }
}

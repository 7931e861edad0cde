//! Which claims are of one owner.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Owner;
use super::evidence::{is_identity, may_name};
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

/// What is taken as evidence that claims are of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    /// A name that was found in them, their lease, a value that nobody else can have.
    Sure,
    /// Any value that may be somebody's name as well.
    Possible,
}

/// Owners by number, in order.
pub(super) struct Owners<'q> {
    owners: Vec<Owner>,
    numbers: HashMap<Tie<'q>, usize>,
    /// Values that tie claims.
    tying: HashSet<&'q [u8]>,
    /// The value that all claims of a lease have; `None`: they differ.
    called: HashMap<i64, Option<&'q [u8]>>,
    /// Claims of several leases have a value that may name one owner.
    may_be_fewer: bool,
}

impl<'q> Owners<'q> {
    /// The owners of all claims of these locks. Claims are tied by their lease, and by a value that can be told
    /// to be one owner's; a value that several claims of one lock have names nobody. Where the owner is known,
    /// that alone counts.
    pub(super) fn of(locks: impl Iterator<Item = &'q ClaimQueue> + Clone, ties: Ties) -> Self {
        let mut made = Self {
            owners: Vec::new(),
            numbers: HashMap::new(),
            tying: HashSet::new(),
            called: HashMap::new(),
            may_be_fewer: false,
        };
        made.weigh(locks.clone(), ties);
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

    /// Finds out which values tie claims.
    fn weigh(&mut self, locks: impl Iterator<Item = &'q ClaimQueue>, ties: Ties) {
        let mut generic: HashSet<&[u8]> = HashSet::new();
        // The claims that have a value: their lease (or 0, by themselves), and whether others have it, too.
        let mut values: HashMap<&'q [u8], (i64, bool)> = HashMap::new();
        for lock in locks {
            let mut seen = HashSet::new();
            for claim in &lock.claims {
                let value = value_of(claim);
                let lease = claim.meta.lease;
                let called = self.called.entry(lease).or_insert(value);
                *called = called.filter(|called| Some(*called) == value);
                let Some(value) = value else { continue };
                if !seen.insert(value) {
                    generic.insert(value);
                }
                let shared = values.entry(value).or_insert((lease, false));
                shared.1 |= shared.0 != lease;
            }
        }
        for (value, (_, shared)) in values {
            if generic.contains(value) {
                continue;
            }
            let possible = || may_name(value);
            if is_identity(value) || (ties == Ties::Possible && possible()) {
                self.tying.insert(value);
            } else if shared && possible() {
                self.may_be_fewer = true;
            }
        }
    }

    /// Whether claims that are told apart may be of one owner for all that is known.
    pub(super) fn may_be_fewer(&self) -> bool {
        self.may_be_fewer
    }

    fn number_all(&mut self, parents: &BTreeMap<Tie<'q>, Tie<'q>>) {
        let mut labels: BTreeMap<Tie<'q>, Owner> = BTreeMap::new();
        let mut roots = Vec::new();
        for tie in parents.keys() {
            let root = root(parents, tie.clone());
            let label = self.label(tie);
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
        let value = value_of(claim).filter(|value| self.tying.contains(value)).map(Tie::Value);
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

    fn label(&self, tie: &Tie<'q>) -> Owner {
        match tie {
            Tie::Named(name) => Owner::Named((*name).to_owned()),
            Tie::Lease(lease) => match self.called.get(lease).copied().flatten() {
                Some(value) if may_name(value) => Owner::Called { name: text(value), lease: *lease },
                _ => Owner::Lease(*lease),
            },
            Tie::Value(value) => Owner::Value(text(value)),
            Tie::Key(key) => Owner::Key(text(key)),
        }
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

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

//! Locks and elections, recognised among leased keys by their shape.
//!
//! The strongest sign is a key whose last segment is its own lease: Go's `concurrency` package, the
//! lock and election services of etcd and Vitess all write such keys, one for each claimant. Weaker
//! signs are names (`/leader`, `/locks/stock`). Service registrations are leased keys as well, and
//! some (go-zero) end with their lease too: a value that is an address tells them apart.

mod claims;
mod edit;
mod fields;
mod find;
mod layouts;
mod name;
mod path;
mod registrations;
mod reports;
mod ruled;
mod rules;
mod seen;
#[cfg(test)]
mod testing;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bytes::Key;
use super::coordination::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use super::record::KeyMeta;
pub use edit::{WhyNot, edit_instance};
pub use find::find;
use name::Hints;
pub use rules::{Ruled, Rules, pattern_fault};

/// A single key that was written more often than this does not behave like a lock or a leader,
/// which write once and then only keep their lease alive.
const MAX_SINGLE_KEY_VERSION: i64 = 16;

/// How the name of a leased key reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape<'k> {
    /// `<prefix>/<own lease>`; `decimal` where the lease is not written in hexadecimal, as etcd's
    /// own clients do.
    OwnLease { prefix: &'k [u8], decimal: bool },
    /// `<prefix>/read/<time>` or `<prefix>/write/<time>`: the read-write lock of etcd's recipes.
    ReadWrite { prefix: &'k [u8] },
    /// A key that stands alone.
    Single,
}

/// Whether a leased key may claim a lock or an election. Keys for which this is `false` never
/// change what [`recognise`] finds, so they need not be kept apart.
#[must_use]
pub fn may_claim(key: &[u8], meta: &KeyMeta, value: Option<&[u8]>, separator: u8) -> bool {
    meta.lease != 0
        && match shape(key, meta, separator) {
            Shape::OwnLease { .. } | Shape::ReadWrite { .. } => true,
            Shape::Single => single_kind(key, meta, value, separator).is_some(),
        }
}

/// The locks and elections among these leased keys, by name. `separator` is the one of the
/// profile; `/`, which etcd's own clients write, always separates as well.
#[must_use]
pub fn recognise(leased: impl Iterator<Item = Claim>, separator: u8) -> Vec<ClaimQueue> {
    let mut queues: BTreeMap<Key, Vec<Claim>> = BTreeMap::new();
    let mut read_write: BTreeMap<Key, Vec<Claim>> = BTreeMap::new();
    let mut found = Vec::new();
    for claim in leased.filter(|claim| claim.meta.lease != 0) {
        match shape(&claim.key, &claim.meta, separator) {
            Shape::OwnLease { prefix, decimal } => {
                if !registers_service(&claim, prefix, decimal, separator) {
                    queues.entry(prefix.into()).or_default().push(claim);
                }
            }
            Shape::ReadWrite { prefix } => read_write.entry(prefix.into()).or_default().push(claim),
            Shape::Single => found.extend(single(claim, separator)),
        }
    }
    found.extend(queues.into_iter().map(|(name, claims)| {
        let kind = queue_kind(&name, &claims, separator);
        queue(name, kind, Confidence::Certain, claims)
    }));
    found.extend(
        read_write.into_iter().map(|(name, claims)| queue(name, ClaimKind::Lock, Confidence::Likely, claims)),
    );
    found.sort_by(|a, b| (&a.name, a.form).cmp(&(&b.name, b.form)));
    found
}

fn queue(name: Key, kind: ClaimKind, confidence: Confidence, mut claims: Vec<Claim>) -> ClaimQueue {
    claims.sort_by(|a, b| (a.meta.create_revision, &a.key).cmp(&(b.meta.create_revision, &b.key)));
    let claims = claims.into_iter().map(Arc::new).collect();
    ClaimQueue { claims, ..ClaimQueue::new(name, kind, ClaimForm::Queue, confidence) }
}

fn shape<'k>(key: &'k [u8], meta: &KeyMeta, separator: u8) -> Shape<'k> {
    let Some((prefix, last)) = name::split(key, separator).filter(|(prefix, _)| !prefix.is_empty()) else {
        return Shape::Single;
    };
    if let Some(decimal) = name::written_lease(last, meta.lease) {
        return Shape::OwnLease { prefix, decimal };
    }
    if let Some((lock, b"read" | b"write")) = name::split(prefix, separator)
        && !lock.is_empty()
        && name::is_unix_nanos(last)
    {
        return Shape::ReadWrite { prefix: lock };
    }
    Shape::Single
}

/// Whether a key that ends with its own lease is a service's registration all the same.
fn registers_service(claim: &Claim, prefix: &[u8], decimal: bool, separator: u8) -> bool {
    let Some(value) = claim.value.as_deref() else { return false };
    if !value::has_address(value) {
        return false;
    }
    let hints = Hints::of(prefix, separator);
    // A candidate may well be an address: where the name says what it is, it is believed. Else
    // hexadecimal speaks for etcd's own election, decimal for go-zero.
    let claims = hints.lock || hints.election;
    if hints.registry { !claims || decimal } else { decimal && !claims }
}

/// A queue is what its name says; where the name says nothing (or both), claims with values stand
/// for an election and claims without for a lock.
fn queue_kind(name: &[u8], claims: &[Claim], separator: u8) -> ClaimKind {
    let hints = Hints::of(name, separator);
    match (hints.lock, hints.election) {
        (true, false) => ClaimKind::Lock,
        (false, true) => ClaimKind::Election,
        _ => {
            let valued =
                claims.iter().any(|claim| claim.value.as_deref().is_some_and(|value| !value.is_empty()));
            if valued { ClaimKind::Election } else { ClaimKind::Lock }
        }
    }
}

/// What a key alone looks like, if it looks like a lock or a leader.
fn single_kind(key: &[u8], meta: &KeyMeta, value: Option<&[u8]>, separator: u8) -> Option<ClaimKind> {
    if meta.version > MAX_SINGLE_KEY_VERSION || name::ends_with_address(key, separator) {
        return None;
    }
    let value = value.unwrap_or_default();
    let (prefix, last) = name::split(key, separator).unwrap_or((&[], key));
    if let Some(kind) = name::exactly(last) {
        return Some(kind);
    }
    let parent = name::split(prefix, separator).map_or(prefix, |(_, parent)| parent);
    let registry = Hints::of(prefix, separator).registry;
    match (name::exactly(parent), registry) {
        (Some(kind), false) => Some(kind),
        (Some(kind), true) => (!value::has_address(value)).then_some(kind),
        (None, true) => None,
        (None, false) => name::telling(last).or_else(|| value::is_raw_uuid(value).then_some(ClaimKind::Lock)),
    }
}

fn single(claim: Claim, separator: u8) -> Option<ClaimQueue> {
    let kind = single_kind(&claim.key, &claim.meta, claim.value.as_deref(), separator)?;
    let name = claim.key.clone();
    let queue = ClaimQueue::new(name, kind, ClaimForm::SingleKey, Confidence::Likely);
    Some(ClaimQueue { claims: vec![Arc::new(claim)], ..queue })
}

#[cfg(test)]
mod tests;

//! Locks and elections by the shape of their keys, which are always leased.

use super::name;
use super::path::{Path, Root, claims_of};
use super::registrations;
use super::seen::{Claimed, Seen, registered};
use super::shape::{Shape, shape};
use super::value;
use crate::model::coordination::{ClaimForm, ClaimKind, ClaimMode, Confidence, Finding, Layout};
use crate::model::record::KeyMeta;

/// A key that only has a telling word in its name and was written more often than this does not behave like a
/// lock or a leader, which write once and then only keep their lease alive.
const MOST_VERSIONS: i64 = 16;

/// What a leased key claims; `Some(None)`: it has the shape of a claim, and is none.
pub(super) fn find(seen: &Seen<'_>, root: Option<(usize, Root)>, separator: u8) -> Option<Option<Finding>> {
    let hints = Hints::of(&seen.path, root);
    match shape(seen.key, seen.meta, separator) {
        Shape::OwnLease { prefix, decimal } => Some(own_lease(seen, prefix, decimal, hints)),
        Shape::ReadWrite { prefix } => Some(read_write(seen.key, prefix)),
        Shape::Single => single(seen, hints).map(Some),
    }
}

/// What the last segment of a leased key says, where the rest is too long to be looked at.
pub(super) fn by_last_segment(
    key: &[u8],
    meta: &KeyMeta,
    value: Option<&[u8]>,
    separator: u8,
) -> Option<Finding> {
    match shape(key, meta, separator) {
        Shape::OwnLease { prefix, .. } if !value.is_some_and(value::is_address) => {
            let kind = Hints::default().kind(value);
            Some(Claimed::queued(prefix, kind, Layout::Etcd).finding())
        }
        Shape::ReadWrite { prefix } => read_write(key, prefix),
        Shape::OwnLease { .. } | Shape::Single => None,
    }
}

/// What the segments before the last speak of.
#[derive(Clone, Copy, Default)]
struct Hints {
    lock: bool,
    election: bool,
    root: Option<Root>,
}

impl Hints {
    fn of(path: &Path<'_>, root: Option<(usize, Root)>) -> Self {
        let (lock, election) = claims_of(path);
        Self { lock, election, root: root.map(|(_, root)| root) }
    }

    fn claims(self) -> bool {
        self.lock || self.election
    }

    fn registry(self) -> bool {
        self.root == Some(Root::Registry)
    }

    /// It lies where leased keys are something else.
    fn elsewhere(self) -> bool {
        matches!(self.root, Some(Root::Ephemeral | Root::Config | Root::Health))
    }

    /// A queue is what its name says; where that says nothing (or both), a claim with a value stands for an
    /// election and one without for a lock.
    fn kind(self, value: Option<&[u8]>) -> ClaimKind {
        match (self.lock, self.election) {
            (true, false) => ClaimKind::Lock,
            (false, true) => ClaimKind::Election,
            _ if value.is_some_and(|value| !value.is_empty()) => ClaimKind::Election,
            _ => ClaimKind::Lock,
        }
    }
}

/// `<prefix>/<own lease>`: a claim, unless its place or its value speak of a registration.
fn own_lease(seen: &Seen<'_>, prefix: &[u8], decimal: bool, hints: Hints) -> Option<Finding> {
    if hints.elsewhere() && !hints.claims() {
        return None;
    }
    let address = seen.value.is_some_and(value::is_address);
    // A candidate may well be an address: where the name says what it is, it is believed. Else hexadecimal
    // speaks for etcd's own election, decimal for go-zero.
    let registers = match (hints.registry(), seen.value) {
        (true, None) => !hints.claims(),
        (true, Some(_)) => (!hints.claims() || decimal) && registrations::registers(seen),
        (false, None) => decimal && !hints.claims(),
        (false, Some(_)) => decimal && !hints.claims() && registrations::registers(seen),
    };
    if !registers {
        let layout = if decimal { Layout::Plain } else { Layout::Etcd };
        return Some(Claimed::queued(prefix, hints.kind(seen.value), layout).finding());
    }
    let last = seen.path.len() - 1;
    let go_zero = decimal && (address || seen.value.is_none());
    let layout = if go_zero { Layout::GoZero } else { Layout::Plain };
    let confidence = if seen.value.is_some() { Confidence::Certain } else { Confidence::Likely };
    let mut instance = seen.instance(seen.path.text(last, last + 1), layout, confidence);
    registrations::fill(seen, &mut instance);
    let name = registrations::service_name(&seen.path, 0, last);
    Some(registered(seen.path.folder(last), name, instance))
}

fn read_write(key: &[u8], prefix: &[u8]) -> Option<Finding> {
    let read = key.get(prefix.len() + 1..)?.starts_with(b"read");
    let mode = if read { ClaimMode::Read } else { ClaimMode::Write };
    let claim = Claimed::queued(prefix, ClaimKind::Lock, Layout::Recipe);
    Some(Claimed { form: ClaimForm::ReadWrite, mode, ..claim }.finding())
}

/// One leased key that is a lock or a leader by its name, or by the owner that Python's etcd3 writes.
fn single(seen: &Seen<'_>, hints: Hints) -> Option<Finding> {
    let uuid = seen.value.filter(|value| value::is_raw_uuid(value));
    let (kind, told) = single_kind(seen, hints, uuid.is_some())?;
    let python = uuid.filter(|_| kind == ClaimKind::Lock);
    let layout = if python.is_some() { Layout::PythonEtcd3 } else { Layout::Plain };
    let sure = python.is_some() && told == Told::Exactly;
    let confidence = if sure { Confidence::Certain } else { Confidence::Likely };
    let claim = Claimed::single(seen.key, kind, layout, confidence);
    Some(Claimed { owner: python.map(value::uuid_text), ..claim }.finding())
}

/// How a name tells what a single key is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Exactly,
    Somehow,
}

fn single_kind(seen: &Seen<'_>, hints: Hints, uuid: bool) -> Option<(ClaimKind, Told)> {
    let path = &seen.path;
    let last = path.last();
    if last.is_empty() || value::is_host_and_port(last) {
        return None;
    }
    if hints.registry() && (value::is_address(last) || registrations::registers(seen)) {
        return None;
    }
    let parent = path.len().checked_sub(2).and_then(|at| name::collection(path.get(at)));
    if let Some(kind) = parent {
        return Some((kind, Told::Exactly));
    }
    if hints.elsewhere() {
        return None;
    }
    if let Some(kind) = name::exactly(last) {
        return Some((kind, Told::Exactly));
    }
    if hints.registry() || seen.meta.version > MOST_VERSIONS {
        return None;
    }
    let kind = name::telling(last).or_else(|| uuid.then_some(ClaimKind::Lock))?;
    Some((kind, Told::Somehow))
}

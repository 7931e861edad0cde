//! What one key alone says: claim, instance, report or nothing.

use std::sync::Arc;

use super::name::{self, Hints};
use super::rules::{Ruled, Rules};
use super::value;
use super::{Shape, shape, single_kind};
use crate::model::bytes::Key;
use crate::model::coordination::rules::RuleKind;
use crate::model::coordination::{
    ClaimForm, ClaimKind, ClaimMode, Confidence, Finding, Instance, Layout, Report, Role,
};
use crate::model::record::KeyMeta;

/// What a key is by itself; `None`: none of these. `value` is `None` while it is not loaded. Rules go before
/// everything that is recognised by shape. `separator` is the one of the profile; `/` always separates too.
///
/// The kind of a claim in a queue is what this claim speaks for: the queue is an election where one of its
/// claims says so.
#[must_use]
pub fn find(
    key: &[u8],
    meta: &KeyMeta,
    value: Option<&[u8]>,
    rules: &Rules,
    separator: u8,
) -> Option<Finding> {
    if let Some(rule) = rules.of(key) {
        return ruled(key, meta, value, rule, separator);
    }
    if meta.lease == 0 {
        return None;
    }
    match shape(key, meta, separator) {
        Shape::OwnLease { prefix, decimal } if registers(value, prefix, decimal, separator) => {
            instance(key, meta, separator, Confidence::Likely)
        }
        Shape::OwnLease { prefix, .. } => {
            let kind = kind_of(prefix, value, separator);
            claim(prefix, kind, ClaimForm::Queue, ClaimMode::Whole, Confidence::Certain, Layout::Etcd)
        }
        Shape::ReadWrite { prefix } => {
            let (_, last) = name::split(key.get(..key.len().saturating_sub(20))?, separator)?;
            let mode = if last == b"read" { ClaimMode::Read } else { ClaimMode::Write };
            let (form, layout) = (ClaimForm::ReadWrite, Layout::Recipe);
            claim(prefix, ClaimKind::Lock, form, mode, Confidence::Likely, layout)
        }
        Shape::Single => match single_kind(key, meta, value, separator) {
            Some(kind) => {
                let (form, mode) = (ClaimForm::SingleKey, ClaimMode::Whole);
                claim(key, kind, form, mode, Confidence::Likely, Layout::Plain)
            }
            None if value.is_some_and(value::has_address) || name::ends_with_address(key, separator) => {
                instance(key, meta, separator, Confidence::Likely)
            }
            None => None,
        },
    }
}

/// What a rule makes of a key.
fn ruled(key: &[u8], meta: &KeyMeta, value: Option<&[u8]>, rule: &Ruled, separator: u8) -> Option<Finding> {
    let kind = match rule.kind {
        RuleKind::Lock => ClaimKind::Lock,
        RuleKind::Election => ClaimKind::Election,
        RuleKind::Service => return instance(key, meta, separator, Confidence::Ruled),
        RuleKind::Report => return report(key, separator),
        RuleKind::Nothing => return None,
    };
    let (queue, form, mode) = match shape(key, meta, separator) {
        Shape::OwnLease { prefix, .. } => (prefix, ClaimForm::Queue, ClaimMode::Whole),
        Shape::ReadWrite { prefix } => {
            let read = key.get(prefix.len() + 1..)?.starts_with(b"read");
            (prefix, ClaimForm::ReadWrite, if read { ClaimMode::Read } else { ClaimMode::Write })
        }
        Shape::Single => (key, ClaimForm::SingleKey, ClaimMode::Whole),
    };
    let owner = rule.owner(key, value);
    let role = Role::Claim { queue: queue.into(), kind, form, mode, owner, told: None };
    Some(Finding { role, layout: Layout::Plain, confidence: Confidence::Ruled })
}

fn claim(
    queue: &[u8],
    kind: ClaimKind,
    form: ClaimForm,
    mode: ClaimMode,
    confidence: Confidence,
    layout: Layout,
) -> Option<Finding> {
    let role = Role::Claim { queue: queue.into(), kind, form, mode, owner: None, told: None };
    Some(Finding { role, layout, confidence })
}

/// An instance in the folder that its key lies in.
fn instance(key: &[u8], meta: &KeyMeta, separator: u8, confidence: Confidence) -> Option<Finding> {
    let (folder, id) =
        name::split(key, separator).filter(|(folder, id)| !folder.is_empty() && !id.is_empty())?;
    let name = name::split(folder, separator).map_or(folder, |(_, last)| last);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let instance = Instance {
        address: value::is_address(id).then(|| text(id)),
        confidence,
        ..Instance::found(key.into(), *meta, text(id))
    };
    let service = Key::from(key.get(..=folder.len())?);
    let role = Role::Instance { service, name: text(name), instance: Arc::new(instance) };
    Some(Finding { role, layout: Layout::Plain, confidence })
}

/// A report of the instance that the key names.
fn report(key: &[u8], separator: u8) -> Option<Finding> {
    let (folder, instance) = name::split(key, separator)?;
    let service = name::split(folder, separator).map_or(folder, |(_, last)| last);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = Arc::new(Report { key: Some(key.into()), ..Report::default() });
    let role = Role::Report { service: text(service), instance: text(instance), report };
    Some(Finding { role, layout: Layout::Plain, confidence: Confidence::Ruled })
}

/// Whether a key that ends with its own lease is a service's registration all the same.
fn registers(value: Option<&[u8]>, prefix: &[u8], decimal: bool, separator: u8) -> bool {
    let Some(value) = value else { return false };
    if !value::has_address(value) {
        return false;
    }
    let hints = Hints::of(prefix, separator);
    // A candidate may well be an address: where the name says what it is, it is believed. Else
    // hexadecimal speaks for etcd's own election, decimal for go-zero.
    let claims = hints.lock || hints.election;
    if hints.registry { !claims || decimal } else { decimal && !claims }
}

/// What a claim in a queue speaks for: what the queue's name says; where the name says nothing (or both), a
/// claim with a value stands for an election and one without for a lock.
fn kind_of(queue: &[u8], value: Option<&[u8]>, separator: u8) -> ClaimKind {
    let hints = Hints::of(queue, separator);
    match (hints.lock, hints.election) {
        (true, false) => ClaimKind::Lock,
        (false, true) => ClaimKind::Election,
        _ if value.is_some_and(|value| !value.is_empty()) => ClaimKind::Election,
        _ => ClaimKind::Lock,
    }
}

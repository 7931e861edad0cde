//! Locks and elections, recognised among leased keys by their shape.

use super::bytes::Key;
use super::claim::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use super::record::KeyMeta;

/// Whether a leased key may be a claim at all, judged by its name alone.
#[must_use]
pub fn may_claim(key: &[u8], meta: &KeyMeta, separator: u8) -> bool {
    split(key, separator).is_some_and(|(_, last)| is_lease(last, meta.lease))
}

/// The locks and elections among these leased keys, by name.
#[must_use]
pub fn recognise(leased: impl Iterator<Item = Claim>, separator: u8) -> Vec<ClaimQueue> {
    let mut queues: std::collections::BTreeMap<Key, Vec<Claim>> = std::collections::BTreeMap::new();
    for claim in leased {
        if let Some((prefix, last)) = split(&claim.key, separator)
            && is_lease(last, claim.meta.lease)
        {
            queues.entry(Key::from(prefix)).or_default().push(claim);
        }
    }
    let queue = |(name, mut claims): (Key, Vec<Claim>)| {
        claims.sort_by_key(|claim| claim.meta.create_revision);
        let empty = claims.iter().all(|claim| claim.value.as_ref().is_none_or(|value| value.is_empty()));
        let kind = if empty { ClaimKind::Lock } else { ClaimKind::Election };
        ClaimQueue { name, kind, form: ClaimForm::Queue, confidence: Confidence::Certain, claims }
    };
    queues.into_iter().map(queue).collect()
}

/// The key's last segment and what stands before it, without the separator between them.
fn split(key: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr2(b'/', separator, key)?;
    Some((&key[..at], &key[at + 1..]))
}

/// Whether the segment is this lease id in hexadecimal or decimal.
fn is_lease(segment: &[u8], lease: i64) -> bool {
    std::str::from_utf8(segment).is_ok_and(|text| {
        i64::from_str_radix(text, 16).is_ok_and(|id| id == lease)
            || text.parse().is_ok_and(|id: i64| id == lease)
    })
}

//! How often an instance came back within the last minutes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Engine;
use crate::model::bytes::Key;
use crate::model::coordination::Instance;
use crate::model::status::SeenAt;

/// Within this time, in milliseconds, comings back are counted.
const WITHIN_MS: SeenAt = 10 * 60_000;
/// So many goings are remembered.
const MOST_GOINGS: usize = 100_000;

/// An instance for those who call it: its service's folder with its address, or its id where it has none. A
/// registration that is named by its lease comes back under another key.
pub(super) fn identity(service: &Key, instance: &Instance) -> Key {
    let name = instance.address.as_deref().unwrap_or(&instance.id);
    [service, b"\0".as_slice(), name.as_bytes()].concat().into()
}

#[derive(Debug, Default)]
struct Flapping {
    /// When it went.
    went: VecDeque<SeenAt>,
    /// Those of them after which it came back.
    returns: VecDeque<SeenAt>,
    /// Where it was registered last.
    key: Option<(Key, Key)>,
}

/// Goings of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Flaps {
    by_identity: HashMap<Key, Flapping>,
    in_order: VecDeque<(SeenAt, Key)>,
}

impl Flaps {
    pub(super) fn went(&mut self, identity: Key, at: SeenAt) {
        self.by_identity.entry(identity.clone()).or_default().went.push_back(at);
        self.in_order.push_back((at, identity));
    }

    /// It came: how often it came back, this time included.
    pub(super) fn came(&mut self, identity: &Key, service: &Key, key: &Key) -> u32 {
        let Some(flapping) = self.by_identity.get_mut(identity) else { return 0 };
        flapping.key = Some((service.clone(), key.clone()));
        flapping.returns.clone_from(&flapping.went);
        u32::try_from(flapping.returns.len()).unwrap_or(u32::MAX)
    }

    /// What is long ago no longer counts: whose number is another one now.
    fn forget_one(&mut self, now: SeenAt) -> Option<Option<(Key, Key, u32)>> {
        let (at, _) = self.in_order.front()?;
        if (0..WITHIN_MS).contains(&(now - at)) && self.in_order.len() <= MOST_GOINGS {
            return None;
        }
        let (_, identity) = self.in_order.pop_front()?;
        let Some(flapping) = self.by_identity.get_mut(&identity) else { return Some(None) };
        let gone = flapping.went.pop_front();
        if flapping.returns.front().is_some() && flapping.returns.front() == gone.as_ref() {
            flapping.returns.pop_front();
        }
        let left = u32::try_from(flapping.returns.len()).unwrap_or(u32::MAX);
        let told = flapping.key.clone().map(|(service, key)| (service, key, left));
        if flapping.went.is_empty() {
            self.by_identity.remove(&identity);
        }
        Some(told)
    }
}

impl Engine {
    /// Lets flaps of long ago be forgotten; tells whether a number changed.
    pub(super) fn calm(&mut self, now: SeenAt) -> bool {
        let mut changed = false;
        while let Some(told) = self.flaps.forget_one(now) {
            let Some((service, key, flaps)) = told else { continue };
            let Some(service) = self.picture.services.get_mut(&service) else { continue };
            if service.instances.get(&key).is_none_or(|instance| instance.flaps == flaps) {
                continue;
            }
            if let Some(instance) = Arc::make_mut(service).instances.get_mut(&key) {
                Arc::make_mut(instance).flaps = flaps;
                changed = true;
            }
        }
        changed
    }
}

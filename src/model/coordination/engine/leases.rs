//! What keys mean, and which lease they are on.

use std::sync::Arc;

use super::{Engine, Moment};
use crate::model::bytes::Key;
use crate::model::coordination::{LeaseUse, Meaning};

impl Engine {
    /// A key means this now (`None`: nothing beyond its lease), and is on this lease.
    pub(super) fn mean(
        &mut self,
        key: &Key,
        lease_before: i64,
        lease: i64,
        meaning: Option<Meaning>,
        moment: Moment,
    ) {
        let meanings = &mut self.picture.meanings;
        let same = meanings.get(key) == meaning.as_ref();
        if !same {
            match &meaning {
                Some(meaning) => meanings.insert(key.clone(), meaning.clone()),
                None => meanings.remove(key),
            };
        }
        if lease_before != lease {
            self.detach(key, lease_before);
        } else if same {
            return;
        }
        if lease != 0 {
            let meaning = Arc::new(meaning.unwrap_or(Meaning::Other));
            if let Some(used) = self.picture.leases.get_mut(&lease) {
                Arc::make_mut(used).keys.insert(key.clone(), meaning);
            } else {
                let keys = [(key.clone(), meaning)].into_iter().collect();
                let used = LeaseUse { id: lease, keys, since: moment.seen() };
                self.picture.leases.insert(lease, Arc::new(used));
            }
        }
    }

    /// Changes only what a key means.
    pub(super) fn set_meaning(&mut self, key: &Key, lease: i64, meaning: Meaning) {
        if self.picture.meanings.get(key).is_none_or(|known| *known == meaning) {
            return;
        }
        if let Some(used) = self.picture.leases.get_mut(&lease) {
            Arc::make_mut(used).keys.insert(key.clone(), Arc::new(meaning.clone()));
        }
        self.picture.meanings.insert(key.clone(), meaning);
    }

    /// A key is gone, or is neither recognised nor on a lease any more.
    pub(super) fn unmean(&mut self, key: &Key, lease: i64) {
        self.picture.meanings.remove(key);
        self.detach(key, lease);
    }

    fn detach(&mut self, key: &Key, lease: i64) {
        let Some(used) = self.picture.leases.get_mut(&lease) else { return };
        let used = Arc::make_mut(used);
        used.keys.remove(key);
        if used.keys.is_empty() {
            self.picture.leases.remove(&lease);
        }
    }
}

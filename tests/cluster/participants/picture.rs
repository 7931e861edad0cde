//! What the console shows of locks and elections, in a form that can be compared.

use std::collections::BTreeMap;

use etcdscope::model::coordination::{Claim, ClaimKind, ClaimQueue};

use super::console::Told;

/// A claim, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub key: Vec<u8>,
    pub lease: i64,
    pub value: Vec<u8>,
}

/// A lock or an election that somebody claims, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub kind: ClaimKind,
    pub holder: Seen,
    pub waiting: Vec<Seen>,
}

fn seen(claim: &Claim) -> Seen {
    Seen {
        key: claim.key.to_vec(),
        lease: claim.meta.lease,
        value: claim.value.as_deref().unwrap_or_default().to_vec(),
    }
}

fn line(queue: &ClaimQueue) -> Option<(String, Shown)> {
    let name = String::from_utf8_lossy(&queue.name).into_owned();
    let shown = Shown {
        kind: queue.kind,
        holder: seen(queue.holder()?),
        waiting: queue.waiting().iter().map(|claim| seen(claim)).collect(),
    };
    Some((name, shown))
}

/// All locks and elections that somebody claims, by name.
pub fn shown(told: &Told) -> BTreeMap<String, Shown> {
    told.picture.queues.values().filter_map(|queue| line(queue)).collect()
}

//! Holders and leaders who crash, resign or are deposed by an operator.

use std::time::Duration;

use etcd_client::{GetOptions, SortOrder, SortTarget};

use super::super::actor::{Actor, Lost, Role, within};
use super::super::elections::Candidate;
use super::super::locks;
use super::super::single::{Ending, Single, end_lease};

const ELECTION: &str = "/elections/dispatcher";
const CONTROLLER: &str = "/cluster/controller/leader";
const LOCK: &str = "/locks/settlement";
/// TTL of a holder's lease.
const LEASE_TTL_SECS: u32 = 5;

/// One who takes the lock and mostly crashes with it.
pub(in super::super) struct Holder {
    pub(in super::super) name: String,
}

/// The holders.
pub(in super::super) fn holders() -> Vec<Holder> {
    (1..=4).map(|number| Holder { name: format!("settlement-{number}") }).collect()
}

impl Role for Holder {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        let id = lease.id();
        let key = tokio::select! {
            lost = lease.gone() => return Err(lost),
            key = locks::take(actor, LOCK, id) => key?,
        };
        let work = actor.random.millis(2_000..6_000);
        tokio::time::sleep(work).await;
        // Two in three crash.
        let ending = if actor.random.one_in(3) { Ending::Resigned } else { Ending::Crash };
        if ending == Ending::Resigned {
            locks::unlock(actor, key).await?;
        }
        end_lease(actor, lease, LEASE_TTL_SECS, ending).await?;
        tokio::time::sleep(actor.random.millis(500..2_000)).await;
        Ok(())
    }
}

/// Candidates with short terms, who now and then leave the line.
pub(in super::super) fn candidates() -> Vec<Candidate> {
    let candidate = |number| Candidate {
        election: ELECTION,
        name: format!("dispatcher-{number}"),
        term: 4_000..9_000,
        crashes_one_in: 3,
        patience: Duration::from_secs(20),
    };
    (1..=4).map(candidate).collect()
}

/// Controllers of which the one that created the key leads.
pub(in super::super) fn controllers() -> Vec<Single> {
    let controller = |number| Single {
        name: format!("controller-{number}"),
        key: CONTROLLER.to_owned(),
        value: format!("controller-{number}").into(),
        ttl_secs: LEASE_TTL_SECS,
        keeps: 8_000..16_000,
        rests: 1_000..3_000,
        crashes_one_in: 2,
    };
    (1..=3).map(controller).collect()
}

/// The operator, who deletes a leader's key now and then.
pub(in super::super) struct Deposer;

impl Role for Deposer {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        tokio::time::sleep(actor.random.millis(9_000..16_000)).await;
        let prefix = if actor.random.one_in(3) { CONTROLLER.to_owned() } else { format!("{ELECTION}/") };
        let options =
            GetOptions::new().with_prefix().with_sort(SortTarget::Create, SortOrder::Ascend).with_limit(1);
        let found = within(actor.client().get(prefix, Some(options))).await?;
        if let Some(leader) = found.kvs().first() {
            within(actor.client().delete(leader.key(), None)).await?;
        }
        Ok(())
    }
}

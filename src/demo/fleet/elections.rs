//! Candidates: elections through etcd's election API, and a leader who is whoever creates a key.

use std::ops::Range;
use std::time::Duration;

use etcd_client::{ProclaimOptions, ResignOptions};

use super::actor::{Actor, Lease, Lost, Role, within};
use super::locks::{create_if_absent, deleted};

/// TTL of a candidate's lease: so long a crashed leader is still believed to lead.
const LEASE_TTL_SECS: u32 = 6;

/// One who campaigns, leads for a while, and resigns or crashes.
pub(super) struct Candidate {
    election: &'static str,
    pub(super) name: String,
    /// How long it leads, in milliseconds.
    term: Range<u64>,
}

/// The candidates of all elections.
pub(super) fn candidates() -> Vec<Candidate> {
    let candidate =
        |election, name: &str, number, term| Candidate { election, name: format!("{name}-{number}"), term };
    (1..=3)
        .map(|number| candidate("/elections/scheduler", "scheduler", number, 12_000..25_000))
        .chain((1..=2).map(|number| candidate("/elections/reporting", "reporting", number, 60_000..120_000)))
        .collect()
}

impl Candidate {
    /// Campaigns until elected, leads, and steps down in order.
    async fn term(&self, actor: &mut Actor, lease: i64) -> Result<Ending, Lost> {
        let mut client = actor.client();
        let elected = client.campaign(self.election, self.name.as_str(), lease).await?;
        let Some(leader) = elected.leader().cloned() else { return Err(Lost::WatchEnded) };
        let half = actor.random.millis(self.term.clone()) / 2;
        tokio::time::sleep(half).await;
        let options = ProclaimOptions::new().with_leader(leader.clone());
        within(client.proclaim(format!("{} (ready)", self.name), Some(options))).await?;
        tokio::time::sleep(half).await;
        if actor.random.one_in(3) {
            return Ok(Ending::Crash);
        }
        within(client.resign(Some(ResignOptions::new().with_leader(leader)))).await?;
        Ok(Ending::Resigned)
    }
}

enum Ending {
    /// The leader stops renewing its lease without a word.
    Crash,
    Resigned,
}

impl Role for Candidate {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        let id = lease.id();
        let ending = tokio::select! {
            lost = lease.gone() => return Err(lost),
            ending = self.term(actor, id) => ending?,
        };
        end_lease(actor, lease, &ending).await?;
        tokio::time::sleep(actor.random.millis(1_000..4_000)).await;
        Ok(())
    }
}

/// Gives the lease back, or after a crash leaves it to expire and waits for that.
async fn end_lease(actor: &Actor, lease: Lease, ending: &Ending) -> Result<(), Lost> {
    match ending {
        Ending::Resigned => actor.revoke(lease).await,
        Ending::Crash => {
            drop(lease);
            tokio::time::sleep(Duration::from_secs(u64::from(LEASE_TTL_SECS) + 2)).await;
            Ok(())
        }
    }
}

/// One who leads while `/leader` is its own; the others watch for the key's deletion.
pub(super) struct Node {
    pub(super) name: &'static str,
}

/// The nodes.
pub(super) fn nodes() -> Vec<Node> {
    ["node-1", "node-2", "node-3"].map(|name| Node { name }).into()
}

impl Role for Node {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        const LEADER: &str = "/leader";
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        loop {
            let (created, revision) = create_if_absent(actor, LEADER, self.name, lease.id()).await?;
            if created {
                break;
            }
            tokio::select! {
                lost = lease.gone() => return Err(lost),
                seen = deleted(actor, LEADER, revision) => seen?,
            }
        }
        let term = actor.random.millis(20_000..40_000);
        tokio::select! {
            lost = lease.gone() => return Err(lost),
            () = tokio::time::sleep(term) => {}
        }
        let ending = if actor.random.one_in(2) { Ending::Crash } else { Ending::Resigned };
        end_lease(actor, lease, &ending).await?;
        tokio::time::sleep(actor.random.millis(1_000..3_000)).await;
        Ok(())
    }
}

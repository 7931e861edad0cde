//! Candidates: elections through etcd's election API.

use std::ops::Range;
use std::time::Duration;

use etcd_client::{ProclaimOptions, ResignOptions};

use super::actor::{Actor, Lost, Role, within};
use super::single::{Ending, deleted, end_lease};

/// TTL of a candidate's lease: so long a crashed leader is still believed to lead.
const LEASE_TTL_SECS: u32 = 6;

/// One who campaigns, leads for a while, and resigns or crashes.
pub(super) struct Candidate {
    pub(super) election: &'static str,
    pub(super) name: String,
    /// How long it leads, in milliseconds.
    pub(super) term: Range<u64>,
    /// It crashes one time in so many.
    pub(super) crashes_one_in: u64,
    /// How long it stands in line before it leaves it for a while.
    pub(super) patience: Duration,
}

/// The candidates of the calm elections.
pub(super) fn candidates() -> Vec<Candidate> {
    let candidate = |election, name: &str, number, term| Candidate {
        election,
        name: format!("{name}-{number}"),
        term,
        crashes_one_in: 4,
        patience: Duration::from_secs(3_600),
    };
    (1..=3)
        .map(|number| candidate("/elections/scheduler", "scheduler", number, 30_000..60_000))
        .chain((1..=2).map(|number| candidate("/elections/reporting", "reporting", number, 120_000..240_000)))
        .collect()
}

impl Candidate {
    /// Campaigns until elected, leads, and says how it ends.
    async fn term(&self, actor: &mut Actor, lease: i64) -> Result<Ending, Lost> {
        let mut client = actor.client();
        let campaign = client.campaign(self.election, self.name.as_str(), lease);
        // Dropping the call takes the candidate out of the line.
        let Ok(elected) = tokio::time::timeout(self.patience, campaign).await else {
            return Ok(Ending::Resigned);
        };
        let elected = elected?;
        let revision = elected.header().map_or(0, etcd_client::ResponseHeader::revision);
        let Some(leader) = elected.leader().cloned() else { return Err(Lost::WatchEnded) };
        let half = actor.random.millis(self.term.clone()) / 2;
        let ending = Ending::one_in(actor, self.crashes_one_in);
        let lead = async {
            tokio::time::sleep(half).await;
            let options = ProclaimOptions::new().with_leader(leader.clone());
            let mut client = actor.client();
            within(client.proclaim(format!("{} (ready)", self.name), Some(options))).await?;
            tokio::time::sleep(half).await;
            Ok::<_, Lost>(())
        };
        tokio::select! {
            // An operator, who wants another leader.
            deposed = deleted(actor, leader.key(), revision) => {
                deposed?;
                return Ok(Ending::Resigned);
            }
            done = lead => done?,
        }
        if ending == Ending::Resigned {
            within(client.resign(Some(ResignOptions::new().with_leader(leader)))).await?;
        }
        Ok(ending)
    }
}

impl Role for Candidate {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut lease = actor.lease(LEASE_TTL_SECS).await?;
        let id = lease.id();
        let ending = tokio::select! {
            lost = lease.gone() => return Err(lost),
            ending = self.term(actor, id) => ending?,
        };
        end_lease(actor, lease, LEASE_TTL_SECS, ending).await?;
        tokio::time::sleep(actor.random.millis(1_000..4_000)).await;
        Ok(())
    }
}

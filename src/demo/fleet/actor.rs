//! What every actor of the fleet needs: a way to the cluster that fails over, leases kept alive,
//! and a life that starts anew when something goes wrong.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_client::{Client, PutOptions, Txn, TxnResponse};
use tokio::task::JoinHandle;

use super::random::Random;

/// A call that does not wait for others is answered within this, or the member counts as lost.
const CALL: Duration = Duration::from_secs(5);

/// Why a life ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// etcd refused, or could not be reached.
    #[error(transparent)]
    Etcd(#[from] etcd_client::Error),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The lease expired or was revoked by someone.
    #[error("the lease is gone")]
    LeaseGone,
    /// The watch ended.
    #[error("the watch ended")]
    WatchEnded,
}

/// Waits for an answer that must come soon.
pub(super) async fn within<T>(call: impl Future<Output = Result<T, etcd_client::Error>>) -> Result<T, Lost> {
    match tokio::time::timeout(CALL, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Lost::Late),
    }
}

/// One who does something with the cluster.
#[derive(Clone)]
pub(super) struct Actor {
    clients: Arc<[Client]>,
    current: usize,
    pub(super) random: Random,
}

impl Actor {
    /// An actor with one client for each member, who begins at the member `first`.
    pub(super) fn new(clients: Arc<[Client]>, first: usize, random: Random) -> Self {
        Self { clients, current: first, random }
    }

    /// The client of the member in use.
    pub(super) fn client(&self) -> Client {
        self.clients[self.current % self.clients.len()].clone()
    }

    fn next_member(&mut self) {
        self.current += 1;
    }

    /// Writes a key, with this lease or none.
    pub(super) async fn put(
        &self,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        lease: Option<i64>,
    ) -> Result<(), Lost> {
        let options = lease.map(|lease| PutOptions::new().with_lease(lease));
        within(self.client().put(key, value, options)).await?;
        Ok(())
    }

    /// Runs a transaction.
    pub(super) async fn txn(&self, txn: Txn) -> Result<TxnResponse, Lost> {
        within(self.client().txn(txn)).await
    }

    /// Takes a lease and keeps it alive until it is dropped or revoked.
    pub(super) async fn lease(&self, ttl_secs: u32) -> Result<Lease, Lost> {
        let id = within(self.client().lease_grant(i64::from(ttl_secs), None)).await?.id();
        let ttl = Duration::from_secs(u64::from(ttl_secs));
        let keeper = tokio::spawn(keep_alive(self.clone(), id, ttl));
        Ok(Lease { id, keeper })
    }

    /// Revokes a lease: its keys are deleted at once.
    pub(super) async fn revoke(&self, lease: Lease) -> Result<(), Lost> {
        within(self.client().lease_revoke(lease.id())).await?;
        Ok(())
    }
}

/// A lease that is kept alive as long as this lives. Dropped, it expires by itself after its TTL, as
/// when its owner crashes.
#[derive(Debug)]
pub(super) struct Lease {
    id: i64,
    keeper: JoinHandle<()>,
}

impl Lease {
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// Waits until the lease is lost, and tells so.
    pub(super) async fn gone(&mut self) -> Lost {
        if let Err(error) = (&mut self.keeper).await {
            tracing::debug!(%error, "the keeper of a lease ended");
        }
        Lost::LeaseGone
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Renews a lease every third of its TTL, at another member when one fails, until it is gone.
async fn keep_alive(mut actor: Actor, id: i64, ttl: Duration) {
    let mut renewed = Instant::now();
    while renewed.elapsed() < ttl {
        if let Err(error) = renew(&actor, id, ttl, &mut renewed).await {
            tracing::debug!(%error, lease = format!("{id:x}"), "renewing");
        }
        actor.next_member();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn renew(actor: &Actor, id: i64, ttl: Duration, renewed: &mut Instant) -> Result<(), Lost> {
    let (mut keeper, mut answers) = within(actor.client().lease_keep_alive(id)).await?;
    *renewed = Instant::now();
    loop {
        tokio::time::sleep(ttl / 3).await;
        within(keeper.keep_alive()).await?;
        match within(answers.message()).await? {
            Some(answer) if answer.ttl() > 0 => *renewed = Instant::now(),
            Some(_) => return Err(Lost::LeaseGone),
            None => return Err(Lost::WatchEnded),
        }
    }
}

/// What an actor does with its life.
pub(super) trait Role: Send + 'static {
    /// One life, from its beginning. It starts anew when it returns, after a pause when it fails.
    fn live(&mut self, actor: &mut Actor) -> impl Future<Output = Result<(), Lost>> + Send;
}

/// Plays a role for ever.
pub(super) async fn play(mut role: impl Role, mut actor: Actor) {
    loop {
        if let Err(lost) = role.live(&mut actor).await {
            tracing::debug!(%lost, "a life of the fleet ended");
            actor.next_member();
            let pause = actor.random.millis(500..1500);
            tokio::time::sleep(pause).await;
        }
    }
}

/// The present in RFC 3339, to the second.
pub(super) fn timestamp() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

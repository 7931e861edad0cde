//! Owners who wait for each other in a ring, until one gives up.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use super::super::actor::{Actor, Lease, Lost, Role};
use super::super::locks;
use super::super::queue::{enqueue, wait_for_older};

/// TTL of an owner's leases.
const LEASE_TTL_SECS: u32 = 5;
/// Those who do not give up wait longer than the one who does.
const STUBBORN: Duration = Duration::from_secs(300);

/// Owners, each with one lock of its own, who then all want the lock of the next.
pub(in super::super) struct Ring {
    pub(in super::super) name: &'static str,
    /// The owners, and the lock that each takes first.
    owners: &'static [(&'static str, &'static str)],
    signed: Signed,
}

/// By what the claims of one owner are tied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    /// One lease for all of them: one session of etcd's lock API.
    WithLease,
    /// The owner's name as their value; each has a lease of its own.
    WithName,
}

/// All rings.
pub(in super::super) fn rings() -> [Ring; 2] {
    [
        Ring {
            name: "ring of three",
            owners: &[
                ("checkout", "/locks/orders:ledger"),
                ("refunds", "/locks/payments:ledger"),
                ("settlement", "/locks/stock:ledger"),
            ],
            signed: Signed::WithLease,
        },
        Ring {
            name: "ring of two",
            owners: &[("import-1", "/locks/tables:customers"), ("import-2", "/locks/tables:invoices")],
            signed: Signed::WithName,
        },
    ]
}

/// An owner in one round.
struct Owner<'a> {
    name: &'a str,
    /// Its session, where it has one.
    session: Option<Lease>,
}

/// A claim of an owner.
enum Held {
    InSession(Vec<u8>),
    Signed(Lease),
}

impl Owner<'_> {
    /// Waits for the lock. Dropping the call leaves its queue: at once in a session, else when the
    /// claim's own lease expires.
    async fn take(&self, actor: &Actor, lock: &str) -> Result<Held, Lost> {
        if let Some(session) = &self.session {
            return Ok(Held::InSession(locks::take(actor, lock, session.id()).await?));
        }
        let lease = actor.lease(LEASE_TTL_SECS).await?;
        let prefix = format!("{lock}/");
        let claim = vec![(format!("{prefix}{:x}", lease.id()), self.name.into())];
        let revision = enqueue(actor, claim, lease.id()).await?;
        wait_for_older(actor, &prefix, revision).await?;
        Ok(Held::Signed(lease))
    }

    async fn release(actor: &Actor, held: Held) -> Result<(), Lost> {
        match held {
            Held::InSession(key) => locks::unlock(actor, key).await,
            Held::Signed(lease) => actor.revoke(lease).await,
        }
    }
}

impl Ring {
    async fn round(&self, actor: &mut Actor, owners: &[Owner<'_>]) -> Result<(), Lost> {
        let mut first = Vec::new();
        for (owner, (_, lock)) in owners.iter().zip(self.owners) {
            first.push(owner.take(actor, lock).await?);
        }
        tokio::time::sleep(actor.random.millis(1_500..3_000)).await;
        // From here on each waits for the next.
        let patience = actor.random.millis(20_000..30_000);
        let actor = &*actor;
        let goes_on = first.into_iter().enumerate().map(|(index, held)| async move {
            let (_, next) = self.owners[(index + 1) % self.owners.len()];
            let patience = if index + 1 == self.owners.len() { patience } else { STUBBORN };
            if let Ok(second) = tokio::time::timeout(patience, owners[index].take(actor, next)).await {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Owner::release(actor, second?).await?;
            }
            Owner::release(actor, held).await
        });
        try_all(goes_on).await
    }
}

/// Waits for all of them, or until one fails.
async fn try_all(futures: impl Iterator<Item: Future<Output = Result<(), Lost>>>) -> Result<(), Lost> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let mut failed = None;
        futures.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(Ok(())) => false,
            Poll::Ready(Err(lost)) => {
                failed = Some(lost);
                false
            }
            Poll::Pending => true,
        });
        match failed {
            Some(lost) => Poll::Ready(Err(lost)),
            None if futures.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}

impl Role for Ring {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        let mut owners = Vec::new();
        for (name, _) in self.owners {
            let session = match self.signed {
                Signed::WithLease => Some(actor.lease(LEASE_TTL_SECS).await?),
                Signed::WithName => None,
            };
            owners.push(Owner { name, session });
        }
        loop {
            self.round(actor, &owners).await?;
            tokio::time::sleep(actor.random.millis(6_000..10_000)).await;
        }
    }
}

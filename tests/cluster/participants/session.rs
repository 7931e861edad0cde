//! Locks and candidacies through etcd-client: the calls of etcd's own lock and election services.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_client::{Client, LeaderKey, LockOptions, ResignOptions};
use tokio::task::JoinHandle;

/// A lease that is kept alive, and what is done with it.
pub struct Session {
    client: Client,
    pub lease: i64,
    keeper: JoinHandle<()>,
    call: JoinHandle<()>,
    /// What the call answered.
    held: Arc<Mutex<Option<Held>>>,
}

/// What was won.
enum Held {
    Lock(Vec<u8>),
    Leadership(LeaderKey),
}

impl Session {
    async fn open(mut client: Client, ttl_secs: i64) -> Self {
        let lease = client.lease_grant(ttl_secs, None).await.expect("a lease").id();
        let keeper = tokio::spawn(keep_alive(client.clone(), lease, ttl_secs));
        let idle = tokio::spawn(async {});
        Self { client, lease, keeper, call: idle, held: Arc::default() }
    }

    /// Calls `lock`, which answers when the lock is held.
    pub async fn lock(client: Client, name: &str, ttl_secs: i64) -> Self {
        let mut session = Self::open(client, ttl_secs).await;
        let (mut client, held, name) = (session.client.clone(), session.held.clone(), name.to_owned());
        let options = LockOptions::new().with_lease(session.lease);
        session.call = tokio::spawn(async move {
            // Refused where the lease has expired while it waited.
            if let Ok(answer) = client.lock(name, Some(options)).await {
                *held.lock().unwrap() = Some(Held::Lock(answer.key().to_vec()));
            }
        });
        session
    }

    /// Calls `campaign`, which answers when the candidate leads.
    pub async fn campaign(client: Client, name: &str, candidate: &str, ttl_secs: i64) -> Self {
        let mut session = Self::open(client, ttl_secs).await;
        let (mut client, held, lease) = (session.client.clone(), session.held.clone(), session.lease);
        let (name, candidate) = (name.to_owned(), candidate.to_owned());
        session.call = tokio::spawn(async move {
            if let Ok(answer) = client.campaign(name, candidate, lease).await {
                let leader = answer.leader().cloned().expect("a leader key");
                *held.lock().unwrap() = Some(Held::Leadership(leader));
            }
        });
        session
    }

    /// The key that it was told it holds.
    pub fn holds(&self) -> Option<Vec<u8>> {
        match self.held.lock().unwrap().as_ref()? {
            Held::Lock(key) => Some(key.clone()),
            Held::Leadership(leader) => Some(leader.key().to_vec()),
        }
    }

    /// Unlocks or resigns; or leaves the line. The lease goes with it, as when a session is closed.
    pub async fn leave(&mut self) {
        self.call.abort();
        let held = self.held.lock().unwrap().take();
        match held {
            Some(Held::Lock(key)) => {
                self.client.unlock(key).await.expect("an unlock");
            }
            Some(Held::Leadership(leader)) => {
                let options = ResignOptions::new().with_leader(leader);
                self.client.resign(Some(options)).await.expect("a resignation");
            }
            None => {}
        }
        self.stop_renewing();
        self.client.lease_revoke(self.lease).await.expect("its lease is revoked");
    }

    /// Lives on, but does not renew its lease any more.
    pub fn stop_renewing(&self) {
        self.keeper.abort();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.keeper.abort();
        self.call.abort();
    }
}

async fn keep_alive(mut client: Client, lease: i64, ttl_secs: i64) {
    let every = Duration::from_millis(u64::try_from(ttl_secs).unwrap_or(1) * 1_000 / 5);
    loop {
        if let Ok((mut keeper, mut answers)) = client.lease_keep_alive(lease).await {
            while keeper.keep_alive().await.is_ok() && matches!(answers.message().await, Ok(Some(_))) {
                tokio::time::sleep(every).await;
            }
        }
        tokio::time::sleep(every).await;
    }
}

//! One member at its own endpoint: its client, made when first needed and made anew when it hangs
//! or its token is refused.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use etcd_client::{Client, ConnectOptions, Error, KvClient, WatchClient};

use super::address::Address;
use super::fault::{classify, timed_out};
use super::probe::clarify;
use crate::model::fault::{Fault, FaultKind};

/// One connection with its login and its first answer.
pub(super) const CONTACT_TIMEOUT: Duration = Duration::from_millis(3_500);
/// Larger answers are refused by this side; listings then ask for less at a time.
const RANGE_DECODE_LIMIT: usize = 64 << 20;
/// Fragments have 2 MiB, but what was waiting when the watch was created comes whole.
const WATCH_DECODE_LIMIT: usize = 512 << 20;
/// A member that failed is asked after the others for so long.
const AVOID_FOR: Duration = Duration::from_secs(10);

/// What all members of a cluster share.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// The id that the first member gave; 0 while unknown.
    pub cluster_id: AtomicU64,
    /// A revision that the cluster has been at lately, the last that was answered; 0: unknown.
    pub seen: AtomicI64,
    /// A user was given, but authentication is off.
    pub auth_off: AtomicBool,
    /// The login that was refused: it is not tried again before the operator asks for it. Health is
    /// asked every few seconds, and each attempt would cost the server a hash and could lock the
    /// user out.
    login_refused: Mutex<Option<Fault>>,
}

impl Common {
    fn login_refused(&self) -> std::sync::MutexGuard<'_, Option<Fault>> {
        self.login_refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operator asked: the login may be tried again.
    pub(super) fn allow_login(&self) {
        *self.login_refused() = None;
    }
}

/// A client in use. Clones share its connection.
#[derive(Clone)]
pub(super) struct Handle {
    /// Everything but ranges and watches.
    pub client: Client,
    /// Ranges and transactions, with a decode limit of its own.
    pub kv: KvClient,
    /// Watches, with a decode limit of its own.
    pub watch: WatchClient,
    /// The server's version; `None`: it hides it from this user, which only recent ones do.
    pub version: Option<Arc<str>>,
    epoch: u64,
}

/// A member.
pub(super) struct Member {
    pub address: Address,
    options: ConnectOptions,
    user: Option<(String, String)>,
    common: Arc<Common>,
    slot: tokio::sync::Mutex<Slot>,
    trouble: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Slot {
    handle: Option<Handle>,
    epoch: u64,
}

/// A call that failed.
pub(super) struct Refusal {
    pub fault: Fault,
    /// The request never left this machine.
    pub never_sent: bool,
}

impl Member {
    pub(super) fn new(
        address: Address,
        options: ConnectOptions,
        user: Option<(String, String)>,
        common: Arc<Common>,
    ) -> Self {
        Self {
            address,
            options,
            user,
            common,
            slot: tokio::sync::Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// When it failed, if it did so lately.
    pub(super) fn trouble_since(&self) -> Option<Instant> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.filter(|when| when.elapsed() < AVOID_FOR)
    }

    /// Remembers that it failed, so that others are asked first for a while.
    pub(super) fn blame(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn praise(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Calls `op`, at most for `limit`. A refused token is renewed once, and the call, which was
    /// then refused before it did anything, is made once more.
    pub(super) async fn call<T, F, Fut>(&self, limit: Duration, op: F) -> Result<T, Refusal>
    where
        F: Fn(Handle) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let mut renewed = false;
        loop {
            let handle = match self.handle().await {
                Ok(handle) => handle,
                Err(fault) => {
                    self.blame();
                    return Err(Refusal { fault, never_sent: true });
                }
            };
            let epoch = handle.epoch;
            match tokio::time::timeout(limit, op(handle)).await {
                Ok(Ok(answer)) => {
                    self.praise();
                    return Ok(answer);
                }
                Ok(Err(error)) => {
                    let fault = classify(&error);
                    let token_refused =
                        matches!(fault.kind, FaultKind::TokenExpired | FaultKind::UserRequired);
                    if token_refused && self.user.is_some() && !renewed {
                        renewed = true;
                        self.renew(epoch).await;
                        continue;
                    }
                    if super::fault::worth_another_member(&fault) && !super::fault::is_future_revision(&fault)
                    {
                        self.blame();
                    }
                    return Err(Refusal { never_sent: super::fault::never_sent(&error), fault });
                }
                Err(_) => {
                    // The connection may hang for good, and no ping runs on an idle one.
                    self.renew(epoch).await;
                    let fault = timed_out(&format!("no answer from {}", self.address.written));
                    self.blame();
                    return Err(Refusal { fault, never_sent: false });
                }
            }
        }
    }

    /// The client, connected, logged in and known to belong to the cluster.
    pub(super) async fn handle(&self) -> Result<Handle, Fault> {
        match tokio::time::timeout(CONTACT_TIMEOUT, self.handle_in_time()).await {
            Ok(handle) => handle,
            Err(_) => Err(timed_out(&format!("no answer from {}", self.address.written))),
        }
    }

    async fn handle_in_time(&self) -> Result<Handle, Fault> {
        let mut slot = self.slot.lock().await;
        if let Some(handle) = &slot.handle {
            return Ok(handle.clone());
        }
        let (client, cluster_id, version) = match self.contact().await {
            Ok(contact) => contact,
            Err(fault) => return Err(clarify(&self.address, fault).await),
        };
        let known =
            self.common.cluster_id.compare_exchange(0, cluster_id, Ordering::SeqCst, Ordering::SeqCst);
        if let Err(known) = known
            && known != cluster_id
        {
            let detail = format!(
                "{} belongs to another cluster ({cluster_id:x} instead of {known:x})",
                self.address.written
            );
            return Err(Fault::new(FaultKind::Invalid, detail));
        }
        slot.epoch += 1;
        let handle = Handle {
            kv: client.kv_client().max_decoding_message_size(RANGE_DECODE_LIMIT),
            watch: client.watch_client().max_decoding_message_size(WATCH_DECODE_LIMIT),
            client,
            version: version.map(Into::into),
            epoch: slot.epoch,
        };
        slot.handle = Some(handle.clone());
        Ok(handle)
    }

    /// Connects, logs in where a user is given, and asks who is there.
    async fn contact(&self) -> Result<(Client, u64, Option<String>), Fault> {
        let endpoints = [self.address.url.as_str()];
        let connect = async |options: ConnectOptions| {
            Client::connect(endpoints, Some(options)).await.map_err(|error| classify(&error))
        };
        if let Some(refused) = self.common.login_refused().clone() {
            return Err(refused);
        }
        let mut client = match &self.user {
            Some((name, password)) => match connect(self.options.clone().with_user(name, password)).await {
                Err(fault) if fault.detail.contains("authentication is not enabled") => {
                    self.common.auth_off.store(true, Ordering::SeqCst);
                    connect(self.options.clone()).await?
                }
                Err(fault) => {
                    if fault.kind == FaultKind::WrongPassword {
                        *self.common.login_refused() = Some(fault.clone());
                    }
                    return Err(fault);
                }
                Ok(client) => {
                    self.common.auth_off.store(false, Ordering::SeqCst);
                    client
                }
            },
            None => connect(self.options.clone()).await?,
        };
        match client.status().await.map_err(|error| classify(&error)) {
            Ok(status) => {
                let cluster_id = status.header().map_or(0, etcd_client::ResponseHeader::cluster_id);
                let version = status.version().to_owned();
                let revision = status.header().map_or(0, etcd_client::ResponseHeader::revision);
                // Better than none; every later answer is newer.
                if self.common.seen.load(Ordering::SeqCst) == 0 {
                    self.common.seen.store(revision, Ordering::SeqCst);
                }
                Ok((client, cluster_id, Some(version)))
            }
            Err(fault) if fault.kind == FaultKind::PermissionDenied => {
                // Users may always ask about themselves, and the answer's header tells who answers.
                let (name, _) = self.user.as_ref().ok_or(fault)?;
                let answer = client.user_get(name.as_str()).await.map_err(|error| classify(&error))?;
                let cluster_id = answer.header().map_or(0, etcd_client::ResponseHeader::cluster_id);
                Ok((client, cluster_id, None))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Forgets the client, unless it has been made anew already.
    pub(super) async fn renew(&self, epoch: u64) {
        let mut slot = self.slot.lock().await;
        if slot.handle.as_ref().is_some_and(|handle| handle.epoch == epoch) {
            slot.handle = None;
        }
    }

    /// Forgets the client.
    pub(super) async fn forget(&self) {
        self.slot.lock().await.handle = None;
    }
}

//! Whether the members of a local cluster serve, and a client to ask them.

use std::path::Path;
use std::time::{Duration, Instant};

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};

use super::LocalCluster;
use crate::demo::member::{Ending, LocalMember};
use crate::model::fault::{Fault, FaultKind};

/// How often members that do not serve yet are asked.
const ASKED_EVERY: Duration = Duration::from_millis(50);
/// How long a member that found one of its ports taken waits before it tries again.
const PORT_PAUSE: Duration = Duration::from_millis(200);

/// Why a member does not serve.
pub(super) enum Down {
    /// It has ended by itself.
    Ended { name: String, ending: Ending },
    /// It runs, and was not up in time.
    Late(Fault),
}

impl From<Down> for Fault {
    fn from(down: Down) -> Self {
        match down {
            Down::Ended { name, ending } => Self::new(FaultKind::Other, format!("{name} ended {ending}")),
            Down::Late(fault) => fault,
        }
    }
}

impl LocalCluster {
    /// Waits until every member serves linearizable reads. One that could not bind its ports, because a
    /// connection of somebody else had one for a moment, is started again.
    ///
    /// # Errors
    /// [`FaultKind::TimedOut`], or [`FaultKind::Other`] where a member has ended, with its log.
    pub async fn wait_healthy(&self) -> Result<(), Fault> {
        self.wait_members(self.members()).await
    }

    /// The same for the first time: a member that ends is told at once.
    pub(super) async fn first_health(&self) -> Result<(), Down> {
        let deadline = Instant::now() + self.start_timeout;
        self.wait_until(deadline, self.members()).await
    }

    /// The same for these members.
    pub(super) async fn wait_members(&self, members: &[LocalMember]) -> Result<(), Fault> {
        let deadline = Instant::now() + self.start_timeout;
        loop {
            match self.wait_until(deadline, members).await {
                Ok(()) => return Ok(()),
                Err(Down::Ended { name, ending }) if ending.may_pass() && Instant::now() < deadline => {
                    tracing::debug!(name, %ending, "started again");
                    tokio::time::sleep(PORT_PAUSE).await;
                    if let Some(member) = members.iter().find(|member| member.name() == name) {
                        member.spawn()?;
                    }
                }
                Err(down) => return Err(down.into()),
            }
        }
    }

    /// Waits until all of these serve, or one of them has ended.
    async fn wait_until(&self, deadline: Instant, members: &[LocalMember]) -> Result<(), Down> {
        let mut up = 0;
        while let Some(member) = members.get(up) {
            // Without a quorum none of the others ever serves: all are looked at.
            for member in members {
                if let Some(ending) = member.ending() {
                    return Err(Down::Ended { name: member.name().to_owned(), ending });
                }
            }
            let Err(fault) = self.check(member).await else {
                up += 1;
                continue;
            };
            if Instant::now() >= deadline {
                let (name, last) = (member.name(), fault.detail);
                let detail = format!("{name} did not come up: {last}; {}", member.log_tail());
                return Err(Down::Late(Fault::new(FaultKind::TimedOut, detail)));
            }
            tokio::time::sleep(ASKED_EVERY).await;
        }
        Ok(())
    }

    /// A client of these members, with the TLS of the cluster and no user. It balances over them.
    ///
    /// # Errors
    /// [`FaultKind::BadCertificateFile`] or [`FaultKind::Unavailable`].
    pub async fn client(&self) -> Result<Client, Fault> {
        self.client_of(&self.endpoints()).await
    }

    async fn client_of(&self, endpoints: &[String]) -> Result<Client, Fault> {
        let mut options = ConnectOptions::new()
            .with_connect_timeout(Duration::from_secs(3))
            .with_keep_alive(Duration::from_secs(10), Duration::from_secs(5));
        if let Some(tls) = &self.tls {
            let read = |path: &Path| {
                std::fs::read(path).map_err(|error| {
                    Fault::new(FaultKind::BadCertificateFile, format!("{}: {error}", path.display()))
                })
            };
            let mut tls_options =
                TlsOptions::new().ca_certificate(Certificate::from_pem(read(&tls.ca_file)?));
            if let (Some(cert), Some(key)) = (&tls.client_cert_file, &tls.client_key_file) {
                tls_options = tls_options.identity(Identity::from_pem(read(cert)?, read(key)?));
            }
            options = options.with_tls(tls_options);
        }
        Client::connect(endpoints, Some(options))
            .await
            .map_err(|error| Fault::new(FaultKind::Unavailable, error.to_string()))
    }

    /// Whether the member knows a leader and serves a linearizable read.
    async fn check(&self, member: &LocalMember) -> Result<(), Fault> {
        if self.status(member).await?.1 == 0 {
            return Err(Fault::new(FaultKind::NoLeader, "no leader yet"));
        }
        let mut client = self.client_of(&[member.endpoint().to_owned()]).await?;
        match tokio::time::timeout(Duration::from_secs(3), client.get("health", None)).await {
            Ok(Ok(_)) => Ok(()),
            // With authentication on, a refusal is the answer of a healthy member too.
            Ok(Err(error)) if refused(&error) => Ok(()),
            Ok(Err(error)) => Err(Fault::new(FaultKind::Unavailable, error.to_string())),
            Err(_) => Err(Fault::new(FaultKind::TimedOut, "the read was not answered")),
        }
    }

    /// Member id and the id of the leader it knows.
    pub(super) async fn status(&self, member: &LocalMember) -> Result<(u64, u64), Fault> {
        let mut client = self.client_of(&[member.endpoint().to_owned()]).await?;
        match tokio::time::timeout(Duration::from_secs(3), client.status()).await {
            Ok(Ok(status)) => {
                Ok((status.header().map_or(0, etcd_client::ResponseHeader::member_id), status.leader()))
            }
            Ok(Err(error)) => Err(Fault::new(FaultKind::Unavailable, error.to_string())),
            Err(_) => Err(Fault::new(FaultKind::TimedOut, "the status was not answered")),
        }
    }
}

fn refused(error: &etcd_client::Error) -> bool {
    let text = error.to_string();
    text.contains("user name is empty") || text.contains("permission denied") || text.contains("auth token")
}

//! A real etcd cluster on free loopback ports in a temporary folder, for the demonstration and for
//! the tests. Nothing of it outlives this process, however the process ends.

mod health;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::binaries::{EtcdBinary, EtcdVersion, find_etcd};
use super::member::Recipe;
pub use super::member::{LocalMember, TlsFiles};
use super::ports::Ports;
use super::watchdog::Watchdog;
use crate::model::fault::{Fault, FaultKind};
use health::Down;

/// How many clusters are begun, each with other ports, where a member ends for want of a port or
/// for no reason that it tells.
const PORT_ATTEMPTS: usize = 6;
/// How many are begun where a member ends for another reason: a machine may be out of something for a
/// moment.
const ATTEMPTS: usize = 2;

/// What cluster to start.
#[derive(Clone, Debug)]
pub struct LocalClusterOptions {
    /// Members, 1 to 9.
    pub members: usize,
    /// The etcd program; `None`: `ETCD_BIN`, else the newest that is found.
    pub etcd_bin: Option<PathBuf>,
    /// TLS on the client ports (peers stay plain: they are all on this machine).
    pub tls: Option<TlsFiles>,
    /// Further arguments for each member, such as `--quota-backend-bytes=16777216`.
    pub extra_args: Vec<String>,
    /// For each member the port at which it listens to its peers, and the one that the peers are
    /// told instead, where something stands between them. Empty: free ports, told as they are.
    pub peer_ports: Vec<(u16, u16)>,
    /// Cluster token; `None`: one made of the ports, so that cluster ids differ.
    pub token: Option<String>,
    /// Raft heartbeat in milliseconds.
    pub heartbeat_ms: u32,
    /// Raft election time-out in milliseconds, at least five heartbeats.
    pub election_ms: u32,
    /// How long the start may take.
    pub start_timeout: Duration,
}

impl Default for LocalClusterOptions {
    fn default() -> Self {
        Self {
            members: 1,
            etcd_bin: None,
            tls: None,
            extra_args: Vec::new(),
            peer_ports: Vec::new(),
            token: None,
            heartbeat_ms: 100,
            election_ms: 1000,
            start_timeout: Duration::from_secs(60),
        }
    }
}

impl LocalClusterOptions {
    /// The defaults with so many members.
    #[must_use]
    pub fn members(members: usize) -> Self {
        Self { members, ..Self::default() }
    }
}

/// A running local cluster. Dropping it kills its members and removes its folder.
#[derive(Debug)]
pub struct LocalCluster {
    // Dropped in this order: members first, then the guard, then the folder.
    members: Vec<LocalMember>,
    _guard: Arc<Mutex<Watchdog>>,
    folder: TempDir,
    // Kept while members are down: nobody of ours takes them meanwhile.
    _ports: Ports,
    binary: EtcdBinary,
    tls: Option<TlsFiles>,
    token: String,
    initial_cluster: String,
    start_timeout: Duration,
}

impl LocalCluster {
    /// Starts a cluster and waits until every member serves and knows the leader.
    ///
    /// # Errors
    /// [`FaultKind::Invalid`] for an impossible number of members, [`FaultKind::EtcdMissing`] where
    /// no etcd is found, [`FaultKind::TimedOut`] or [`FaultKind::Other`] with the end of etcd's log
    /// where it does not come up.
    pub async fn start(options: LocalClusterOptions) -> Result<Self, Fault> {
        if !(1..=9).contains(&options.members) {
            return Err(Fault::new(FaultKind::Invalid, "a local cluster has 1 to 9 members"));
        }
        let chosen = options.etcd_bin.clone();
        let binary = tokio::task::spawn_blocking(move || find_etcd(chosen.as_deref()))
            .await
            .map_err(|error| Fault::new(FaultKind::Other, error.to_string()))??;
        Self::start_on(&options, &binary, || Ports::reserve(options.members * 2)).await
    }

    /// Starts it on such ports, and anew on others where a member does not stay.
    async fn start_on(
        options: &LocalClusterOptions,
        binary: &EtcdBinary,
        ports: impl Fn() -> Result<Ports, Fault>,
    ) -> Result<Self, Fault> {
        let mut attempt = 1;
        loop {
            let cluster = Self::launch(options, binary, ports()?)?;
            let down = match cluster.first_health().await {
                Ok(()) => return Ok(cluster),
                Err(down) => down,
            };
            let attempts = match &down {
                Down::Ended { ending, .. } if ending.may_pass() => PORT_ATTEMPTS,
                Down::Ended { .. } => ATTEMPTS,
                Down::Late(_) => 1,
            };
            if attempt >= attempts {
                return Err(down.into());
            }
            tracing::debug!(attempt, fault = %Fault::from(down), "the local cluster is begun anew");
            attempt += 1;
        }
    }

    fn launch(options: &LocalClusterOptions, binary: &EtcdBinary, ports: Ports) -> Result<Self, Fault> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("etcdscope-cluster-");
        // Logs in it are its owner's alone, whatever the umask is.
        #[cfg(unix)]
        folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = folder
            .tempdir()
            .map_err(|error| Fault::new(FaultKind::File, format!("temporary folder: {error}")))?;
        let guard = Arc::new(Mutex::new(Watchdog::start(folder.path())?));
        let (clients, free) = ports.numbers().split_at(options.members);
        let peers: Vec<(u16, u16)> = if options.peer_ports.is_empty() {
            free.iter().map(|port| (*port, *port)).collect()
        } else {
            options.peer_ports.clone()
        };
        let name = |index: usize| format!("member-{}", index + 1);
        let initial_cluster = peers
            .iter()
            .enumerate()
            .map(|(index, (_, told))| format!("{}=http://127.0.0.1:{told}", name(index)))
            .collect::<Vec<_>>()
            .join(",");
        let token = options.token.clone().unwrap_or_else(|| format!("etcdscope-{}", free[0]));
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let mut members = Vec::new();
        for (index, (client, (listens, told))) in clients.iter().zip(&peers).enumerate() {
            let endpoint = format!("{scheme}://127.0.0.1:{client}");
            let peer_url = format!("http://127.0.0.1:{told}");
            let data_dir = folder.path().join(name(index));
            let mut arguments = vec![
                format!("--name={}", name(index)),
                format!("--data-dir={}", data_dir.display()),
                format!("--listen-client-urls={endpoint}"),
                format!("--advertise-client-urls={endpoint}"),
                format!("--listen-peer-urls=http://127.0.0.1:{listens}"),
                format!("--initial-advertise-peer-urls={peer_url}"),
                format!("--initial-cluster={initial_cluster}"),
                format!("--initial-cluster-token={token}"),
                "--initial-cluster-state=new".to_owned(),
                format!("--heartbeat-interval={}", options.heartbeat_ms),
                format!("--election-timeout={}", options.election_ms),
                "--logger=zap".to_owned(),
                // Some reasons to end at once are but warnings to etcd.
                "--log-level=warn".to_owned(),
            ];
            if binary.version.at_least(3, 5) {
                // The data lives as long as this process: it need not survive a power cut.
                arguments.push("--unsafe-no-fsync".to_owned());
            }
            if let Some(tls) = &options.tls {
                arguments.extend(tls.server_arguments());
            }
            arguments.extend(options.extra_args.iter().cloned());
            let name = name(index);
            let program = binary.path.clone();
            let recipe = Recipe { name, endpoint, peer_url, data_dir, program, arguments };
            members.push(LocalMember::new(recipe, guard.clone()));
        }
        for member in &members {
            member.spawn()?;
        }
        Ok(Self {
            members,
            _guard: guard,
            folder,
            _ports: ports,
            binary: binary.clone(),
            tls: options.tls.clone(),
            token,
            initial_cluster,
            start_timeout: options.start_timeout,
        })
    }

    /// Client URLs of all members, whether they run or not.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|member| member.endpoint().to_owned()).collect()
    }

    /// The members, in the order of the endpoints.
    #[must_use]
    pub fn members(&self) -> &[LocalMember] {
        &self.members
    }

    /// The member with this index.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn member(&self, index: usize) -> &LocalMember {
        &self.members[index]
    }

    /// The etcd program of the members.
    #[must_use]
    pub fn etcd_bin(&self) -> &Path {
        &self.binary.path
    }

    /// The `etcdctl` of the same version, where it is installed.
    #[must_use]
    pub fn etcdctl_bin(&self) -> Option<PathBuf> {
        self.binary.etcdctl()
    }

    /// The `etcdutl` of the same version (3.5 and newer), where it is installed.
    #[must_use]
    pub fn etcdutl_bin(&self) -> Option<PathBuf> {
        self.binary.etcdutl()
    }

    /// Version of etcd.
    #[must_use]
    pub fn version(&self) -> EtcdVersion {
        self.binary.version
    }

    /// The folder with the data of all members.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The cluster token (`--initial-cluster-token`).
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The value of `--initial-cluster`, for restoring a snapshot.
    #[must_use]
    pub fn initial_cluster(&self) -> &str {
        &self.initial_cluster
    }

    /// Kills every member that runs, at once. The data stays.
    pub fn kill_all(&self) {
        for member in &self.members {
            member.kill();
        }
    }

    /// Starts every member that does not run and waits until all are healthy.
    ///
    /// # Errors
    /// As [`LocalCluster::start`].
    pub async fn restart_all(&self) -> Result<(), Fault> {
        for member in &self.members {
            if !member.is_running() {
                member.spawn()?;
            }
        }
        self.wait_healthy().await
    }

    /// Kills the member with this index if it runs, starts it with the data it has, and waits until
    /// it serves (which needs a quorum).
    ///
    /// # Errors
    /// As [`LocalCluster::start`].
    pub async fn restart(&self, index: usize) -> Result<(), Fault> {
        self.start_again(index)?;
        self.wait_members(std::slice::from_ref(self.member(index))).await
    }

    /// [`LocalCluster::restart`] without waiting.
    ///
    /// # Errors
    /// [`FaultKind::EtcdMissing`] where the program does not start.
    pub fn start_again(&self, index: usize) -> Result<(), Fault> {
        let member = self.member(index);
        member.kill();
        member.spawn()
    }

    /// Index of the member that leads, where a running member knows one.
    pub async fn leader(&self) -> Option<usize> {
        let mut ids = Vec::new();
        let mut leader = 0;
        for member in &self.members {
            let id = match self.status(member).await {
                Ok((id, known)) => {
                    leader = if known == 0 { leader } else { known };
                    Some(id)
                }
                Err(_) => None,
            };
            ids.push(id);
        }
        ids.iter().position(|id| leader != 0 && *id == Some(leader))
    }

    /// Ends all members and removes the folder. Dropping does the same; this reports what remains.
    ///
    /// # Errors
    /// [`FaultKind::File`] where the folder could not be removed.
    pub fn shutdown(self) -> Result<(), Fault> {
        let Self { members, _guard: guard, folder, .. } = self;
        drop(members);
        drop(guard);
        let path = folder.path().to_owned();
        match folder.close() {
            Err(error) if path.exists() => {
                Err(Fault::new(FaultKind::File, format!("removing {}: {error}", path.display())))
            }
            // The guard may have been faster.
            _ => Ok(()),
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! The demonstration fleet: services, workers, candidates and an operator that live on a local
//! cluster as real ones do, with etcd's own leases, watches, locks and elections.
//!
//! Every actor is a task of its own that starts anew, at another member, when something fails.
//! Ending the demonstration aborts the tasks and kills the cluster: it leaves nothing behind.

use tokio::task::JoinSet;

use super::{EtcdVersion, LocalCluster, LocalClusterOptions};
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::{Profile, ProfileColour};

/// What demonstration to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// Members of the cluster, 1 to 9.
    pub members: usize,
    /// Decides what the actors do and when, as far as the cluster lets them.
    pub seed: u64,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { members: 3, seed: 1 }
    }
}

/// The running demonstration. Dropping it ends it.
#[derive(Debug)]
pub struct Demo {
    // Dropped in this order: the actors first, then what they live on.
    actors: JoinSet<()>,
    cluster: LocalCluster,
}

impl Demo {
    /// Starts a local cluster with the fleet on it.
    ///
    /// # Errors
    /// As [`LocalCluster::start`], or where the first keys cannot be written.
    pub async fn start(options: DemoOptions) -> Result<Self, Fault> {
        let cluster = LocalCluster::start(LocalClusterOptions::members(options.members)).await?;
        Ok(Self { actors: JoinSet::new(), cluster })
    }

    /// A profile that connects to it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            name: "demo".to_owned(),
            endpoints: self.cluster.endpoints(),
            colour: ProfileColour::Green,
            ..Profile::default()
        }
    }

    /// The cluster, for those who want to break it.
    #[must_use]
    pub fn cluster(&self) -> &LocalCluster {
        &self.cluster
    }

    /// Version of etcd.
    #[must_use]
    pub fn version(&self) -> EtcdVersion {
        self.cluster.version()
    }

    /// Ends the actors and the cluster and removes its folder.
    pub async fn shutdown(self) {
        let Self { mut actors, cluster } = self;
        actors.shutdown().await;
        let ended = tokio::task::spawn_blocking(move || cluster.shutdown()).await;
        if let Err(fault) = ended.unwrap_or_else(|error| Err(Fault::new(FaultKind::Other, error.to_string())))
        {
            tracing::warn!(%fault, "the demonstration left something behind");
        }
    }
}

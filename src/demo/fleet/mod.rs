//! The demonstration fleet: services, workers, candidates and an operator that live on a local
//! cluster as real ones do, with etcd's own leases, watches, locks and elections.
//!
//! Every actor is a task of its own that starts anew, at another member, when something fails. The
//! fleet's own life is calm; what is alarming happens on request, as a [`Scenario`].
//! Ending the demonstration aborts the tasks and kills the cluster: it leaves nothing behind.

mod actor;
mod documents;
mod elections;
mod health;
mod locks;
mod md5;
mod operator;
mod queue;
mod random;
mod running;
mod scenarios;
mod services;
mod single;
mod tree;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, GetOptions, Txn, TxnOp};
use tokio::task::JoinSet;

use self::actor::{Actor, Role, play, within};
use self::random::Random;
use super::{EtcdVersion, LocalCluster, LocalClusterOptions, Scenario};
use crate::model::coordination::CoordinationSettings;
use crate::model::coordination::rules::{Rule, RuleKind};
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::{Profile, ProfileColour};

/// What demonstration to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// Members of the cluster, 1 to 9.
    pub members: usize,
    /// Decides what the actors do and when, as far as the cluster lets them.
    pub seed: u64,
    /// What happens beside the fleet's calm life.
    pub scenarios: BTreeSet<Scenario>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { members: 3, seed: 1, scenarios: BTreeSet::new() }
    }
}

/// What there is on the demonstration cluster at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoSummary {
    /// Keys.
    pub keys: u64,
    /// Leases.
    pub leases: u64,
    /// The newest revision.
    pub revision: i64,
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
        let cluster = LocalCluster::start(LocalClusterOptions {
            members: options.members,
            // A night of it must not fill the disk.
            extra_args: vec![
                "--auto-compaction-mode=periodic".to_owned(),
                "--auto-compaction-retention=2h".to_owned(),
            ],
            ..LocalClusterOptions::default()
        })
        .await?;
        let clients = clients(&cluster.endpoints()).await?;
        let mut fleet = Fleet { clients, seed: options.seed, actors: JoinSet::new() };
        fleet.write_tree().await?;
        fleet.start_actors();
        for scenario in options.scenarios {
            fleet.start_scenario(scenario);
        }
        Ok(Self { actors: fleet.actors, cluster })
    }

    /// A profile that connects to it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            name: "demo".to_owned(),
            endpoints: self.cluster.endpoints(),
            colour: ProfileColour::Green,
            coordination: CoordinationSettings { rules: vec![signed()], ..CoordinationSettings::default() },
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

    /// What there is on the cluster now.
    ///
    /// # Errors
    /// [`FaultKind::Unavailable`] where the cluster does not answer.
    pub async fn summary(&self) -> Result<DemoSummary, Fault> {
        let unavailable = |lost: actor::Lost| Fault::new(FaultKind::Unavailable, lost.to_string());
        let mut client = self.cluster.client().await?;
        let options = GetOptions::new().with_all_keys().with_count_only();
        let all = within(client.get("", Some(options))).await.map_err(unavailable)?;
        let leases = within(client.leases()).await.map_err(unavailable)?;
        Ok(DemoSummary {
            keys: u64::try_from(all.count()).unwrap_or(0),
            leases: leases.leases().len() as u64,
            revision: all.header().map_or(0, etcd_client::ResponseHeader::revision),
        })
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

/// One client for each member.
async fn clients(endpoints: &[String]) -> Result<Arc<[Client]>, Fault> {
    let mut clients = Vec::new();
    for endpoint in endpoints {
        let options = ConnectOptions::new()
            .with_connect_timeout(Duration::from_secs(3))
            .with_keep_alive(Duration::from_secs(10), Duration::from_secs(5))
            .with_keep_alive_while_idle(true);
        let client = Client::connect([endpoint], Some(options)).await;
        clients.push(client.map_err(|error| Fault::new(FaultKind::Unavailable, error.to_string()))?);
    }
    Ok(clients.into())
}

/// The fleet being started.
struct Fleet {
    clients: Arc<[Client]>,
    seed: u64,
    actors: JoinSet<()>,
}

/// Importers sign their claims with their names, each on a lease of its own: a pattern tells that the names are
/// owners.
fn signed() -> Rule {
    Rule { prefix: "/locks/tables:".to_owned(), kind: RuleKind::Lock, owner: Some("\\n(.+)".to_owned()) }
}

impl Fleet {
    /// An actor of its own; they are spread over the members.
    fn actor(&self, name: &str) -> Actor {
        Actor::new(self.clients.clone(), self.actors.len(), Random::new(self.seed, name))
    }

    /// Writes the configuration tree, in transactions of at most a hundred keys.
    async fn write_tree(&self) -> Result<(), Fault> {
        let mut client = self.actor("tree").client();
        for part in tree::initial_keys().chunks(100) {
            let puts: Vec<_> =
                part.iter().map(|(key, value)| TxnOp::put(key.clone(), value.clone(), None)).collect();
            within(client.txn(Txn::new().and_then(puts))).await.map_err(|lost| {
                Fault::new(FaultKind::Unavailable, format!("writing the configuration tree: {lost}"))
            })?;
        }
        Ok(())
    }

    fn start_actors(&mut self) {
        self.start_all(services::instances(), services::Instance::actor_name);
        self.start_all(locks::workers(), |worker| worker.name.clone());
        self.start_all(single::deployers(), |deployer| deployer.name.clone());
        self.start_all(elections::candidates(), |candidate| candidate.name.clone());
        self.start_all(single::nodes(), |node| node.name.clone());
        self.start("operator", operator::Operator);
        self.start("limiter", operator::Limiter::new());
    }

    fn start_all<R: Role>(&mut self, roles: Vec<R>, name: impl Fn(&R) -> String) {
        for role in roles {
            self.start(&name(&role), role);
        }
    }

    fn start(&mut self, name: &str, role: impl Role) {
        let actor = self.actor(name);
        self.actors.spawn(play(role, actor));
    }
}

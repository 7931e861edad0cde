//! What one key alone says of itself.

use std::sync::Arc;

use super::queue::{ClaimForm, ClaimKind, ClaimMode, Confidence, Told};
use super::service::{Instance, Report};
use crate::model::bytes::Key;

/// The system whose way of writing keys was recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// None that has a name: its shape was enough.
    #[default]
    Plain,
    /// Go's `concurrency` package, etcd's lock and election services (`etcdctl lock`, `etcdctl elect`, Java,
    /// Rust).
    Etcd,
    /// The read-write lock of etcd's recipes.
    Recipe,
    /// Python's etcd3.
    PythonEtcd3,
    /// Vitess.
    Vitess,
    /// A Kubernetes Lease.
    Kubernetes,
    /// Patroni.
    Patroni,
    /// TiKV's placement driver.
    TikvPd,
    /// The gRPC resolver of etcd's Go client.
    Grpc,
    /// go-micro.
    GoMicro,
    /// go-zero.
    GoZero,
    /// Kratos.
    Kratos,
    /// dubbo.
    Dubbo,
    /// APISIX.
    Apisix,
    /// CoreDNS (SkyDNS).
    CoreDns,
    /// Traefik.
    Traefik,
}

/// What a key is to those who live by it.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// A claim of a lock or an election.
    Claim {
        /// The queue's name.
        queue: Key,
        /// Lock or election.
        kind: ClaimKind,
        /// How such claims lie.
        form: ClaimForm,
        /// What it asks for.
        mode: ClaimMode,
        /// Who claims, where the key or its value names the owner (or the profile's pattern does); `None`: the
        /// value as it is, else the lease.
        owner: Option<String>,
        /// What it says of itself, where its layout or the profile's pattern tells more.
        told: Option<Arc<Told>>,
    },
    /// An instance of a service. (Some layouts have several in one key: see [`Instance::nodes`].)
    Instance {
        /// The folder that the service's instances are in.
        service: Key,
        /// The service's name for people.
        name: String,
        /// The instance, as far as the key says.
        instance: Arc<Instance>,
    },
    /// A health report of an instance that is registered elsewhere.
    Report {
        /// The service's name.
        service: String,
        /// The instance: its id or address.
        instance: String,
        /// What it reports.
        report: Arc<Report>,
    },
}

/// What was found of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub role: Role,
    /// Who writes so.
    pub layout: Layout,
    /// How sure we are.
    pub confidence: Confidence,
}

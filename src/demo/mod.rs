//! A local cluster and the demonstration fleet on it.

pub mod binaries;
pub mod cluster;
pub mod fleet;
mod member;
pub mod ports;
mod scenario;
mod watchdog;

pub use binaries::{EtcdBinary, EtcdVersion, etcd_binaries};
pub use cluster::{LocalCluster, LocalClusterOptions, LocalMember, TlsFiles};
pub use fleet::{Demo, DemoOptions, DemoSummary};
pub use ports::Ports;
pub use scenario::Scenario;

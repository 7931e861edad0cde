//! A real etcd, real faults: what is written is written once and what is shown is true.
//!
//! Each promise is checked on every etcd that is found (3.4 and 3.5); `ETCD_BIN` names one alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod alarms;
mod faults;
mod figure;
mod history;
mod journal;
mod leadership;
mod leases;
mod listing;
mod members;
mod metrics;
mod mirror;
mod network;
mod oracle;
mod outage;
#[cfg(unix)]
mod participants;
mod partition;
mod plan;
mod proxy;
mod rig;
mod silence;
mod sleep;
mod snapshot;
mod support;
mod tls;
mod tokens;
mod verdicts;
mod writes;

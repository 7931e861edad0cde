//! The only place that knows etcd-client and protobuf: members and fail-over, guarded writes,
//! history, leases, listing, the mirror's feed, and the classification of everything that fails.
//!
//! Invariants:
//! - One client per endpoint. A balanced client would go on choosing dead endpoints, and the
//!   maintenance calls are about one member.
//! - Reads are tried again on another member, writes never are: a write whose answer was lost is
//!   settled by reading again.
//! - Nothing is written through a closed [`WriteGate`]: it is asked where transactions and lease calls
//!   are sent, and there is no other way to write.
//! - Every call has a time-out; nothing here waits for ever.

mod access;
mod address;
mod batch;
mod client_hello;
mod cluster;
mod fault;
mod gate;
mod history;
mod lease;
mod listing;
mod member;
mod mirror;
mod moment;
mod plan;
mod probe;
mod read;
mod settle;
mod status;
mod task;
mod witness;
mod write;

pub use cluster::Cluster;
pub use gate::WriteGate;
pub use lease::LeaseAnswer;
pub use listing::Page;
pub use mirror::{FeedEvent, MirrorOptions, ValuePolicy, run_mirror};
pub use plan::{PlanKeeper, Present};
pub use probe::test_connection;
pub use witness::{NoWitness, Testimony, Witness, Witnessing};

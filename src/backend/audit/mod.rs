//! The audit log while the console runs: every write is recorded twice, before it is sent and once it
//! is known how it ended.
//!
//! The entry before is on disk before the transaction leaves. Where the disk does not take it (it is
//! full, broken, or does not answer), the write is done all the same: an operator who repairs a cluster
//! at night must not be stopped by this machine's disk. It is told for as long as it lasts, and what
//! could not be written is kept in memory and written as soon as the disk takes it again.

mod reader;
mod trail;
mod writer;

pub(crate) use reader::AuditDesk;
pub use trail::AuditTrail;
pub(crate) use trail::Signer;
pub use writer::{AuditLog, OnTrouble};

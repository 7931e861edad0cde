//! Locks and leaders as data: queues of claims found in the key space.

pub use super::coordination::{Claim, ClaimForm, ClaimKind, ClaimMode, ClaimQueue, Confidence, LeaseInfo};

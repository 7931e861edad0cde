//! What keys mean to those who live by them, recognised by shape: claims of locks and elections, instances of
//! services, their reports.
//!
//! The strongest sign is a key whose last segment is its own lease: Go's `concurrency` package, the lock and
//! election services of etcd and Vitess all write such keys, one for each claimant. Known systems are known by
//! the whole layout of their keys and values. Weaker signs are names (`/leader`, `/locks/stock`). Wrong
//! recognition is worse than none: what only might be something is nothing.

mod claims;
mod edit;
mod fields;
mod find;
mod layouts;
mod name;
mod path;
mod registrations;
mod reports;
mod routers;
mod ruled;
mod rules;
mod seen;
mod shape;
#[cfg(test)]
mod testing;
mod value;

pub use edit::{WhyNot, edit_instance};
pub use find::find;
pub use routers::{Router, routers};
pub use rules::{Ruled, Rules, pattern_fault};

//! What must never happen: a write through a read-only connection, a secret on disk or in a log, a
//! file that others may read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod audit;
#[allow(dead_code, reason = "shared with the tests of the console")]
#[path = "../app/bench.rs"]
mod bench;
mod commands;
mod owner_only;
mod read_only;
mod secrets;
mod support;
#[cfg(all(feature = "inspection", target_os = "linux"))]
mod window;

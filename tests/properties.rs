//! What must hold for any bytes at all, across modules: random and hostile key spaces against what
//! nothing but the rules gives, and hostile keys and values on their way through the whole console to
//! a real etcd and back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should fail with a word"
)]

#[path = "app/bench.rs"]
mod bench;
#[path = "properties/coordination.rs"]
mod coordination;
#[path = "properties/journal.rs"]
mod journal;
#[path = "properties/keys.rs"]
mod keys;
#[path = "properties/layers.rs"]
mod layers;
#[path = "nasty/mod.rs"]
mod nasty;
#[path = "properties/plans.rs"]
mod plans;
#[path = "properties/round_trip.rs"]
mod round_trip;
#[path = "properties/values.rs"]
mod values;

/// So many cases, or as many as `PROPTEST_CASES` asks for in a longer run.
fn cases(usual: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config {
        // Regressions belong into tests of their own, where they can be read.
        failure_persistence: None,
        ..proptest::test_runner::Config::with_cases(asked.unwrap_or(usual))
    }
}

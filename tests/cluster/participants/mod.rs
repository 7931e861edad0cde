//! Real participants of locks and elections that this project did not write, and whether the console
//! shows what they believe: `etcdctl lock`, `etcdctl elect`, Python's etcd3, and the calls of etcd's
//! lock and election services.
//!
//! [`participant`] starts them and knows what they say, [`line`] compares, [`steps`] lets them come and
//! go at random. `ETCDSCOPE_SEED=n` takes the steps of this seed again.

mod console;
mod layouts;
mod line;
mod participant;
mod passing;
mod picture;
mod process;
mod session;
mod steps;

use etcdscope::demo::{EtcdBinary, LocalClusterOptions};

use super::support::{start, versions};
use participant::Place;
use steps::Steps;

/// Steps against the newest etcd.
const STEPS: usize = 200;
/// Steps against another one.
const FEWER_STEPS: usize = 40;

async fn place(binary: &EtcdBinary) -> Place {
    let etcdctl = binary.etcdctl().expect("etcdctl beside etcd");
    Place::new(start(binary, LocalClusterOptions::members(1)).await, etcdctl)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holder_queue_and_leader_are_what_real_participants_believe() {
    let seed = match std::env::var("ETCDSCOPE_SEED") {
        Ok(text) => text.trim().parse().expect("ETCDSCOPE_SEED is a number"),
        Err(_) => fastrand::u64(..1 << 32),
    };
    println!("ETCDSCOPE_SEED={seed}");
    for (index, binary) in versions().iter().enumerate() {
        let mut steps = Steps::new(place(binary).await, seed).await;
        steps.take(if index == 0 { STEPS } else { FEWER_STEPS }).await;
    }
}

//! `etcdscope demo --headless`.

use std::process::ExitCode;
use std::time::Duration;

use super::asked_to_end;
use crate::demo::{Demo, DemoOptions};

/// The demonstration without a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeadlessDemo {
    pub(super) options: DemoOptions,
    pub(super) seconds: Option<u64>,
}

/// Runs it until its time is over or someone ends it.
pub(super) async fn run(command: HeadlessDemo) -> ExitCode {
    let mut end = std::pin::pin!(asked_to_end());
    let demo = tokio::select! {
        demo = Demo::start(command.options) => demo,
        // What was started until now is dropped with the future, and ends.
        code = &mut end => return ExitCode::from(code),
    };
    let demo = match demo {
        Ok(demo) => demo,
        Err(fault) => {
            eprintln!("etcdscope: {fault}");
            return ExitCode::FAILURE;
        }
    };
    println!("etcd {}, {} members", demo.version(), demo.cluster().members().len());
    println!("endpoints {}", demo.profile().endpoints.join(","));
    let time_is_over = async {
        match command.seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let code = tokio::select! {
        () = time_is_over => 0,
        code = &mut end => code,
    };
    demo.shutdown().await;
    ExitCode::from(code)
}

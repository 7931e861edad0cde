//! `etcdscope demo --headless`.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::asked_to_end;
use crate::demo::{Demo, DemoOptions, DemoSummary};

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
            super::complain(&fault);
            return ExitCode::FAILURE;
        }
    };
    let started = Instant::now();
    let members = match demo.cluster().members().len() {
        1 => "1 member".to_owned(),
        members => format!("{members} members"),
    };
    tell(&format!("etcd {}, {members}", demo.version()));
    tell(&format!("endpoints {}", demo.profile().endpoints.join(",")));
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
    match demo.summary().await {
        Ok(DemoSummary { keys, leases, revision }) => {
            let seconds = started.elapsed().as_secs();
            tell(&format!("after {seconds} s: {keys} keys, {leases} leases, revision {revision}"));
        }
        Err(fault) => super::complain(&fault),
    }
    demo.shutdown().await;
    ExitCode::from(code)
}

/// A line on the standard output, at once; nobody need listen.
fn tell(line: &str) {
    let mut output = std::io::stdout();
    if let Err(error) = writeln!(output, "{line}").and_then(|()| output.flush()) {
        tracing::debug!(%error, "the standard output is closed");
    }
}

//! `cargo xtask ci`: everything that must hold before a change is taken.

use std::time::Instant;

use crate::run::{Failure, cargo, heading, output_of, run};
use crate::{deny, install, suite};

/// Formatting, lints, documentation, licences and sources, and the whole suite.
pub fn run_all() -> Result<(), Failure> {
    components()?;
    step("formatting", || run(&mut cargo(["fmt", "--all", "--check"])))?;
    install::everything()?;
    step("lints", || {
        let mut command = cargo(["clippy", "--workspace", "--all-targets", "--features", "inspection"]);
        command.args(["--", "--deny", "warnings"]);
        run(&mut command)
    })?;
    step("documentation", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--features", "inspection"]);
        run(command.env("RUSTDOCFLAGS", "--deny warnings"))
    })?;
    step("licences and sources", deny::check)?;
    step("tests", || suite::run(&[]))
}

/// Formatter and linter, where rustup installed neither.
fn components() -> Result<(), Failure> {
    let has = |tool: &str| output_of(&mut cargo([tool, "--version"])).is_some();
    if has("fmt") && has("clippy") {
        return Ok(());
    }
    run(std::process::Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
        .map_err(|failure| Failure::new(format!("{failure}; install rustfmt and clippy for this toolchain")))
}

fn step(name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let start = Instant::now();
    work().map_err(|failure| Failure::new(format!("{name}: {failure}")))?;
    heading(&format!("{name}: passed in {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

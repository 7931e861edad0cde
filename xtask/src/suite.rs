//! `cargo xtask test`: the whole suite, with totals over all of its programs.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::process::Stdio;
use std::time::Instant;

use crate::run::{Failure, announce, cargo};

/// Tells the tests that everything they need was installed: what is missing now is an error, not a
/// reason to skip.
const NOTHING_MISSING: &str = "ETCDSCOPE_TEST_REQUIRE";

/// Runs the tests whose names contain the filter, with `cargo test`'s own arguments after it.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let colour = if std::io::stdout().is_terminal() { "always" } else { "never" };
    let mut command = cargo(["test", "--workspace", "--features", "inspection", "--no-fail-fast"]);
    command.args(arguments);
    if !arguments.contains(&"--") {
        command.args(["--", "--color", colour]);
    }
    command.env("CARGO_TERM_COLOR", if std::io::stderr().is_terminal() { "always" } else { "never" });
    command.env(NOTHING_MISSING, "1").env("RUST_BACKTRACE", "1");
    announce(&command);
    let start = Instant::now();
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| Failure::while_doing("cargo test", &error))?;
    let mut totals = Totals::default();
    if let Some(told) = child.stdout.take() {
        let mut out = std::io::stdout();
        for line in BufReader::new(told).split(b'\n') {
            let mut line = line.map_err(|error| Failure::while_doing("cargo test", &error))?;
            totals.add(&String::from_utf8_lossy(&line));
            line.push(b'\n');
            out.write_all(&line)
                .and_then(|()| out.flush())
                .map_err(|error| Failure::while_doing("standard output", &error))?;
        }
    }
    let status = child.wait().map_err(|error| Failure::while_doing("cargo test", &error))?;
    let Totals { passed, failed, ignored, filtered } = totals;
    let verdict = if status.success() { "ok" } else { "FAILED" };
    println!(
        "test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; \
         {filtered} filtered out; finished in {:.2}s",
        start.elapsed().as_secs_f64()
    );
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("the tests failed ({status})")))
}

/// Sums of the results of all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
    filtered: u64,
}

impl Totals {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; other lines count
    /// nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> = result.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1].trim_end_matches(';') {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                "filtered" => self.filtered += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed() {
        let mut totals = Totals::default();
        totals.add("running 4 tests");
        totals.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
        );
        totals.add("test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 4.50s");
        assert_eq!(totals, Totals { passed: 8, failed: 2, ignored: 1, filtered: 2 });
    }
}

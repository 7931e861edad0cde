//! `cargo xtask soak`: the randomised run of the cluster tests for as long as asked: faults, load and
//! keys at random, and everything that the console tells compared with etcd itself.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::install::{self, Need};
use crate::run::{Failure, announce, cargo};

const MINUTES: f64 = 30.0;

struct Options {
    minutes: Option<f64>,
    seed: Option<u64>,
    json: bool,
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let mut options = Self { minutes: None, seed: None, json: false };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .copied()
                    .ok_or_else(|| Failure::new(format!("{argument} needs a number behind it")))
            };
            let no_number = |text: &str| Failure::new(format!("{argument}: {text} is no number"));
            match *argument {
                "--minutes" => {
                    let text = value()?;
                    let minutes = text.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0);
                    options.minutes = Some(minutes.ok_or_else(|| no_number(text))?);
                }
                "--seed" => {
                    let text = value()?;
                    options.seed = Some(text.parse().map_err(|_| no_number(text))?);
                }
                "--json" => options.json = true,
                other => return Err(Failure::new(format!("soak: unknown argument {other}"))),
            }
        }
        Ok(options)
    }

    /// One seed is run once, if no time is asked for.
    fn seconds(&self) -> u64 {
        let minutes = self.minutes.unwrap_or(if self.seed.is_some() { 0.0 } else { MINUTES });
        // Positive and finite; beyond the range it is long enough in any case.
        (minutes * 60.0).round() as u64
    }
}

/// Runs, and shows a line for each seed and a summary; with `--json` the summary alone as JSON on
/// standard output.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    install::ensure(&[Need::Protoc, Need::Etcd, Need::OldEtcd])?;
    let mut command = cargo(["test", "--features", "inspection", "--test", "cluster"]);
    command.args(["oracle::the_randomised_run", "--", "--exact", "--nocapture"]);
    command.env("ETCDSCOPE_SOAK_SECONDS", options.seconds().to_string());
    command.env("ETCDSCOPE_SOAK_ALONE", "1").env("ETCDSCOPE_SOAK_JSON", "1").env("RUST_BACKTRACE", "1");
    // What is freed goes back to the system, so that growth is of what is kept.
    for (name, value) in
        [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536")]
    {
        command.env(name, value);
    }
    match options.seed {
        Some(seed) => command.env("ETCDSCOPE_SEED", seed.to_string()),
        None => command.env_remove("ETCDSCOPE_SEED"),
    };
    announce(&command);
    let failed = |error: std::io::Error| Failure::while_doing("the randomised run", &error);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(told) = child.stdout.take() {
        for line in BufReader::new(told).lines() {
            let line = line.map_err(failed)?;
            match line.strip_prefix("soak: ") {
                Some(json) if options.json => println!("{json}"),
                Some(_) => {}
                None if options.json => eprintln!("{line}"),
                None => println!("{line}"),
            }
        }
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("the randomised run failed ({status})"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(arguments: &[&str]) -> Option<u64> {
        Options::parse(arguments).ok().map(|options| options.seconds())
    }

    #[test]
    fn arguments_are_understood() {
        assert_eq!(seconds(&[]), Some(1_800));
        assert_eq!(seconds(&["--minutes", "0.5"]), Some(30));
        assert_eq!(seconds(&["--seed", "7"]), Some(0));
        assert_eq!(seconds(&["--seed", "7", "--minutes", "2", "--json"]), Some(120));
        for wrong in [&["--minutes"][..], &["--minutes", "-1"], &["--seed", "x"], &["more"]] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}

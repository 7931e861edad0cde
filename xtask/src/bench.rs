//! `cargo xtask bench`: builds what is measured, and calls the measuring program
//! (`benches/etcd`), whose arguments these are.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::etcd::{self, without_etcd_settings};
use crate::install::{self, Need};
use crate::run::{Failure, announce, cargo, output_of, repository, run_quietly};

/// The parts, as the measuring program names them.
const PARTS: &[&str] = &["mirror", "events", "journal", "model", "window", "coordination"];

/// What to build and to ask for.
#[derive(Debug, PartialEq, Eq)]
struct Plan<'a> {
    /// Measure the development build: quick to have, slower to run.
    dev: bool,
    /// Arguments of the measuring program.
    arguments: Vec<&'a str>,
    model: bool,
    window: bool,
}

fn plan<'a>(arguments: &[&'a str]) -> Plan<'a> {
    let given: Vec<&str> = arguments.iter().copied().filter(|argument| *argument != "--dev").collect();
    let only_tells = given.iter().any(|argument| ["--report", "--help", "-h"].contains(argument));
    let names_none = !given.iter().any(|argument| PARTS.contains(argument));
    let measures = |part| given.contains(&part) || (names_none && !only_tells);
    Plan {
        dev: given.len() < arguments.len(),
        model: measures("model"),
        window: measures("window") || measures("coordination"),
        arguments: given,
    }
}

/// Builds, and measures what the arguments ask for.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let plan = plan(arguments);
    install::ensure(&[Need::Protoc, Need::Etcd])?;
    if plan.window {
        install::ensure(&[Need::WindowLibraries, Need::VirtualScreen])?;
    }
    let built = build(&plan)?;
    let mut command = Command::new(built.program("etcd", "bench")?);
    command.args(&plan.arguments).current_dir(repository());
    command.arg("--repository").arg(repository());
    command.args(["--build", if plan.dev { "dev" } else { "release" }]);
    command.args(["--toolchain", &one_line(Command::new("rustc").arg("--version"))]);
    command.args(["--commit", &commit()]);
    if plan.model {
        command.arg("--model-program").arg(built.program("model", "bench")?);
    }
    if plan.window {
        command.arg("--window-program").arg(built.program("window", "test")?);
        command.arg("--console-program").arg(built.program("etcdscope", "bin")?);
    }
    let etcd = etcd::all().into_iter().next().ok_or_else(|| Failure::new("no etcd is there"))?;
    without_etcd_settings(&mut command).env("ETCD_BIN", etcd.path);
    run_quietly(&mut command).map_err(|_| Failure::new("not everything was measured"))
}

/// What cargo has told of a build, a line of JSON for each thing built.
struct Built(String);

impl Built {
    /// The program of a target of this name and kind.
    fn program(&self, name: &str, kind: &str) -> Result<PathBuf, Failure> {
        let wanted = [format!("\"kind\":[\"{kind}\"]"), format!("\"name\":\"{name}\"")];
        let mut lines = self.0.lines().filter(|line| wanted.iter().all(|part| line.contains(part.as_str())));
        let path = lines.find_map(|line| {
            let (_, rest) = line.split_once("\"executable\":\"")?;
            // A path in JSON: only the backslash of Windows is escaped in it.
            Some(rest.split_once('"')?.0.replace("\\\\", "\\"))
        });
        path.map(PathBuf::from).ok_or_else(|| Failure::new(format!("cargo did not build {kind} {name}")))
    }
}

/// Builds everything in one go, so that nothing is built while something is measured.
fn build(plan: &Plan) -> Result<Built, Failure> {
    let mut command = cargo(["build", "--features", "inspection", "--bench", "etcd"]);
    if plan.model {
        command.args(["--bench", "model"]);
    }
    if plan.window {
        command.args(["--bin", "etcdscope", "--test", "window"]);
    }
    if !plan.dev {
        command.arg("--release");
    }
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    announce(&command);
    let output = command.output().map_err(|error| Failure::while_doing("cargo build", &error))?;
    if !output.status.success() {
        return Err(Failure::new(format!("cargo build failed ({})", output.status)));
    }
    Ok(Built(String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The commit that is built, where git tells, and whether files differ from it.
fn commit() -> String {
    let mut command = Command::new("git");
    command.args(["describe", "--always", "--dirty", "--abbrev=10"]).current_dir(repository());
    one_line(&mut command)
}

fn one_line(command: &mut Command) -> String {
    let told = output_of(command).unwrap_or_default();
    told.lines().next().map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_decide_what_is_built() {
        let all = plan(&["--quick", "--dev"]);
        assert_eq!((all.dev, all.model, all.window), (true, true, true));
        assert_eq!(all.arguments, ["--quick"]);
        let one = plan(&["events", "--keys", "100_000"]);
        assert_eq!((one.dev, one.model, one.window), (false, false, false));
        assert_eq!(one.arguments, ["events", "--keys", "100_000"]);
        assert!(plan(&["mirror", "window"]).window);
        assert!(!plan(&["--report", "--baseline"]).window);
    }

    #[test]
    fn programs_are_found_in_what_cargo_tells() {
        let built = Built(
            [
                r#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"etcd"},"executable":"/t/no"}"#,
                r#"{"reason":"compiler-artifact","target":{"kind":["bench"],"name":"etcd"},"executable":"C:\\t\\etcd.exe"}"#,
                r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"model"},"executable":null}"#,
            ]
            .join("\n"),
        );
        assert_eq!(built.program("etcd", "bench").unwrap(), PathBuf::from(r"C:\t\etcd.exe"));
        assert!(built.program("model", "bench").is_err());
    }
}

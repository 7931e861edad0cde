//! Licences, banned crates and sources of everything that the program is built from, by cargo-deny
//! (`deny.toml`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Failure, cargo, find_program, heading, repository, run};

/// The version that is installed where there is none.
const VERSION: &str = "0.20.2";

/// Checks licences, bans and sources; known vulnerabilities too, where their list can be fetched.
///
/// # Errors
/// What does not hold, or why cargo-deny could not be installed.
pub fn check() -> Result<(), Failure> {
    let program = program()?;
    run(deny(&program).args(["--locked", "check", "licenses", "bans", "sources"]))?;
    advisories(&program)
}

fn deny(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repository()).stdin(Stdio::null());
    command
}

/// cargo-deny on the path, or else under `target/tools`, built there the first time (about a minute
/// on two processors).
fn program() -> Result<PathBuf, Failure> {
    if let Some(installed) = find_program("cargo-deny") {
        return Ok(installed);
    }
    let tools = repository().join("target/tools");
    let ours = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if ours.is_file() {
        return Ok(ours);
    }
    let build = tools.join("build");
    let mut install = cargo(["install", "cargo-deny", "--locked", "--version", VERSION]);
    // Optimised it would take longer to build than all of its runs together.
    install.args(["--debug", "--root"]).arg(&tools).env("CARGO_TARGET_DIR", &build);
    run(&mut install)?;
    std::fs::remove_dir_all(&build).map_err(|error| Failure::while_doing("target/tools/build", &error))?;
    Ok(ours)
}

/// Known vulnerabilities. Their list lies elsewhere than the crates do, and not every machine
/// reaches it: that is said, and is no failure.
fn advisories(program: &Path) -> Result<(), Failure> {
    let output = deny(program)
        .args(["--locked", "check", "advisories"])
        .output()
        .map_err(|error| Failure::while_doing("cargo-deny", &error))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    if told.contains("failed to fetch advisory database") || told.contains("failed to clone") {
        heading("the list of known vulnerabilities cannot be reached from here: not checked");
        return Ok(());
    }
    eprint!("{told}");
    Err(Failure::new("a dependency has a known vulnerability, or was withdrawn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fonts are no crates, so cargo-deny does not see them: each has its licence beside it, one of
    /// those that `deny.toml` allows.
    #[test]
    fn every_font_has_its_licence_beside_it() {
        let fonts = repository().join("assets/fonts");
        let mut seen = 0;
        for entry in std::fs::read_dir(&fonts).expect("the fonts") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            let Some((font, extension)) = name.rsplit_once('.') else { continue };
            if extension != "ttf" && extension != "otf" {
                continue;
            }
            let family = font.split('-').next().expect("a family");
            let licence = fonts.join(format!("LICENSE-{family}.txt"));
            let text = std::fs::read_to_string(&licence).unwrap_or_else(|error| panic!("{name}: {error}"));
            let allowed = ["SIL OPEN FONT LICENSE Version 1.1", "MIT License"];
            assert!(allowed.iter().any(|licence| text.contains(licence)), "{name} has another licence");
            seen += 1;
        }
        assert!(seen > 0, "no fonts in {}", fonts.display());
    }
}

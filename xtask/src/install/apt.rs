//! apt-get on Debian and Ubuntu, as root or through sudo.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::run::{Failure, find_program, heading, output_of, run};

/// Whether the lists of packages were read in this run.
static UPDATED: AtomicBool = AtomicBool::new(false);

/// apt-get with the rights to install.
pub struct Apt {
    sudo: bool,
}

/// apt-get, where this user may install packages.
pub fn apt() -> Result<Apt, Failure> {
    if is_root() {
        return Ok(Apt { sudo: false });
    }
    if find_program("sudo").is_some() {
        return Ok(Apt { sudo: true });
    }
    Err(Failure::new(
        "packages are missing, and there is neither root nor sudo to install them: run `cargo xtask install` once as root",
    ))
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    output_of(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

impl Apt {
    /// Installs packages, without questions and without recommendations.
    pub fn install(&self, packages: &[&str]) -> Result<(), Failure> {
        heading(&format!("Installing {}", packages.join(", ")));
        self.update();
        let mut command = self.command();
        command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        run(&mut command).map_err(|failure| {
            Failure::new(format!("{failure}; install them yourself: {}", packages.join(" ")))
        })
    }

    /// Reads the lists of packages, once in a run. A list that cannot be had need not stop us: the
    /// installation tells.
    pub fn update(&self) {
        if UPDATED.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(failure) = run(self.command().args(["update", "--quiet"])) {
            eprintln!("{failure}; going on with the lists that are there");
        }
    }

    fn command(&self) -> Command {
        let options = ["-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"];
        let mut command = if self.sudo {
            let mut command = Command::new("sudo");
            command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        } else {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        command.args(options);
        command
    }
}

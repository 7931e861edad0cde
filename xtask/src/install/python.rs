//! Python's etcd3, a client that this project did not write: the tests let it take locks. It is
//! wanted, not needed: where it cannot be had, they go on without it.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Failure, find_program, heading, output_of, repository, run_quietly};

/// The packages, each as it was tried. etcd3 0.12.0 needs an old protobuf, and an old tenacity to wait.
const PACKAGES: [&str; 5] =
    ["etcd3==0.12.0", "grpcio==1.85.1", "protobuf==3.20.3", "six==1.17.0", "tenacity==6.3.1"];

fn folder() -> PathBuf {
    repository().join("target").join("tools").join("python-etcd3")
}

/// Makes sure that it is there, or says why it is not.
pub fn ensure() {
    // The tests that use it run on Unix alone.
    if cfg!(windows) || works() {
        return;
    }
    heading("Installing Python's etcd3 into target/tools");
    if let Err(failure) = install() {
        eprintln!("{failure}; going on without Python's etcd3: some tests take no lock with it");
        if let Err(error) = std::fs::remove_dir_all(folder())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            eprintln!("removing what was installed of it: {error}");
        }
    }
}

fn python() -> PathBuf {
    folder().join("bin").join("python")
}

fn works() -> bool {
    let mut command = Command::new(python());
    // The one that every version of Python has; the other is compiled for some of them only.
    command.args(["-c", "import etcd3"]).env("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python");
    python().is_file() && output_of(&mut command).is_some()
}

fn install() -> Result<(), Failure> {
    let Some(python3) = find_program("python3") else {
        return Err(Failure::new("there is no python3"));
    };
    run_quietly(Command::new(python3).args(["-m", "venv", "--clear"]).arg(folder()))?;
    let mut pip = Command::new(python());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    // Nothing is compiled: where there is no wheel, it is not had. etcd3 itself is a source of pure Python.
    pip.args(["--retries", "1", "--timeout", "20", "--only-binary", ":all:", "--no-binary", "etcd3"]);
    run_quietly(pip.args(PACKAGES))?;
    if works() { Ok(()) } else { Err(Failure::new("it is installed, but does not run")) }
}

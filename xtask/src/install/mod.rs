//! Installing what the tasks need, where it is missing. What is there already costs no time.

mod apt;
mod check;
mod elsewhere;
mod python;

use crate::etcd;
use crate::run::{Failure, find_program};

pub use apt::{apt, is_root};

/// Something that a task needs on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The protobuf compiler with its well-known types: etcd-client is generated when it is built.
    Protoc,
    /// The newest etcd that can be had.
    Etcd,
    /// An etcd 3.4 as well, for the tests.
    OldEtcd,
    /// The libraries that a window is drawn with (Linux).
    WindowLibraries,
    /// A virtual screen and a window manager on it (Linux).
    VirtualScreen,
    /// `ps` and `kill`, with which the tests look for processes and stop them (Linux; others have them).
    ProcessTools,
    /// Python's etcd3, which takes locks in the tests; they go on without it.
    PythonEtcd3,
    /// A font with Chinese characters (Linux; other systems have one).
    ChineseFont,
}

/// Makes sure that everything is there that any task needs.
pub fn everything() -> Result<(), Failure> {
    ensure(&[
        Need::Protoc,
        Need::WindowLibraries,
        Need::VirtualScreen,
        Need::ProcessTools,
        Need::ChineseFont,
        Need::Etcd,
        Need::OldEtcd,
        Need::PythonEtcd3,
    ])
}

/// Makes sure that these are there.
pub fn ensure(needs: &[Need]) -> Result<(), Failure> {
    if cfg!(target_os = "linux") {
        on_linux(needs)?;
    } else {
        elsewhere::install(needs)?;
    }
    for need in needs {
        match need {
            Need::Etcd => etcd::ensure_newest()?,
            Need::OldEtcd => etcd::ensure_old(),
            Need::PythonEtcd3 => python::ensure(),
            _ => {}
        }
    }
    Ok(())
}

fn on_linux(needs: &[Need]) -> Result<(), Failure> {
    let mut packages: Vec<&str> = needs.iter().flat_map(|need| check::missing_packages(*need)).collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    if find_program("apt-get").is_none() {
        return Err(elsewhere::other_linux(&packages));
    }
    apt()?.install(&packages)?;
    let still: Vec<&str> = needs.iter().flat_map(|need| check::missing_packages(*need)).collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("still missing after the installation: {}", still.join(", "))))
}

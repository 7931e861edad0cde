//! Finds the etcd programs of this machine.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::fault::{Fault, FaultKind};

/// Version of an etcd program, such as 3.5.30. Suffixes such as `-rc.1` are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtcdVersion {
    /// 3 in 3.5.30.
    pub major: u32,
    /// 5 in 3.5.30.
    pub minor: u32,
    /// 30 in 3.5.30.
    pub patch: u32,
}

impl EtcdVersion {
    /// Reads `3.5.30` or `3.6.0-rc.1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let patch = parts.next()?;
        let digits = patch.bytes().take_while(u8::is_ascii_digit).count();
        Some(Self { major, minor, patch: patch.get(..digits)?.parse().ok()? })
    }

    /// Whether this is at least `major.minor`.
    #[must_use]
    pub fn at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl std::fmt::Display for EtcdVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// An etcd server program that runs on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdBinary {
    /// What `etcd --version` says.
    pub version: EtcdVersion,
    /// The program.
    pub path: PathBuf,
}

impl EtcdBinary {
    /// Asks the program at `path` for its version.
    ///
    /// # Errors
    /// [`FaultKind::EtcdMissing`] where it does not run or does not answer like etcd.
    pub fn probe(path: &Path) -> Result<Self, Fault> {
        let fault = |detail: String| {
            Fault::new(FaultKind::EtcdMissing, format!("{} --version: {detail}", path.display()))
        };
        let output = without_etcd_environment(Command::new(path).arg("--version").stdin(Stdio::null()))
            .output()
            .map_err(|error| fault(error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text
            .lines()
            .find_map(|line| line.strip_prefix("etcd Version:"))
            .and_then(EtcdVersion::parse)
            .ok_or_else(|| fault(format!("not an answer of etcd ({})", output.status)))?;
        Ok(Self { version, path: path.to_owned() })
    }

    /// The `etcdctl` beside this etcd, where there is one.
    #[must_use]
    pub fn etcdctl(&self) -> Option<PathBuf> {
        self.sibling("etcdctl")
    }

    /// The `etcdutl` beside this etcd (etcd 3.5 and newer), where there is one.
    #[must_use]
    pub fn etcdutl(&self) -> Option<PathBuf> {
        self.sibling("etcdutl")
    }

    fn sibling(&self, name: &str) -> Option<PathBuf> {
        let path = self.path.parent()?.join(program(name));
        path.is_file().then_some(path)
    }
}

/// Every etcd that can be found and runs, the newest first, each version once.
///
/// `ETCD_BIN`, where it is set, is the first of the list whatever its version.
#[must_use]
pub fn etcd_binaries() -> Vec<EtcdBinary> {
    let mut found = Vec::<EtcdBinary>::new();
    let mut seen = BTreeSet::new();
    for path in candidates() {
        let Ok(real) = path.canonicalize() else { continue };
        if !real.is_file() || !seen.insert(real) {
            continue;
        }
        match EtcdBinary::probe(&path) {
            Ok(binary) if found.iter().all(|known| known.version != binary.version) => found.push(binary),
            Ok(_) => {}
            Err(fault) => tracing::debug!(%fault, "not usable as etcd"),
        }
    }
    found.sort_by_key(|binary| std::cmp::Reverse(binary.version));
    if let Some(chosen) = override_path()
        && let Ok(binary) = EtcdBinary::probe(&chosen)
    {
        found.retain(|known| known.version != binary.version);
        found.insert(0, binary);
    }
    found
}

/// The etcd to use: `chosen`, else `ETCD_BIN`, else the newest that can be found.
///
/// # Errors
/// [`FaultKind::EtcdMissing`] where the chosen one does not run, or none is found.
pub fn find_etcd(chosen: Option<&Path>) -> Result<EtcdBinary, Fault> {
    if let Some(path) = chosen {
        return EtcdBinary::probe(path);
    }
    if let Some(path) = override_path() {
        return EtcdBinary::probe(&path);
    }
    etcd_binaries().into_iter().next().ok_or_else(|| {
        Fault::new(
            FaultKind::EtcdMissing,
            "no etcd program found on PATH, in ETCDSCOPE_ETCD_DIR or in target/tools; \
             install etcd, or name it with ETCD_BIN=/path/to/etcd",
        )
    })
}

/// `command` without the variables that etcd and etcdctl would take as their own settings.
pub(crate) fn without_etcd_environment(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("ETCD_") || text.starts_with("ETCDCTL_") {
            command.env_remove(&name);
        }
    }
    command
}

fn override_path() -> Option<PathBuf> {
    std::env::var_os("ETCD_BIN").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Where an etcd may be, in no order that matters.
fn candidates() -> Vec<PathBuf> {
    let name = program("etcd");
    let mut paths = Vec::new();
    paths.extend(override_path());
    if let Some(folder) = std::env::var_os("ETCDSCOPE_ETCD_DIR") {
        let folder = PathBuf::from(folder);
        paths.push(folder.join(&name));
        paths.push(folder.join("usr/bin").join(&name));
    }
    for tools in tool_folders() {
        unpacked(&tools, &name, &mut paths);
    }
    if let Some(path) = std::env::var_os("PATH") {
        paths.extend(std::env::split_paths(&path).map(|folder| folder.join(&name)));
    }
    for folder in ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"] {
        paths.push(Path::new(folder).join(&name));
    }
    paths
}

/// The `target/tools` folders above this program and above the package that runs.
fn tool_folders() -> Vec<PathBuf> {
    let mut starts = Vec::new();
    starts.extend(std::env::current_exe().ok());
    starts.extend(std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from));
    let mut folders = Vec::new();
    for start in starts {
        for above in start.ancestors() {
            let tools = above.join("target").join("tools");
            if tools.is_dir() && !folders.contains(&tools) {
                folders.push(tools);
            }
        }
    }
    folders
}

/// Adds the programs of `etcd-*` folders in `tools`, as the packages unpack them.
fn unpacked(tools: &Path, name: &str, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(tools) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(OsStr::new("etcd").as_encoded_bytes()) {
            paths.push(entry.path().join("usr/bin").join(name));
            paths.push(entry.path().join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let version = |major, minor, patch| EtcdVersion { major, minor, patch };
        assert_eq!(EtcdVersion::parse(" 3.5.30"), Some(version(3, 5, 30)));
        assert_eq!(EtcdVersion::parse("3.6.0-rc.1"), Some(version(3, 6, 0)));
        assert_eq!(EtcdVersion::parse("3.5"), None);
        assert_eq!(EtcdVersion::parse("three"), None);
        assert!(version(3, 10, 0) > version(3, 9, 9));
        assert!(version(3, 5, 30).at_least(3, 5));
        assert!(!version(3, 4, 23).at_least(3, 5));
    }

    #[test]
    fn every_binary_found_is_of_another_version() {
        let versions: Vec<_> = etcd_binaries().iter().map(|binary| binary.version).collect();
        let mut unique = versions.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), versions.len());
    }

    #[test]
    fn a_program_that_is_not_etcd_is_refused() {
        let this = std::env::current_exe().expect("the path of this test");
        assert!(matches!(EtcdBinary::probe(&this), Err(Fault { kind: FaultKind::EtcdMissing, .. })));
    }
}

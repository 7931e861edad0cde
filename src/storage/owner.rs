//! Whose drafts are whose. Each process that keeps drafts has a name of its own and holds a lock
//! under that name for as long as it lives, so that windows with the same profile never write each
//! other's files, and what a window left that is gone can be told from what one is typing.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::files::{self, file_fault};
use crate::model::fault::{Fault, FaultKind};

/// How long to wait while another window looks whether this one lives.
const LOCK_TIME: Duration = Duration::from_secs(5);

/// The name of this process: its number may be given again, the moment of its start is not.
pub(super) fn name() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanoseconds = since.map_or(0, |since| since.as_nanos());
        format!("{:x}-{nanoseconds:x}", std::process::id())
    });
    &NAME
}

fn lock_file(folder: &Path, owner: &str) -> PathBuf {
    folder.join(format!(".{owner}.owner"))
}

/// Takes the lock of this process in this folder, once. The system releases it when the process
/// ends, however it ends.
pub(super) fn claim(folder: &Path) -> Result<(), Fault> {
    static CLAIMED: LazyLock<Mutex<HashMap<PathBuf, File>>> = LazyLock::new(Mutex::default);
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    let path = lock_file(folder, name());
    if claimed.contains_key(folder) && path.exists() {
        return Ok(());
    }
    files::make_folder(folder)?;
    let deadline = Instant::now() + LOCK_TIME;
    loop {
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        let file = files::owner_only(&mut options).open(&path).map_err(|error| file_fault(&path, &error))?;
        match file.try_lock() {
            // Who found it before it was locked may have removed it.
            Ok(()) if !path.exists() => {}
            Ok(()) => {
                claimed.insert(folder.to_owned(), file);
                return Ok(());
            }
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let detail = format!("{}: another window holds it", path.display());
                return Err(Fault::new(FaultKind::File, detail));
            }
            // Where there are no locks, drafts of windows that live are taken over like those of
            // windows that are gone: there may be two of one, and none is lost.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => return Err(file_fault(&path, &error)),
        }
    }
}

/// The lock of a process that is gone, held while its drafts are taken over.
pub(super) struct Gone {
    path: PathBuf,
    _lock: Option<File>,
}

impl Gone {
    /// The process of this name, if it is gone.
    pub(super) fn find(folder: &Path, owner: &str) -> Option<Self> {
        let path = lock_file(folder, owner);
        let Ok(file) = File::open(&path) else { return Some(Self { path, _lock: None }) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(()) | Err(TryLockError::Error(_)) => Some(Self { path, _lock: Some(file) }),
        }
    }

    /// Its drafts are taken over: nothing is left of it.
    pub(super) fn forget(self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::debug!("{}: {error}", self.path.display());
        }
    }
}

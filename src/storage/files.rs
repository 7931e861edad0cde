//! Files that only their owner may read and that are either old or new, never half.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::model::fault::{Fault, FaultKind};

/// Nothing of ours comes near this; a larger file is not read into memory.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;
/// How long to wait for another window that is writing.
const LOCK_TIME: Duration = Duration::from_secs(5);
/// Files written aside are removed when they are older than this: their writer is gone.
const LEFTOVER_AGE: Duration = Duration::from_hours(1);
/// How files written aside begin and end.
const ASIDE: (&str, &str) = (".etcdscope-", ".tmp");

/// Files made with these options are readable and writable by their owner alone.
pub(super) fn owner_only(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a file that was there before its owner's alone. (Elsewhere than on Unix a file in the
/// user's folders is.)
pub(super) fn restrict(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _file = file;
    Ok(())
}

/// The fault of a failed file operation, naming the file.
pub(super) fn file_fault(path: &Path, error: &io::Error) -> Fault {
    super::export::file_fault(&path.display().to_string(), error)
}

/// Creates a folder and its parents, those that are new for their owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), Fault> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| file_fault(folder, &error))
}

/// Reads a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let fault = |error: &io::Error| file_fault(path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(&error)),
    };
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(Fault::new(FaultKind::File, format!("{}: larger than 64 MiB", path.display())));
    }
    Ok(Some(bytes))
}

/// Replaces a file as a whole: written aside, flushed to the disk, renamed. Whenever the machine
/// stops, the file holds either the old content or the new. A symbolic link stays one.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = parent(&target);
    make_folder(folder)?;
    let fault = |error: &io::Error| file_fault(path, error);
    // Created with permissions for the owner alone (0600).
    let mut aside = tempfile::Builder::new()
        .prefix(ASIDE.0)
        .suffix(ASIDE.1)
        .tempfile_in(folder)
        .map_err(|error| fault(&error))?;
    aside.write_all(content).map_err(|error| fault(&error))?;
    aside.as_file().sync_all().map_err(|error| fault(&error))?;
    aside.persist(&target).map_err(|error| fault(&error.error))?;
    sync_folder(folder);
    Ok(())
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Ok(()) => {
            sync_folder(parent(path));
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(file_fault(path, &error)),
    }
}

/// Moves a file that cannot be read out of the way, to the first free name `….broken`,
/// `….broken-2` and so on.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, Fault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = (1..10_000)
        .map(|number| match number {
            1 => path.with_file_name(format!("{name}.broken")),
            _ => path.with_file_name(format!("{name}.broken-{number}")),
        })
        .find(|candidate| !candidate.exists())
        .ok_or_else(|| Fault::new(FaultKind::File, format!("{}: no free name beside it", path.display())))?;
    fs::rename(path, &free).map_err(|error| file_fault(path, &error))?;
    if let Err(error) = File::open(&free).and_then(|file| restrict(&file)) {
        tracing::warn!("{} may be read by others: {error}", free.display());
    }
    tracing::warn!("{} could not be read and was kept as {}", path.display(), free.display());
    Ok(free)
}

/// Removes what writers left that were killed in the middle.
pub(super) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(ASIDE.0) && name.ends_with(ASIDE.1);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old =
            modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > LEFTOVER_AGE));
        if is_ours
            && is_old
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::debug!("{}: {error}", entry.path().display());
        }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename durable. Where folders cannot be flushed (Windows) the rename itself is.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!("flushing {}: {error}", folder.display());
    }
    #[cfg(not(unix))]
    let _folder = folder;
}

/// Held while a file is read, changed and written, so that two windows do not undo each other's
/// changes. Released when dropped, also by the system when the process ends.
pub(super) struct FolderLock {
    /// `None` where the file system knows no locks: one window at a time is then up to the operator.
    _file: Option<File>,
}

impl FolderLock {
    /// Waits for the folder's lock, at most 5 s.
    pub(super) fn take(folder: &Path) -> Result<Self, Fault> {
        make_folder(folder)?;
        let path = folder.join(".lock");
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        let file = owner_only(&mut options).open(&path).map_err(|error| file_fault(&path, &error))?;
        if let Err(error) = restrict(&file) {
            tracing::debug!("{}: {error}", path.display());
        }
        let deadline = Instant::now() + LOCK_TIME;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: Some(file) }),
                Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    let detail = format!("{}: another window has been writing for 5 s", path.display());
                    return Err(Fault::new(FaultKind::File, detail));
                }
                Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: None });
                }
                Err(fs::TryLockError::Error(error)) => return Err(file_fault(&path, &error)),
            }
        }
    }
}

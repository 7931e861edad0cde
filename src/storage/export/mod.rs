//! Export files: keys at one revision, written as they arrive, byte-exact.
//!
//! The file is written aside in the folder where it is to lie, flushed to the disk and renamed: what
//! was there before stays whole until the new file is complete, and a cancelled or failed export
//! leaves nothing. Only its owner may read it.

mod digest;
mod json;
mod yaml;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use json::{JsonExport, read_json_export};

use digest::ContentDigest;

use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::transfer::{ExportFormat, ExportReport};

/// What an export file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportHeader {
    /// The cluster that the keys come from.
    pub cluster_id: u64,
    /// The revision at which all keys were read.
    pub revision: i64,
    /// The prefix that was asked for; empty: everything.
    pub prefix: Vec<u8>,
    /// Only the key that the prefix itself is was asked for.
    pub only_key: bool,
    /// The user may read only a part of what was asked for: other keys may exist.
    pub partial: bool,
}

/// Writes an export to any sink: the header first, then each key, then the end.
#[derive(Debug)]
pub struct ExportWriter<W: Write> {
    out: Counted<W>,
    format: ExportFormat,
    keys: u64,
    digest: ContentDigest,
}

impl<W: Write> ExportWriter<W> {
    /// Starts an export with its header.
    ///
    /// # Errors
    /// [`FaultKind::DiskFull`] or [`FaultKind::File`].
    pub fn new(out: W, format: ExportFormat, header: &ExportHeader) -> Result<Self, Fault> {
        let mut out = Counted { inner: out, written: 0 };
        match format {
            ExportFormat::Json => json::write_header(&mut out, header),
            ExportFormat::Yaml => yaml::write_header(&mut out, header),
        }
        .map_err(|error| file_fault("writing the export", &error))?;
        Ok(Self { out, format, keys: 0, digest: ContentDigest::new(header) })
    }

    /// Writes one key. A record without its value is refused: an export without values would pass
    /// for empty ones.
    ///
    /// # Errors
    /// [`FaultKind::DiskFull`] or [`FaultKind::File`]; [`FaultKind::Invalid`] without a value.
    pub fn write(&mut self, record: &KeyRecord) -> Result<(), Fault> {
        let Some(value) = &record.value else {
            let key = String::from_utf8_lossy(&record.key).into_owned();
            return Err(Fault::new(FaultKind::Invalid, format!("the value of {key:?} was not read")));
        };
        let first = self.keys == 0;
        match self.format {
            ExportFormat::Json => json::write_entry(&mut self.out, first, &record.key, value, &record.meta),
            ExportFormat::Yaml => yaml::write_entry(&mut self.out, &record.key, value),
        }
        .map_err(|error| file_fault("writing the export", &error))?;
        self.digest.add(&record.key, value, &record.meta);
        self.keys += 1;
        Ok(())
    }

    /// Keys written so far.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Writes the end and hands back the sink, with the bytes written.
    ///
    /// # Errors
    /// [`FaultKind::DiskFull`] or [`FaultKind::File`].
    pub fn finish(mut self) -> Result<(W, u64), Fault> {
        match self.format {
            ExportFormat::Json => json::write_end(&mut self.out, &self.digest.finish()),
            ExportFormat::Yaml => yaml::write_end(&mut self.out, self.keys == 0),
        }
        .and_then(|()| self.out.flush())
        .map_err(|error| file_fault("writing the export", &error))?;
        Ok((self.out.inner, self.out.written))
    }
}

/// An export on its way into a file. Dropped before [`ExportFile::finish`], it leaves nothing.
#[derive(Debug)]
pub struct ExportFile {
    writer: ExportWriter<BufWriter<NamedTempFile>>,
    target: PathBuf,
    revision: i64,
    partial: bool,
}

impl ExportFile {
    /// Starts an export that will lie at `path`.
    ///
    /// # Errors
    /// [`FaultKind::File`] where the folder cannot be written to or `path` is no regular file;
    /// [`FaultKind::DiskFull`].
    pub fn create(path: &Path, format: ExportFormat, header: &ExportHeader) -> Result<Self, Fault> {
        let (target, aside) = begin_file(path)?;
        let writer = ExportWriter::new(BufWriter::with_capacity(1 << 18, aside), format, header)?;
        Ok(Self { writer, target, revision: header.revision, partial: header.partial })
    }

    /// Writes one key.
    ///
    /// # Errors
    /// As [`ExportWriter::write`].
    pub fn write(&mut self, record: &KeyRecord) -> Result<(), Fault> {
        self.writer.write(record)
    }

    /// Keys written so far.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.writer.keys()
    }

    /// Completes the file and puts it in its place.
    ///
    /// # Errors
    /// [`FaultKind::DiskFull`] or [`FaultKind::File`]; then nothing is left and what was there
    /// before is intact.
    pub fn finish(self) -> Result<ExportReport, Fault> {
        self.finish_if(|| Ok(()))
    }

    /// [`ExportFile::finish`], with a last question between the flush to the disk, which may take
    /// long, and the moment in which the file appears.
    ///
    /// # Errors
    /// As [`ExportFile::finish`], and what the question answers.
    pub fn finish_if(self, allowed: impl FnOnce() -> Result<(), Fault>) -> Result<ExportReport, Fault> {
        let Self { writer, target, revision, partial } = self;
        let what = format!("writing {}", target.display());
        let keys = writer.keys();
        let (buffer, size_bytes) = writer.finish()?;
        let aside = buffer.into_inner().map_err(|error| file_fault(&what, error.error()))?;
        aside.as_file().sync_all().map_err(|error| file_fault(&what, &error))?;
        allowed()?;
        aside.persist(&target).map_err(|error| file_fault(&what, &error.error))?;
        sync_folder(&target);
        Ok(ExportReport { keys, size_bytes, revision, partial, path: target })
    }
}

/// A file that is to lie at `path`: where that really is, and a file aside in the same folder, for its
/// owner alone, to be renamed when it is complete. Dropped before, it leaves nothing.
pub(super) fn begin_file(path: &Path) -> Result<(PathBuf, NamedTempFile), Fault> {
    let target = real_target(path)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let aside = tempfile::Builder::new()
        .prefix(".etcdscope-export-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(|error| file_fault(&format!("writing to {}", folder.display()), &error))?;
    Ok((target, aside))
}

/// Where a file named `path` really lies: renaming onto a link would replace the link, and onto a
/// device or pipe would replace that.
fn real_target(path: &Path) -> Result<PathBuf, Fault> {
    let what = |error: &std::io::Error| file_fault(&format!("writing {}", path.display()), error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if path.file_name().is_none() {
                return Err(Fault::new(FaultKind::File, format!("{} names no file", path.display())));
            }
            Ok(path.to_owned())
        }
        Err(error) => Err(what(&error)),
        Ok(_) => {
            let real = path.canonicalize().map_err(|error| what(&error))?;
            if real.is_file() {
                Ok(real)
            } else {
                Err(Fault::new(FaultKind::File, format!("{} is not a regular file", path.display())))
            }
        }
    }
}

/// Makes the rename itself survive a power cut.
#[cfg(unix)]
fn sync_folder(target: &Path) {
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Err(error) = std::fs::File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(%error, "the folder could not be flushed");
    }
}

/// Folders cannot be flushed on this system.
#[cfg(not(unix))]
fn sync_folder(_target: &Path) {}

/// The fault of a failed file operation, `what` being its words, such as "writing /a/b".
pub(crate) fn file_fault(what: &str, error: &std::io::Error) -> Fault {
    use std::io::ErrorKind;
    let kind = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FaultKind::DiskFull,
        _ => FaultKind::File,
    };
    Fault::new(kind, format!("{what}: {error}"))
}

/// A sink that counts its bytes.
#[derive(Debug)]
struct Counted<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests;

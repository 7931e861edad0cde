//! `head.json`: how many entries there are, and the last one's hash.

use std::path::{Path, PathBuf};

use crate::model::audit::ChainHead;
use crate::model::fault::Fault;
use crate::storage::files;

fn path(folder: &Path) -> PathBuf {
    folder.join("head.json")
}

/// Reads it; `None` where there is none, or something else in its place.
pub(super) fn read(folder: &Path) -> Result<Option<ChainHead>, Fault> {
    let path = path(folder);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let entries = json.get("entries").and_then(serde_json::Value::as_u64);
    let hash = json.get("hash").and_then(serde_json::Value::as_str);
    let head = entries.zip(hash).map(|(entries, hash)| ChainHead { entries, hash: hash.to_owned() });
    if head.is_none() {
        tracing::warn!("{}: it has no count or no hash", path.display());
    }
    Ok(head)
}

/// Puts it in its place, unless one that is further is there already.
pub(super) fn advance(folder: &Path, head: &ChainHead) -> Result<(), Fault> {
    let _lock = files::FolderLock::take(folder)?;
    if read(folder)?.is_some_and(|there| there.entries >= head.entries) {
        return Ok(());
    }
    let json = serde_json::json!({ "version": 1, "entries": head.entries, "hash": head.hash });
    files::replace(&path(folder), format!("{json:#}\n").as_bytes())
}

/// Keeps one that belongs to a log that was set aside; one that is not there is fine.
pub(super) fn set_aside(folder: &Path) -> Result<(), Fault> {
    let path = path(folder);
    if path.exists() {
        files::set_aside(&path)?;
    }
    Ok(())
}

//! Reads a file to compare with.

use std::io::Read;
use std::path::Path;

use super::Outbox;
use crate::model::bytes::Value;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};

/// Larger files are not compared: etcd takes 1.5 MiB as it comes, and rarely more than ten times that.
const MOST: u64 = 16 * 1024 * 1024;

/// Reads it beside everything else (it may lie on a disk that does not answer), and tells.
pub(super) fn start(session: SessionId, request: RequestId, path: std::path::PathBuf, outbox: Outbox) {
    let reading = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || read(&path))
    };
    tokio::spawn(async move {
        let content = reading
            .await
            .unwrap_or_else(|error| Err(Fault::new(FaultKind::Other, format!("reading has ended: {error}"))));
        outbox.send(Event { session, request, kind: EventKind::FileRead { path, content } }).await;
    });
}

fn read(path: &Path) -> Result<Value, Fault> {
    let failed = |words: String| Fault::new(FaultKind::File, format!("{}: {words}", path.display()));
    let about = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    // What is no file may have no end, or wait for ever.
    if !about.is_file() {
        return Err(failed("this is not a file".into()));
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(MOST + 1).read_to_end(&mut content).map_err(|error| failed(error.to_string()))?;
    if content.len() as u64 > MOST {
        return Err(failed(format!("larger than {} MiB, which is the most that is compared", MOST >> 20)));
    }
    Ok(Value::from(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_byte_for_byte_and_refused_with_a_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        std::fs::write(&path, b"a\0\xff\r\n").expect("written");
        assert_eq!(read(&path).as_deref(), Ok(b"a\0\xff\r\n".as_slice()));
        let why = |path: &Path| read(path).err().map(|fault| (fault.kind, fault.detail));
        let missing = why(&folder.path().join("missing")).expect("no such file");
        assert!(missing.0 == FaultKind::File && missing.1.contains("missing"), "{missing:?}");
        assert!(why(folder.path()).is_some_and(|(_, words)| words.contains("not a file")));
        let large = std::fs::File::create(folder.path().join("large")).expect("created");
        large.set_len(MOST + 1).expect("grown");
        let large = why(&folder.path().join("large")).expect("refused");
        assert!(large.1.contains("16 MiB"), "{large:?}");
    }
}

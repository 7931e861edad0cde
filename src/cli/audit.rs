//! `etcdscope audit`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::text::{Output, counted, reading, time};
use crate::model::audit::{AuditEntry, AuditOperation, AuditQuery, ChainState};
use crate::model::fault::{Fault, FaultKind};
use crate::model::key_text::{display_key, neutral};
use crate::storage::Storage;
use crate::storage::audit::AuditReader;

/// What is asked of the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AuditCommand {
    /// Verify the chain.
    pub(super) verify: bool,
    /// Write the entries here.
    pub(super) export: Option<PathBuf>,
    /// Only entries that contain this.
    pub(super) text: String,
    /// Only what was not done.
    pub(super) failed: bool,
    /// Show at most so many.
    pub(super) limit: u32,
    /// As JSON.
    pub(super) json: bool,
}

pub(super) async fn run(command: AuditCommand) -> ExitCode {
    reading(async {
        let work = tokio::task::spawn_blocking(move || {
            let storage = Storage::open(None);
            answer(&command, storage.audit()?)
        });
        work.await.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?
    })
    .await
}

fn answer(command: &AuditCommand, folder: &Path) -> Result<ExitCode, Fault> {
    let reader = AuditReader::open(folder)?;
    if command.verify {
        return verify(command, &reader);
    }
    let query =
        AuditQuery { text: command.text.clone(), only_failed: command.failed, ..AuditQuery::default() };
    if let Some(path) = &command.export {
        let count = reader.export(&query, path)?;
        eprintln!("{} written to {}", counted(count, "entry", "entries"), path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let page = reader.page(&AuditQuery { limit: command.limit, ..query })?;
    let mut output = Output::new();
    for entry in page.entries.iter().rev() {
        if command.json {
            output.line(crate::storage::audit::json_line(entry).trim_end())?;
        } else {
            output.line(&line(entry))?;
        }
    }
    output.finish()?;
    if page.more {
        eprintln!("older entries are not shown: give --limit or --export");
    }
    Ok(ExitCode::SUCCESS)
}

/// Says whether the log is as it was written, and its head, to be noted elsewhere.
fn verify(command: &AuditCommand, reader: &AuditReader) -> Result<ExitCode, Fault> {
    let (state, head) = reader.verify()?;
    let entries = counted(head.entries, "entry", "entries");
    let (name, words) = match &state {
        ChainState::Whole => ("intact", format!("intact: {entries}, head {}", head.hash)),
        ChainState::BrokenAt(number) => {
            let words = format!("changed at entry {number}: from there on it is not what was written");
            ("changed", words)
        }
        ChainState::Shortened { expected, found } => {
            ("shortened", format!("entries are missing at the end: {found} of {expected} are there"))
        }
        ChainState::HeadMissing => {
            ("head_missing", "head.json is gone: whether entries are missing can not be told".to_owned())
        }
        ChainState::Unchecked => ("unchecked", "not verified".to_owned()),
    };
    let mut output = Output::new();
    if command.json {
        let at = match state {
            ChainState::BrokenAt(number) => Some(number),
            _ => None,
        };
        let told = json!({
            "state": name, "changed_at": at, "entries": head.entries, "head": head.hash,
        });
        output.line(&told.to_string())?;
    } else {
        output.line(&words)?;
    }
    output.finish()?;
    Ok(if state == ChainState::Whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(entry: &AuditEntry) -> String {
    let write = &entry.write;
    let when = time(write.at);
    if write.operation == AuditOperation::Note {
        return format!("{when}  note  {}", neutral(write.outcome.detail()));
    }
    let revision = |revision: i64| if revision == 0 { "-".to_owned() } else { format!("r{revision}") };
    let (before, after) = (revision(write.before), revision(write.outcome.revision()));
    let (profile, user) = (neutral(&write.profile), neutral(write.user.as_deref().unwrap_or("-")));
    let (operation, outcome, key) = (write.operation.name(), write.outcome.name(), display_key(&write.key));
    let mut line =
        format!("{when}  {profile}  {user}  {operation:<7}  {before} → {after}  {outcome:<8}  {key}");
    if !write.outcome.detail().is_empty() {
        line.push_str("  # ");
        line.push_str(&neutral(write.outcome.detail()));
    }
    line
}

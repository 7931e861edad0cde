//! `etcdscope history`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::connection::ConnectionArgs;
use super::desk::Recorded;
use super::text::{Output, connect, reading, size, time};
use crate::etcd::Cluster;
use crate::model::bytes::Value;
use crate::model::fault::Fault;
use crate::model::history::{HistoryEnd, ReplayCost};
use crate::model::journal::{KeyRecords, Recorded as Record, RecordedKind, gaps};
use crate::model::key_text::{display_key, preview_value};
use crate::model::record::KeyMeta;
use crate::model::status::{KeyInterval, SeenAt};

/// Versions asked for at a time.
const PAGE: u32 = 100;
/// Characters of a value that a line shows.
const PREVIEW: usize = 60;

/// A key whose versions are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HistoryCommand {
    /// The cluster.
    pub(super) connection: ConnectionArgs,
    /// The key.
    pub(super) key: Vec<u8>,
    /// Replay etcd's own history.
    pub(super) deep: bool,
    /// At most so many.
    pub(super) limit: u32,
    /// As JSON.
    pub(super) json: bool,
}

/// What became of the key at a revision.
struct Change {
    /// `None`: it was deleted.
    put: Option<(KeyMeta, Option<Value>)>,
    seen_at: Option<SeenAt>,
    source: &'static str,
    /// It was only found gone: the deletion itself was not seen.
    found_gone: bool,
}

pub(super) async fn run(command: HistoryCommand) -> ExitCode {
    reading(answer(command)).await
}

async fn answer(command: HistoryCommand) -> Result<ExitCode, Fault> {
    let (request, cluster) = connect(command.connection.clone()).await?;
    let mut changes: BTreeMap<i64, Change> = BTreeMap::new();
    let mut notes = Vec::new();
    if command.deep {
        deep(&cluster, &command, &mut changes, &mut notes).await?;
    } else {
        walk(&cluster, &command, &mut changes, &mut notes).await?;
    }
    let past = Recorded::new(&request);
    let recorded = past.key(&cluster, &command.key).await;
    past.close().await;
    if let Some(recorded) = recorded? {
        journal(&recorded, &mut changes, &mut notes);
    }
    if changes.is_empty() {
        notes = vec![format!("{}: no version in reach", display_key(&command.key))];
    }
    let mut output = Output::new();
    for (revision, change) in changes.iter().rev().take(command.limit as usize) {
        let line = if command.json { json_line(*revision, change) } else { line(*revision, change) };
        output.line(&line)?;
    }
    output.finish()?;
    for note in notes {
        eprintln!("{note}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The versions since the key was created last, from etcd.
async fn walk(
    cluster: &Cluster,
    command: &HistoryCommand,
    changes: &mut BTreeMap<i64, Change>,
    notes: &mut Vec<String>,
) -> Result<(), Fault> {
    let mut below = None;
    loop {
        let left = command.limit.saturating_sub(u32::try_from(changes.len()).unwrap_or(u32::MAX));
        let page = cluster.history(&command.key, below, left.clamp(1, PAGE)).await?;
        let oldest = page.oldest_revision();
        for version in page.versions {
            let put = Some((version.meta, Some(version.value)));
            let change = Change { put, seen_at: None, source: "etcd", found_gone: false };
            changes.insert(version.meta.mod_revision, change);
        }
        match page.end {
            HistoryEnd::More if oldest.is_some() && changes.len() < command.limit as usize => below = oldest,
            HistoryEnd::More if changes.is_empty() => return Ok(()),
            HistoryEnd::More => {
                notes.push("there are older versions: give --limit".to_owned());
                return Ok(());
            }
            HistoryEnd::FirstVersion => {
                notes.push(
                    "created there; --deep also shows earlier lives of the key, if etcd still has any"
                        .to_owned(),
                );
                return Ok(());
            }
            HistoryEnd::Compacted { at_revision } => {
                notes.push(format!(
                    "older versions were compacted at revision {at_revision}: etcd has them no more"
                ));
                return Ok(());
            }
        }
    }
}

/// Everything that etcd still has of the key.
async fn deep(
    cluster: &Cluster,
    command: &HistoryCommand,
    changes: &mut BTreeMap<i64, Change>,
    notes: &mut Vec<String>,
) -> Result<(), Fault> {
    let interval = KeyInterval::key(&command.key);
    let replay = cluster.replay(&interval, 0, &mut |_, _| {}, &Default::default()).await?;
    let revisions = u64::try_from(replay.to - replay.after).unwrap_or(0);
    let stall = ReplayCost { revisions }.stall();
    tracing::info!(revisions, ?stall, "replayed");
    notes.push(match replay.after {
        ..=1 => "etcd has its whole history".to_owned(),
        after => format!("what was before revision {after} was compacted"),
    });
    for record in replay.records {
        take_in(changes, record, "etcd");
    }
    Ok(())
}

/// What the journal has of the key, and where nobody watched.
fn journal(recorded: &KeyRecords, changes: &mut BTreeMap<i64, Change>, notes: &mut Vec<String>) {
    if recorded.kept_out {
        notes.push("the profile keeps this key out of the journal".to_owned());
    }
    for record in &recorded.records {
        take_in(changes, record.clone(), "journal");
    }
    for gap in gaps(&recorded.spans) {
        let (after, to) = (gap.after, gap.to);
        let (from_time, to_time) = (time(gap.from_time), time(gap.to_time));
        notes.push(format!("nobody watched between revisions {after} and {to} ({from_time} to {to_time})"));
    }
}

/// Adds what was recorded; what etcd has told of the same revision stays.
fn take_in(changes: &mut BTreeMap<i64, Change>, record: Record, source: &'static str) {
    let Record { revision, kind, seen_at, .. } = record;
    let (put, found_gone) = match kind {
        RecordedKind::Put { meta, value } => (Some((meta, value)), false),
        RecordedKind::Deleted => (None, false),
        RecordedKind::FoundGone => (None, true),
    };
    let entry = changes.entry(revision).or_insert(Change { put, seen_at, source, found_gone });
    entry.seen_at = entry.seen_at.or(seen_at);
}

fn line(revision: i64, change: &Change) -> String {
    let seen = change.seen_at.map_or_else(String::new, |at| format!("  seen {}", time(at)));
    match &change.put {
        Some((meta, value)) => {
            let (bytes, text) = match value {
                Some(value) => (size(value.len()), preview_value(value, PREVIEW)),
                None => ("?".to_owned(), "(value not known)".to_owned()),
            };
            let lease = if meta.lease == 0 { String::new() } else { format!("  lease {:x}", meta.lease) };
            let (version, source) = (meta.version, change.source);
            format!("r{revision}  version {version}  {bytes}  {source}{seen}{lease}  {text}")
        }
        None if change.found_gone => format!("r{revision}  found gone  {}{seen}", change.source),
        None => format!("r{revision}  deleted  {}{seen}", change.source),
    }
}

fn json_line(revision: i64, change: &Change) -> String {
    let put = change.put.as_ref();
    let kind = match (put.is_some(), change.found_gone) {
        (true, _) => "put",
        (false, true) => "found_gone",
        (false, false) => "deleted",
    };
    let value = put.and_then(|(_, value)| value.as_ref());
    json!({
        "revision": revision,
        "kind": kind,
        "version": put.map(|(meta, _)| meta.version),
        "create_revision": put.map(|(meta, _)| meta.create_revision),
        "lease": put.map(|(meta, _)| meta.lease),
        "value": value.and_then(|value| std::str::from_utf8(value).ok()),
        "value_base64": value.map(|value| BASE64.encode(value)),
        "seen_at": change.seen_at,
        "source": change.source,
    })
    .to_string()
}

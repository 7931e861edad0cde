//! Entries as rows of the database.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::model::audit::{AuditEntry, AuditOperation, AuditOutcome, AuditWrite, ChainHead};
use crate::model::bytes::Key;

/// The columns of an entry, in the order in which [`entry`] reads them.
pub(super) const COLUMNS: &str = "number, at, profile, cluster_id, user, operation, key, source, before, \
                                  outcome, revision, detail, plan, write_id, hash";
/// All columns of the last entry.
pub(super) const SELECT_LAST: &str = "SELECT number, hash, at, profile, cluster_id, user, operation, key, source, before, outcome, \
     revision, detail, plan, write_id FROM entries ORDER BY number DESC LIMIT 1";

/// The last entry.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<ChainHead> {
    let mut statement = connection.prepare_cached(SELECT_LAST)?;
    let last = statement
        .query_row([], |row| Ok(ChainHead { entries: number(row, 0)?.cast_unsigned(), hash: text(row, 1)? }));
    Ok(last.optional()?.unwrap_or_default())
}

/// Inserts an entry.
pub(super) fn insert(
    connection: &Connection,
    number: u64,
    write: &AuditWrite,
    hash: &str,
) -> rusqlite::Result<()> {
    let words = "INSERT INTO entries (number, at, profile, cluster_id, user, operation, key, source, before, \
                 outcome, revision, detail, plan, write_id, hash) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    connection.prepare_cached(words)?.execute(params![
        number.cast_signed(),
        write.at,
        write.profile,
        write.cluster_id.cast_signed(),
        write.user,
        write.operation.name(),
        &*write.key,
        write.source.as_deref(),
        write.before,
        write.outcome.name(),
        write.outcome.revision(),
        write.outcome.detail(),
        write.plan,
        write.write_id,
        hash,
    ])?;
    Ok(())
}

/// Reads an entry. What somebody else put there is shown as well as it goes: its hash tells.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let outcome = text(row, 9)?;
    let detail = text(row, 11)?;
    let strange = || AuditOutcome::Unknown(format!("{outcome}: {detail}"));
    let write = AuditWrite {
        at: number(row, 1)?,
        profile: text(row, 2)?,
        cluster_id: number(row, 3)?.cast_unsigned(),
        user: optional(row, 4)?,
        operation: AuditOperation::of_name(&text(row, 5)?).unwrap_or(AuditOperation::Note),
        key: bytes(row, 6)?.unwrap_or_default().into(),
        source: bytes(row, 7)?.map(Key::from),
        before: number(row, 8)?,
        outcome: AuditOutcome::of_parts(&outcome, number(row, 10)?, detail.clone()).unwrap_or_else(strange),
        plan: optional(row, 12)?,
        write_id: text(row, 13)?,
    };
    Ok(AuditEntry { number: number(row, 0)?.cast_unsigned(), write, hash: text(row, 14)? })
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => number,
        _ => 0,
    })
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Vec<u8>>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
        _ => None,
    })
}

fn optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(bytes(row, column)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(optional(row, column)?.unwrap_or_default())
}

//! One record in the file: written, and read back.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::pack::{Packer, Unpacker};
use super::trouble::Trouble;
use crate::model::bytes::{Key, Value};
use crate::model::journal::{RecordedKind, Source};
use crate::model::record::KeyMeta;
use crate::model::status::SeenAt;

pub(super) const PUT: i64 = 0;
pub(super) const DELETED: i64 = 1;
pub(super) const FOUND_GONE: i64 = 2;

pub(super) fn source_number(source: Source) -> i64 {
    match source {
        Source::Watch => 0,
        Source::Listing => 1,
        Source::Before => 2,
        Source::Replay => 3,
    }
}

pub(super) fn source_of(number: i64) -> Source {
    match number {
        0 => Source::Watch,
        1 => Source::Listing,
        2 => Source::Before,
        _ => Source::Replay,
    }
}

/// What is to be written of a key at a revision.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewRecord<'v> {
    pub epoch: i64,
    pub key: i64,
    pub revision: i64,
    pub kind: i64,
    pub meta: KeyMeta,
    pub value: Option<&'v [u8]>,
    /// The mod revision before; 0: it did not exist.
    pub prev: Option<i64>,
    pub seen_at: Option<SeenAt>,
    pub source: Source,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was not there before.
    New,
    /// It was there, and what was missing of it was added.
    Known,
}

/// Writes a record, or adds to the one that is there what it does not have.
pub(super) fn write(
    connection: &Connection,
    packer: &mut Packer,
    record: &NewRecord<'_>,
) -> Result<Written, Trouble> {
    let packed = record.value.map(|value| packer.pack(value));
    let length = record.value.map(|value| i64::try_from(value.len()).unwrap_or(i64::MAX));
    let written = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO record (epoch, key, revision, kind, create_revision, version, lease, \
             prev, seen_at, source, length, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            record.epoch,
            record.key,
            record.revision,
            record.kind,
            record.meta.create_revision,
            record.meta.version,
            record.meta.lease,
            record.prev,
            record.seen_at,
            source_number(record.source),
            length,
            packed.as_deref(),
        ])?;
    if written == 1 {
        return Ok(Written::New);
    }
    reconcile(connection, record, length, packed.as_deref())?;
    Ok(Written::Known)
}

/// Another window (or an earlier listing) recorded it already: it must be the same.
fn reconcile(
    connection: &Connection,
    record: &NewRecord<'_>,
    length: Option<i64>,
    packed: Option<&[u8]>,
) -> Result<(), Trouble> {
    let (id, kind, create, version, known_length): (i64, i64, i64, i64, Option<i64>) = connection
        .prepare_cached(
            "SELECT id, kind, create_revision, version, length FROM record \
             WHERE epoch = ?1 AND key = ?2 AND revision = ?3",
        )?
        .query_row(params![record.epoch, record.key, record.revision], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
    let same = match (kind == PUT, record.kind == PUT) {
        (true, true) => {
            create == record.meta.create_revision
                && version == record.meta.version
                && (known_length.is_none() || length.is_none() || known_length == length)
        }
        (false, false) => true,
        _ => false,
    };
    if !same {
        let detail = format!("revision {} of a key is not what was recorded of it", record.revision);
        return Err(Trouble::Diverged(detail));
    }
    // A deletion seen tells more than a key found gone; a change seen more than a listing.
    let upgrade = "UPDATE record SET kind = min(kind, ?2), source = min(source, ?3), \
                   lease = CASE WHEN lease = 0 THEN ?4 ELSE lease END, prev = coalesce(prev, ?5), \
                   seen_at = CASE WHEN source = 0 THEN seen_at ELSE coalesce(?6, seen_at) END, \
                   value = CASE WHEN length IS NULL THEN ?8 ELSE value END, length = coalesce(length, ?7) \
                   WHERE id = ?1 AND (kind > ?2 OR source > ?3 OR (lease = 0 AND ?4 <> 0) \
                   OR (prev IS NULL AND ?5 IS NOT NULL) OR (length IS NULL AND ?7 IS NOT NULL))";
    connection.prepare_cached(upgrade)?.execute(params![
        id,
        record.kind,
        source_number(record.source),
        record.meta.lease,
        record.prev,
        record.seen_at,
        length,
        packed,
    ])?;
    Ok(())
}

/// Whether there is a record of the key at the revision.
pub(super) fn exists(connection: &Connection, epoch: i64, key: i64, revision: i64) -> Result<bool, Trouble> {
    let found = connection
        .prepare_cached("SELECT 1 FROM record WHERE epoch = ?1 AND key = ?2 AND revision = ?3")?
        .query_row(params![epoch, key, revision], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The columns that [`Read::of`] expects, of a table `r` joined with `k`.
pub(super) const COLUMNS: &str = "k.id, k.key, r.revision, r.kind, r.create_revision, r.version, r.lease, \
                                  r.prev, r.seen_at, r.source, r.length, r.value";

/// A record as it was read, its value still packed.
pub(super) struct Read<'r> {
    /// The number of the key.
    pub key_id: i64,
    pub key: &'r [u8],
    pub revision: i64,
    pub kind: i64,
    pub meta: KeyMeta,
    pub prev: Option<i64>,
    pub seen_at: Option<SeenAt>,
    pub source: Source,
    value: Option<(i64, &'r [u8])>,
}

impl<'r> Read<'r> {
    pub(super) fn of(row: &'r Row<'_>) -> Result<Self, Trouble> {
        let damaged = |error: &dyn std::fmt::Display| Trouble::Damaged(format!("the journal: {error}"));
        let length: Option<i64> = row.get(10)?;
        let value = match length {
            None => None,
            Some(length) => {
                let bytes = row.get_ref(11)?.as_blob().map_err(|error| damaged(&error))?;
                Some((length, bytes))
            }
        };
        let revision = row.get(2)?;
        Ok(Self {
            key_id: row.get(0)?,
            key: row.get_ref(1)?.as_blob().map_err(|error| damaged(&error))?,
            revision,
            kind: row.get(3)?,
            meta: KeyMeta {
                create_revision: row.get(4)?,
                mod_revision: revision,
                version: row.get(5)?,
                lease: row.get(6)?,
            },
            prev: row.get(7)?,
            seen_at: row.get(8)?,
            source: source_of(row.get(9)?),
            value,
        })
    }

    pub(super) fn key(&self) -> Key {
        self.key.into()
    }

    pub(super) fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// Bytes of the value.
    pub(super) fn length(&self) -> i64 {
        self.value.map_or(0, |(length, _)| length)
    }

    pub(super) fn value(&self, unpacker: &mut Unpacker) -> Result<Option<Value>, Trouble> {
        self.value.map(|(length, bytes)| unpacker.unpack(bytes, length)).transpose()
    }

    /// What the key became, with its value or without.
    pub(super) fn became(&self, value: Option<Value>) -> RecordedKind {
        match self.kind {
            PUT => RecordedKind::Put { meta: self.meta, value },
            DELETED => RecordedKind::Deleted,
            _ => RecordedKind::FoundGone,
        }
    }
}

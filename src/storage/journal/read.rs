//! Reading, beside whoever writes.

use std::path::Path;

use rusqlite::{Connection, params};

use super::file::LAYOUT;
use super::intervals;
use super::pack::Unpacker;
use super::rows::{COLUMNS, FOUND_GONE, PUT, Read};
use super::trouble::Trouble;
use crate::model::bytes::{Key, prefix_end};
use crate::model::journal::{Recorded, RecordedKind, Span};
use crate::model::moment::{Fact, Tick, Watched};
use crate::model::record::KeyRecord;
use crate::model::status::SeenAt;

/// The columns of a record without its value.
const WITHOUT_VALUE: &str = "k.id, k.key, r.revision, r.kind, r.create_revision, r.version, r.lease, \
                             r.prev, r.seen_at, r.source, NULL, NULL";
/// Above every key.
const NO_END: &str = "(?2 IS NULL OR k.key < ?2)";

/// Every revision that changed something below a prefix, as far as it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// Oldest first.
    pub ticks: Vec<Tick>,
    /// There are more, older ones.
    pub cut: bool,
}

/// A key that was deleted, as it last was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What it last was, as far as recorded.
    pub last: KeyRecord,
    /// The revision of the deletion, or at which it was found gone.
    pub revision: i64,
    /// When that was seen.
    pub seen_at: Option<SeenAt>,
    /// It was only found gone: it was deleted before, while nobody watched.
    pub found: bool,
}

/// Reads one journal.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the journal at this path; `None` where there is none.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn open(path: &Path) -> Result<Option<Self>, Trouble> {
        Ok(LAYOUT.open_to_read(path)?.map(|connection| Self { connection }))
    }

    /// What was watched in an epoch, oldest first.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn watched(&self, epoch: i64) -> Result<Vec<Watched>, Trouble> {
        watched(&self.connection, epoch)
    }

    /// The records of a key, newest first: at most `most`, with at most so many bytes of values, and
    /// whether there are older ones.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn of_key(
        &self,
        epoch: i64,
        key: &[u8],
        most: usize,
        most_bytes: u64,
    ) -> Result<(Vec<Recorded>, bool), Trouble> {
        let mut unpacker = Unpacker::new()?;
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM key k JOIN record r ON r.epoch = ?1 AND r.key = k.id WHERE k.key = ?2 \
             ORDER BY r.revision DESC"
        ))?;
        let mut rows = statement.query(params![epoch, key])?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let read = Read::of(row)?;
            bytes += u64::try_from(read.length()).unwrap_or(0);
            if records.len() >= most || (bytes > most_bytes && !records.is_empty()) {
                return Ok((without_doubled_ends(records), true));
            }
            let value = read.value(&mut unpacker)?;
            records.push(Recorded {
                key: key.into(),
                revision: read.revision,
                kind: read.became(value),
                seen_at: read.seen_at,
                source: read.source,
            });
        }
        Ok((without_doubled_ends(records), false))
    }

    /// What is known of the keys below a prefix on both sides of a revision, and what was watched: both
    /// of one state of the file.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn around(
        &self,
        epoch: i64,
        prefix: &[u8],
        revision: i64,
    ) -> Result<(Vec<Fact>, Vec<Watched>), Trouble> {
        let transaction = self.connection.unchecked_transaction()?;
        let watched = watched(&transaction, epoch)?;
        let mut unpacker = Unpacker::new()?;
        let mut facts = Vec::new();
        let sides = [(COLUMNS, "<=", "DESC"), (WITHOUT_VALUE, ">", "ASC")];
        for (columns, side, order) in sides {
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT {columns} FROM key k CROSS JOIN record r ON r.id = (SELECT id FROM record \
                 WHERE epoch = ?3 AND key = k.id AND revision {side} ?4 ORDER BY revision {order} LIMIT 1) \
                 WHERE k.key >= ?1 AND {NO_END}"
            ))?;
            let mut rows = statement.query(params![prefix, prefix_end(prefix), epoch, revision])?;
            while let Some(row) = rows.next()? {
                let read = Read::of(row)?;
                let value = read.value(&mut unpacker)?;
                let kind = read.became(value);
                facts.push(Fact { key: read.key(), revision: read.revision, kind, prev: read.prev });
            }
        }
        Ok((facts, watched))
    }

    /// The revisions that changed something below a prefix: the newest, at most so many.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn ticks(&self, epoch: i64, prefix: &[u8], most: usize) -> Result<Ticks, Trouble> {
        // A key found gone counts where that was found, unless its deletion itself is recorded.
        let counted = "r.revision, max(CASE WHEN r.source = 0 THEN r.seen_at END), \
                       sum(r.kind = 0 AND r.create_revision = r.revision), \
                       sum(r.kind = 0 AND r.create_revision <> r.revision), sum(r.kind <> 0)";
        let from = if prefix.is_empty() {
            "record r WHERE r.epoch = ?3 AND ?1 IS NOT NULL AND ?2 IS NULL".to_owned()
        } else {
            format!(
                "key k CROSS JOIN record r ON r.epoch = ?3 AND r.key = k.id WHERE k.key >= ?1 AND {NO_END}"
            )
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {counted} FROM {from} AND (r.kind < {FOUND_GONE} OR (SELECT b.kind FROM record b \
             WHERE b.epoch = r.epoch AND b.key = r.key AND b.revision < r.revision \
             ORDER BY b.revision DESC LIMIT 1) = {PUT}) GROUP BY r.revision \
             ORDER BY r.revision DESC LIMIT ?4"
        ))?;
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let found = statement.query_map(params![prefix, prefix_end(prefix), epoch, limit], |row| {
            Ok(Tick {
                revision: row.get(0)?,
                seen_at: row.get(1)?,
                created: row.get(2)?,
                changed: row.get(3)?,
                deleted: row.get(4)?,
            })
        })?;
        let mut ticks: Vec<Tick> = found.collect::<Result<_, _>>()?;
        let cut = ticks.len() > most;
        ticks.truncate(most);
        ticks.reverse();
        Ok(Ticks { ticks, cut })
    }

    /// The keys that changed at a revision, in key order.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn together(&self, epoch: i64, revision: i64) -> Result<Vec<Key>, Trouble> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT k.key FROM record r JOIN key k ON k.id = r.key WHERE r.epoch = ?1 AND r.revision = ?2 \
             AND r.kind < {FOUND_GONE} ORDER BY k.key"
        ))?;
        let keys = statement.query_map(params![epoch, revision], |row| row.get::<_, Vec<u8>>(0))?;
        Ok(keys.map(|key| key.map(Key::from)).collect::<Result<_, _>>()?)
    }

    /// The keys below a prefix that were put and then deleted, or found gone, as they last were: in key
    /// order, at most so many of them and bytes of values.
    ///
    /// # Errors
    /// Why it can not be read.
    pub fn deleted(
        &self,
        epoch: i64,
        prefix: &[u8],
        most: usize,
        most_bytes: u64,
    ) -> Result<Vec<Deleted>, Trouble> {
        let mut unpacker = Unpacker::new()?;
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS}, d.revision, d.seen_at, d.kind FROM key k CROSS JOIN record r ON r.id = \
             (SELECT id FROM record WHERE epoch = ?3 AND key = k.id AND kind = {PUT} ORDER BY revision DESC \
             LIMIT 1) CROSS JOIN record d ON d.id = (SELECT id FROM record WHERE epoch = ?3 AND key = k.id \
             AND revision > r.revision ORDER BY revision LIMIT 1) WHERE k.key >= ?1 AND {NO_END} ORDER BY k.key"
        ))?;
        let mut rows = statement.query(params![prefix, prefix_end(prefix), epoch])?;
        let (mut deleted, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let read = Read::of(row)?;
            bytes += u64::try_from(read.length()).unwrap_or(0);
            if deleted.len() >= most || bytes > most_bytes {
                break;
            }
            let last = KeyRecord { key: read.key(), meta: read.meta, value: read.value(&mut unpacker)? };
            deleted.push(Deleted {
                last,
                revision: row.get(12)?,
                seen_at: row.get(13)?,
                found: row.get::<_, i64>(14)? == FOUND_GONE,
            });
        }
        Ok(deleted)
    }
}

/// A key found gone whose deletion is recorded says nothing more.
fn without_doubled_ends(newest_first: Vec<Recorded>) -> Vec<Recorded> {
    let ended: Vec<bool> =
        newest_first.iter().map(|it| !matches!(it.kind, RecordedKind::Put { .. })).collect();
    let mut records = Vec::with_capacity(newest_first.len());
    for (at, record) in newest_first.into_iter().enumerate() {
        let ended_before = ended.get(at + 1).copied().unwrap_or(false);
        if record.kind != RecordedKind::FoundGone || !ended_before {
            records.push(record);
        }
    }
    records
}

/// What was watched in an epoch, oldest first.
pub(super) fn watched(connection: &Connection, epoch: i64) -> Result<Vec<Watched>, Trouble> {
    Ok(numbered(connection, epoch)?.into_iter().map(|(_, watched)| watched).collect())
}

/// The same with the numbers of the rows.
pub(super) fn numbered(connection: &Connection, epoch: i64) -> Result<Vec<(i64, Watched)>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT after, upto, from_time, to_time, has_base, intervals, id FROM span WHERE epoch = ?1 \
         ORDER BY after, upto",
    )?;
    let mut rows = statement.query([epoch])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let span = Span {
            after: row.get(0)?,
            to: row.get(1)?,
            from_time: row.get(2)?,
            to_time: row.get(3)?,
            has_base: row.get(4)?,
        };
        let written: Vec<u8> = row.get(5)?;
        all.push((row.get(6)?, Watched { span, intervals: intervals::read(&written)? }));
    }
    Ok(all)
}

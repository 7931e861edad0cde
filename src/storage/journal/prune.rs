//! Limits by size and age: the oldest is dropped first, so that every revision from the floor on can
//! still be put together. Of each key the newest record at or below the floor stays, unless it says
//! that the key was gone.
//!
//! The floor is raised before anything is dropped, and of a key the oldest record is dropped first: an
//! interruption leaves more than is needed, and never something that is not true.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::read::numbered;
use super::rows::PUT;
use super::trouble::Trouble;
use super::write::{Immediate as _, Writer};
use crate::model::moment::Watched;
use crate::model::status::SeenAt;

/// Keys whose records are dropped in one transaction, so that others can write between.
const KEYS_AT_ONCE: usize = 2_000;
/// Records of an epoch that is dropped whole, in one transaction.
const RECORDS_AT_ONCE: i64 = 10_000;
/// An epoch in which nothing was recorded for so long is not another window's.
const ABANDONED_MS: i64 = 10 * 60 * 1_000;
/// Where there is too much, this part of the records goes at a time.
const PART: i64 = 10;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub most_bytes: u64,
    /// What was seen before this is dropped.
    pub seen_from: SeenAt,
    /// The time now.
    pub now: SeenAt,
}

impl Writer {
    /// Drops what is beyond the limits. `true`: something was dropped.
    ///
    /// # Errors
    /// Where the file can not be written; what was dropped by then stays dropped.
    pub fn prune(&mut self, limits: Limits) -> Result<bool, Trouble> {
        let dropped =
            self.prune_epochs(&limits)? | self.prune_by_age(&limits)? | self.prune_by_size(&limits)?;
        if dropped {
            self.keys.forget();
            self.vacuum()?;
            self.count()?;
        }
        Ok(dropped)
    }

    /// Whole epochs: those too old; and while there is too much, the one longest not recorded.
    fn prune_epochs(&mut self, limits: &Limits) -> Result<bool, Trouble> {
        let mut statement = self.connection.prepare_cached(
            "SELECT epoch.id, coalesce((SELECT max(to_time) FROM span WHERE span.epoch = epoch.id), begun_at) \
             AS last FROM epoch ORDER BY last",
        )?;
        let epochs: Vec<(i64, SeenAt)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        drop(statement);
        let mut dropped = false;
        for (epoch, last) in epochs {
            let abandoned = self.epoch != Some(epoch) && last < limits.now - ABANDONED_MS;
            if abandoned && (last < limits.seen_from || self.used_bytes()? > limits.most_bytes) {
                self.drop_epoch(epoch)?;
                dropped = true;
            }
        }
        Ok(dropped)
    }

    fn drop_epoch(&mut self, epoch: i64) -> Result<(), Trouble> {
        // First what makes it be believed.
        let transaction = self.connection.unchecked_transaction_immediate()?;
        transaction.execute("DELETE FROM span WHERE epoch = ?1", [epoch])?;
        transaction.commit()?;
        loop {
            let transaction = self.connection.unchecked_transaction_immediate()?;
            let count = transaction.execute(
                "DELETE FROM record WHERE id IN (SELECT id FROM record WHERE epoch = ?1 ORDER BY revision \
                 LIMIT ?2)",
                params![epoch, RECORDS_AT_ONCE],
            )?;
            if count == 0 {
                transaction.execute("DELETE FROM epoch WHERE id = ?1", [epoch])?;
                drop_unused_keys(&transaction)?;
                transaction.commit()?;
                return Ok(());
            }
            transaction.commit()?;
        }
    }

    fn prune_by_age(&mut self, limits: &Limits) -> Result<bool, Trouble> {
        let Some(epoch) = self.epoch else { return Ok(false) };
        let oldest: Option<SeenAt> = self
            .connection
            .prepare_cached("SELECT min(from_time) FROM span WHERE epoch = ?1")?
            .query_row([epoch], |row| row.get(0))?;
        if oldest.is_none_or(|oldest| oldest >= limits.seen_from) {
            return Ok(false);
        }
        // Up to the first that is to stay.
        let first: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT revision FROM record WHERE epoch = ?1 AND seen_at >= ?2 ORDER BY revision LIMIT 1",
            )?
            .query_row(params![epoch, limits.seen_from], |row| row.get(0))
            .optional()?;
        let reached: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(upto), 0) FROM span WHERE epoch = ?1 AND to_time < ?2")?
            .query_row(params![epoch, limits.seen_from], |row| row.get(0))?;
        // What was watched since stays whole, also where nothing happened in it: a picture that was
        // taken since, and the last one of what reaches into the time that is kept.
        let kept: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min(CASE WHEN from_time >= ?2 THEN after ELSE upto END) FROM span \
                 WHERE epoch = ?1 AND to_time >= ?2",
            )?
            .query_row(params![epoch, limits.seen_from], |row| row.get(0))?;
        let floor = first.map_or(reached, |first| first - 1);
        self.prune_to(epoch, kept.map_or(floor, |kept| floor.min(kept)))
    }

    fn prune_by_size(&mut self, limits: &Limits) -> Result<bool, Trouble> {
        let Some(epoch) = self.epoch else { return Ok(false) };
        let mut dropped = false;
        let wanted = limits.most_bytes - limits.most_bytes / 10;
        if self.used_bytes()? <= limits.most_bytes {
            return Ok(false);
        }
        while self.used_bytes()? > wanted {
            let floor = floor_of(&self.connection, epoch)?;
            let above: i64 = self
                .connection
                .prepare_cached("SELECT count(*) FROM record WHERE epoch = ?1 AND revision > ?2")?
                .query_row(params![epoch, floor], |row| row.get(0))?;
            let next: Option<i64> = self
                .connection
                .prepare_cached(
                    "SELECT revision FROM record WHERE epoch = ?1 AND revision > ?2 ORDER BY revision \
                     LIMIT 1 OFFSET ?3",
                )?
                .query_row(params![epoch, floor, (above / PART).max(1)], |row| row.get(0))
                .optional()?;
            let Some(next) = next else { break };
            if !self.prune_to(epoch, next)? {
                break;
            }
            dropped = true;
        }
        Ok(dropped)
    }

    /// Drops what is not needed for revisions from the floor on.
    pub(super) fn prune_to(&mut self, epoch: i64, floor: i64) -> Result<bool, Trouble> {
        if floor <= floor_of(&self.connection, epoch)? {
            return Ok(false);
        }
        let transaction = self.connection.unchecked_transaction_immediate()?;
        transaction
            .execute("UPDATE epoch SET floor = max(floor, ?2) WHERE id = ?1", params![epoch, floor])?;
        cut_spans(&transaction, epoch, floor)?;
        transaction.commit()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT key FROM record WHERE epoch = ?1 AND revision <= ?2")?;
        let keys: Vec<i64> =
            statement.query_map(params![epoch, floor], |row| row.get(0))?.collect::<Result<_, _>>()?;
        drop(statement);
        for part in keys.chunks(KEYS_AT_ONCE) {
            let transaction = self.connection.unchecked_transaction_immediate()?;
            for key in part {
                drop_old_of(&transaction, epoch, *key, floor)?;
            }
            transaction.commit()?;
        }
        let transaction = self.connection.unchecked_transaction_immediate()?;
        drop_unused_keys(&transaction)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Bytes in use, not counting what was freed.
    fn used_bytes(&self) -> Result<u64, Trouble> {
        let number = |pragma: &str| -> Result<i64, Trouble> {
            Ok(self.connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))?)
        };
        let used = (number("page_count")? - number("freelist_count")?) * number("page_size")?;
        Ok(u64::try_from(used).unwrap_or(0))
    }

    /// Gives freed pages back to the disk.
    fn vacuum(&mut self) -> Result<(), Trouble> {
        let mut statement = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        // The log as well; while somebody reads it, it stays for the next time.
        let mut statement = self.connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)")?;
        statement.query([])?.next()?;
        Ok(())
    }
}

fn floor_of(connection: &Connection, epoch: i64) -> Result<i64, Trouble> {
    let mut statement = connection.prepare_cached("SELECT floor FROM epoch WHERE id = ?1")?;
    Ok(statement.query_row([epoch], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Of one key: everything older than its newest record at or below the floor, and that one too if the
/// key was gone.
fn drop_old_of(connection: &Connection, epoch: i64, key: i64, floor: i64) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "DELETE FROM record WHERE epoch = ?1 AND key = ?2 AND revision < (SELECT max(revision) FROM record \
             WHERE epoch = ?1 AND key = ?2 AND revision <= ?3)",
        )?
        .execute(params![epoch, key, floor])?;
    connection
        .prepare_cached(&format!(
            "DELETE FROM record WHERE epoch = ?1 AND key = ?2 AND revision <= ?3 AND kind <> {PUT}"
        ))?
        .execute(params![epoch, key, floor])?;
    Ok(())
}

/// Numbers of keys of which nothing is recorded any more.
fn drop_unused_keys(connection: &Connection) -> Result<(), Trouble> {
    let dropped = connection.execute(
        "DELETE FROM key WHERE NOT EXISTS (SELECT 1 FROM epoch JOIN record ON record.epoch = epoch.id \
         AND record.key = key.id)",
        [],
    )?;
    if dropped > 0 {
        connection
            .execute("UPDATE dropped_keys SET count = count + ?1", [i64::try_from(dropped).unwrap_or(1)])?;
    }
    Ok(())
}

/// Spans below the floor go; those across it begin there, with a picture if there was one to be had.
fn cut_spans(connection: &Connection, epoch: i64, floor: i64) -> Result<(), Trouble> {
    let spans = numbered(connection, epoch)?;
    let before: Vec<Watched> = spans.iter().map(|(_, watched)| watched.clone()).collect();
    let across = spans.iter().filter(|(_, it)| it.span.after < floor && it.span.to >= floor);
    for (id, watched) in across {
        let time = match watched.span.to == floor {
            true => watched.span.to_time,
            false => time_of(connection, epoch, floor, watched)?,
        };
        connection
            .prepare_cached("UPDATE span SET after = ?2, from_time = ?3, has_base = ?4 WHERE id = ?1")?
            .execute(params![id, floor, time, is_based(&before, watched, floor)])?;
    }
    connection.execute("DELETE FROM span WHERE epoch = ?1 AND upto < ?2", params![epoch, floor])?;
    Ok(())
}

/// When a revision in the midst of a span was seen: not before what was seen last up to it.
fn time_of(connection: &Connection, epoch: i64, revision: i64, watched: &Watched) -> Result<SeenAt, Trouble> {
    let seen: Option<SeenAt> = connection
        .prepare_cached(
            "SELECT seen_at FROM record WHERE epoch = ?1 AND revision <= ?2 AND seen_at IS NOT NULL \
             ORDER BY revision DESC LIMIT 1",
        )?
        .query_row(params![epoch, revision], |row| row.get(0))
        .optional()?;
    let (from, to) = (watched.span.from_time, watched.span.to_time);
    Ok(seen.unwrap_or(from).clamp(from, to.max(from)))
}

/// Whether the picture at the floor is known of all keys of this span.
fn is_based(all: &[Watched], of: &Watched, floor: i64) -> bool {
    let wider = all.iter().filter(|it| of.intervals.iter().all(|interval| it.holds(interval)));
    let spans: Vec<_> = wider.map(|it| it.span).collect();
    // Only what lies at or below the floor makes it so: a later picture stays where it is.
    let below = spans.iter().filter(|span| span.after <= floor);
    crate::model::moment::segments(below).iter().any(|segment| segment.covers(floor) && segment.based)
}

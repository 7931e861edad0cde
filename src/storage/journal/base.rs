//! The begin of a span: which epoch the listing belongs to, what is found gone, and the picture itself.

use std::ops::ControlFlow;

use rusqlite::{Connection, params};

use super::Base;
use super::check::{Continued, continues};
use super::intervals;
use super::keys::Keys;
use super::pack::Packer;
use super::rows::{self, FOUND_GONE, NewRecord, PUT};
use super::trouble::Trouble;
use super::write::{Immediate as _, OpenSpan, Writer};
use crate::model::bytes::Key;
use crate::model::journal::Source;
use crate::model::keyspace::KeyView;
use crate::model::record::KeyMeta;

/// So many epochs are compared with a listing; older ones are not taken up again.
const EPOCHS: usize = 8;

impl Writer {
    /// Begins a span with a whole picture: finds the epoch that it continues, or begins one; records
    /// which keys are gone that were there when last heard of, and the picture unless it is too large.
    ///
    /// # Errors
    /// Nothing was recorded then.
    pub fn begin_span(&mut self, base: &Base) -> Result<(), Trouble> {
        self.span = None;
        let begun = self.begin_span_in_one(base);
        if begun.is_err() {
            self.keys.forget();
            self.epoch = None;
        }
        begun?;
        self.count()
    }

    fn begin_span_in_one(&mut self, base: &Base) -> Result<(), Trouble> {
        let transaction = self.connection.unchecked_transaction_immediate()?;
        self.keys.refresh(&transaction)?;
        let candidates = candidates(&transaction, self.epoch, &self.reach, base)?;
        let mut found = None;
        for epoch in candidates {
            if let Some(continued) = continues(&transaction, epoch, base)? {
                found = Some((epoch, continued));
                break;
            }
        }
        let (epoch, continued) = match found {
            Some(found) => found,
            None => {
                transaction.execute("INSERT INTO epoch (begun_at) VALUES (?1)", [base.seen_at])?;
                (transaction.last_insert_rowid(), Continued::default())
            }
        };
        for key in &continued.gone {
            let gone = NewRecord {
                epoch,
                key: *key,
                revision: base.applied,
                kind: FOUND_GONE,
                meta: KeyMeta::default(),
                value: None,
                prev: None,
                seen_at: Some(base.seen_at),
                source: Source::Listing,
            };
            rows::write(&transaction, &mut self.packer, &gone)?;
        }
        let has_base = is_small(base);
        if has_base {
            record_picture(&transaction, &mut self.keys, &mut self.packer, epoch, base, &continued)?;
        }
        transaction.execute(
            "INSERT INTO span (epoch, after, upto, from_time, to_time, has_base, intervals) \
             VALUES (?1, ?2, ?2, ?3, ?3, ?4, ?5)",
            params![epoch, base.applied, base.seen_at, has_base, intervals::written(&base.intervals)],
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        self.epoch = Some(epoch);
        self.reach.insert(epoch, base.applied.max(self.reach.get(&epoch).copied().unwrap_or(0)));
        self.span = Some(OpenSpan { id, applied: base.applied, intervals: base.intervals.clone() });
        Ok(())
    }
}

/// Records every key that is not recorded as it is.
fn record_picture(
    transaction: &Connection,
    keys: &mut Keys,
    packer: &mut Packer,
    epoch: i64,
    base: &Base,
    continued: &Continued,
) -> Result<(), Trouble> {
    let mut record = |key: &[u8], view: KeyView<'_>| -> Result<(), Trouble> {
        if !base.intervals.iter().any(|interval| interval.contains(key)) {
            return Ok(());
        }
        let revision = view.meta.mod_revision;
        let known = continued.known.get(key).filter(|known| known.revision == revision);
        if known.is_some_and(|known| known.has_value || view.value.is_none()) {
            return Ok(());
        }
        let key: Key = key.into();
        let new = NewRecord {
            epoch,
            key: keys.number(transaction, &key)?.id,
            revision,
            kind: PUT,
            meta: view.meta,
            value: view.value.map(|value| &**value),
            prev: (view.meta.version == 1).then_some(0),
            seen_at: None,
            source: Source::Listing,
        };
        rows::write(transaction, packer, &new)?;
        keys.saw(&key, revision);
        Ok(())
    };
    let mut trouble = None;
    let _completed = base.keyspace.for_each(&mut |key, view| match record(key, view) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            trouble = Some(error);
            ControlFlow::Break(())
        }
    });
    trouble.map_or(Ok(()), Err)
}

/// Whether the picture is to be recorded.
fn is_small(base: &Base) -> bool {
    if base.keyspace.len() > base.most_keys {
        return false;
    }
    let mut bytes = 0;
    let walked = base.keyspace.for_each(&mut |key, view: KeyView<'_>| {
        bytes += (key.len() + view.value.map_or(0, |value| value.len())) as u64;
        if bytes > base.most_bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    walked.is_continue()
}

/// The epochs that a listing may continue, the likeliest first. What was recorded before the listing
/// was begun can not be newer than it.
fn candidates(
    connection: &Connection,
    ours: Option<i64>,
    reach: &std::collections::HashMap<i64, i64>,
    base: &Base,
) -> Result<Vec<i64>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT id, coalesce((SELECT max(upto) FROM span WHERE span.epoch = epoch.id), 0) AS reached \
         FROM epoch ORDER BY reached DESC, id DESC",
    )?;
    let epochs = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let mut candidates = Vec::new();
    for epoch in epochs {
        let (epoch, reached_now) = epoch?;
        // One that was begun since the last look is another process's, of a cluster that lives.
        let reached = reach.get(&epoch).copied().unwrap_or(0).min(reached_now);
        let excluded = base.replaced && ours == Some(epoch);
        if !excluded && reached <= base.applied {
            candidates.push(epoch);
        }
    }
    // The one recorded until now is asked first.
    candidates.sort_by_key(|epoch| ours != Some(*epoch));
    candidates.truncate(EPOCHS);
    Ok(candidates)
}

//! Recording: whole revisions in, one transaction at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::super::database::{self, Identity};
use super::file::{self, LAYOUT};
use super::intervals;
use super::keys::Keys;
use super::pack::Packer;
use super::rows::{self, DELETED, FOUND_GONE, NewRecord, PUT, Written};
use super::trouble::Trouble;
use crate::model::journal::Source;
use crate::model::record::{ChangeKind, KeyChange, KeyMeta, Revision};
use crate::model::status::{KeyInterval, SeenAt};

/// Changes of which every one up to `applied` is told.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Whole revisions in order; those after the last call's `applied`.
    pub revisions: Arc<Vec<Revision>>,
    /// Nothing else happened up to this revision.
    pub applied: i64,
    /// When they were seen.
    pub seen_at: SeenAt,
}

/// How the file stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Everything up to this revision was committed by this writer; 0: nothing yet.
    pub recorded_to: i64,
    /// The oldest revision from which on something is known without gaps at its begin, and when.
    pub since: Option<(i64, SeenAt)>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Records of the epoch.
    pub records: u64,
}

/// A span under way.
#[derive(Clone, Debug)]
pub(super) struct OpenSpan {
    pub id: i64,
    pub applied: i64,
    pub intervals: Vec<KeyInterval>,
}

/// Writes one journal.
pub struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    identity: Option<Identity>,
    pub(super) keys: Keys,
    pub(super) packer: Packer,
    pub(super) epoch: Option<i64>,
    pub(super) span: Option<OpenSpan>,
    /// How far each epoch reached when that was last looked at.
    pub(super) reach: HashMap<i64, i64>,
    pub(super) records: u64,
    pub(super) since: Option<(i64, SeenAt)>,
}

impl Writer {
    /// Opens the journal at this path, or begins it.
    ///
    /// # Errors
    /// Why it can not be used; [`Trouble::Damaged`] where it is to be set aside.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        file::prepare_folder(database::folder_of(path))?;
        let database::Opened { connection, identity } = LAYOUT.open(path)?;
        let mut writer = Self {
            connection,
            path: path.to_owned(),
            identity,
            keys: Keys::default(),
            packer: Packer::new(),
            epoch: None,
            span: None,
            reach: HashMap::new(),
            records: 0,
            since: None,
        };
        writer.look_around()?;
        Ok(writer)
    }

    /// Which file this writes.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The epoch that is recorded; `None`: no span has been begun.
    #[must_use]
    pub fn epoch(&self) -> Option<i64> {
        self.epoch
    }

    /// Remembers how far each epoch reaches. To be called before a listing begins that a span is to
    /// begin with: a listing of the same history can not be older than what was recorded by then.
    ///
    /// # Errors
    /// Where the file can not be read.
    pub fn look_around(&mut self) -> Result<(), Trouble> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, coalesce((SELECT max(upto) FROM span WHERE span.epoch = epoch.id), 0) FROM epoch",
        )?;
        let reach = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.reach = reach.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Records changes, all in one transaction: when this returns they survive the end of the process
    /// and of the machine.
    ///
    /// # Errors
    /// Nothing was recorded then. [`Trouble::Diverged`] where the cluster has another history.
    pub fn append(&mut self, batch: &[Changes]) -> Result<(), Trouble> {
        let (Some(epoch), Some(span), Some(last)) = (self.epoch, self.span.clone(), batch.last()) else {
            return Ok(());
        };
        let transaction = self.connection.unchecked_transaction_immediate()?;
        let added = Append {
            transaction: &transaction,
            keys: &mut self.keys,
            packer: &mut self.packer,
            epoch,
            span: &span,
            bases: Vec::new(),
            added: 0,
        }
        .run(batch);
        let committed = added.and_then(|added| {
            let moved = transaction
                .prepare_cached(
                    "UPDATE span SET upto = max(upto, ?2), to_time = max(to_time, ?3) WHERE id = ?1",
                )?
                .execute(params![span.id, last.applied, last.seen_at])?;
            if moved == 0 {
                let detail = "what was watched has been dropped by another window as too old";
                return Err(Trouble::Diverged(detail.to_owned()));
            }
            transaction.commit()?;
            Ok(added)
        });
        match committed {
            Ok(added) => {
                self.records += added;
                if let Some(span) = &mut self.span {
                    span.applied = span.applied.max(last.applied);
                    self.reach.insert(epoch, span.applied);
                }
                Ok(())
            }
            Err(trouble) => {
                self.keys.forget();
                Err(trouble)
            }
        }
    }

    /// Ends the span: what comes next is not known to follow it.
    pub fn end_span(&mut self) {
        self.span = None;
    }

    /// How the file stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            recorded_to: self.span.as_ref().map_or(0, |span| span.applied),
            since: self.since,
            bytes: database::bytes_on_disk(&self.path),
            records: self.records,
        }
    }

    /// Counts anew what is known of the epoch.
    pub(super) fn count(&mut self) -> Result<(), Trouble> {
        let Some(epoch) = self.epoch else { return Ok(()) };
        let records: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM record WHERE epoch = ?1")?
            .query_row([epoch], |row| row.get(0))?;
        self.records = u64::try_from(records).unwrap_or(0);
        self.since = self
            .connection
            .prepare_cached(
                "SELECT after, from_time FROM span WHERE epoch = ?1 ORDER BY after, from_time LIMIT 1",
            )?
            .query_row([epoch], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(())
    }
}

/// Begins a transaction that may write, at once.
pub(super) trait Immediate {
    fn unchecked_transaction_immediate(&self) -> Result<Transaction<'_>, Trouble>;
}

impl Immediate for Connection {
    fn unchecked_transaction_immediate(&self) -> Result<Transaction<'_>, Trouble> {
        Ok(Transaction::new_unchecked(self, TransactionBehavior::Immediate)?)
    }
}

/// One transaction's work.
struct Append<'w> {
    transaction: &'w Transaction<'w>,
    keys: &'w mut Keys,
    packer: &'w mut Packer,
    epoch: i64,
    span: &'w OpenSpan,
    /// Whole pictures that were recorded by others at revisions that are only now recorded here.
    bases: Vec<(i64, Vec<KeyInterval>)>,
    added: u64,
}

impl Append<'_> {
    fn run(mut self, batch: &[Changes]) -> Result<u64, Trouble> {
        self.keys.refresh(self.transaction)?;
        // What was dropped must not come back.
        let floor: i64 = self
            .transaction
            .prepare_cached("SELECT floor FROM epoch WHERE id = ?1")?
            .query_row([self.epoch], |row| row.get(0))?;
        let first = batch.iter().flat_map(|changes| changes.revisions.iter()).map(|it| it.revision).next();
        let Some(first) = first else { return Ok(0) };
        self.bases = bases_from(self.transaction, self.epoch, first)?;
        let mut late: Vec<(i64, i64, i64)> = Vec::new();
        for changes in batch {
            for revision in changes.revisions.iter().filter(|revision| revision.revision > floor) {
                for change in &revision.changes {
                    self.change(revision.revision, change, changes.seen_at, &mut late)?;
                }
            }
        }
        for (key, revision, base) in late {
            self.settle(key, revision, base)?;
        }
        Ok(self.added)
    }

    fn change(
        &mut self,
        revision: i64,
        change: &KeyChange,
        seen_at: SeenAt,
        late: &mut Vec<(i64, i64, i64)>,
    ) -> Result<(), Trouble> {
        if !self.span.intervals.iter().any(|interval| interval.contains(&change.key)) {
            return Ok(());
        }
        let known = self.keys.number(self.transaction, &change.key)?;
        let prev = change.prev.as_ref().filter(|prev| prev.meta.mod_revision > 0);
        if let Some(prev) = prev
            && known.last != prev.meta.mod_revision
            && !rows::exists(self.transaction, self.epoch, known.id, prev.meta.mod_revision)?
        {
            self.write(&NewRecord {
                epoch: self.epoch,
                key: known.id,
                revision: prev.meta.mod_revision,
                kind: PUT,
                meta: prev.meta,
                value: prev.value.as_deref(),
                prev: (prev.meta.version == 1).then_some(0),
                seen_at: None,
                source: Source::Before,
            })?;
        }
        let (kind, meta, value) = match &change.kind {
            ChangeKind::Put { meta, value } => (PUT, *meta, Some(&**value)),
            ChangeKind::Delete => (DELETED, KeyMeta::default(), None),
        };
        let created = change.creates().then_some(0);
        let written = self.write(&NewRecord {
            epoch: self.epoch,
            key: known.id,
            revision,
            kind,
            meta,
            value,
            prev: created.or(prev.map(|prev| prev.meta.mod_revision)),
            seen_at: Some(seen_at),
            source: Source::Watch,
        })?;
        if kind == PUT
            && written == Written::New
            && let Some((base, _)) = self.bases.iter().find(|(base, intervals)| {
                *base >= revision && intervals.iter().any(|interval| interval.contains(&change.key))
            })
        {
            late.push((known.id, revision, *base));
        }
        self.keys.saw(&change.key, revision);
        Ok(())
    }

    /// A put was recorded later than a whole picture that is newer. If it were in that picture it had
    /// been recorded with it: unless something else of the key lies between, it was gone by then.
    fn settle(&mut self, key: i64, revision: i64, base: i64) -> Result<(), Trouble> {
        let between: Option<i64> = self
            .transaction
            .prepare_cached(
                "SELECT revision FROM record WHERE epoch = ?1 AND key = ?2 AND revision > ?3 AND revision <= ?4 \
                 LIMIT 1",
            )?
            .query_row(params![self.epoch, key, revision, base], |row| row.get(0))
            .optional()?;
        if between.is_none() {
            self.write(&NewRecord {
                epoch: self.epoch,
                key,
                revision: base,
                kind: FOUND_GONE,
                meta: KeyMeta::default(),
                value: None,
                prev: None,
                seen_at: None,
                source: Source::Listing,
            })?;
        }
        Ok(())
    }

    fn write(&mut self, record: &NewRecord<'_>) -> Result<Written, Trouble> {
        let written = rows::write(self.transaction, self.packer, record)?;
        self.added += u64::from(written == Written::New);
        Ok(written)
    }
}

/// Whole pictures recorded at this revision or later, in order.
fn bases_from(
    connection: &Connection,
    epoch: i64,
    from: i64,
) -> Result<Vec<(i64, Vec<KeyInterval>)>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT after, intervals FROM span WHERE epoch = ?1 AND after >= ?2 AND has_base = 1 ORDER BY after",
    )?;
    let mut found = statement.query(params![epoch, from])?;
    let mut bases = Vec::new();
    while let Some(row) = found.next()? {
        let written: Vec<u8> = row.get(1)?;
        bases.push((row.get(0)?, intervals::read(&written)?));
    }
    Ok(bases)
}

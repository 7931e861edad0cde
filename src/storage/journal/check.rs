//! Whether a listing continues the history that an epoch recorded, and what is known of its keys.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rusqlite::{Connection, params};

use super::Base;
use super::pack::Unpacker;
use super::read::watched;
use super::rows::{COLUMNS, PUT, Read};
use super::trouble::Trouble;
use crate::model::bytes::Key;
use crate::model::keyspace::KeyView;
use crate::model::moment::Watched;

/// The newest record of a key that lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    pub revision: i64,
    pub has_value: bool,
}

/// What an epoch has of the keys of a listing that continues it.
#[derive(Debug, Default)]
pub(super) struct Continued {
    /// Of the keys that live.
    pub known: HashMap<Key, Newest>,
    /// Numbers of the keys that were there when last heard of, and are gone.
    pub gone: Vec<i64>,
}

/// Compares a listing with an epoch. `None`: it is of another history.
pub(super) fn continues(
    connection: &Connection,
    epoch: i64,
    base: &Base,
) -> Result<Option<Continued>, Trouble> {
    let spans = watched(connection, epoch)?;
    let mut unpacker = Unpacker::new()?;
    let mut continued = Continued::default();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM key k JOIN record r ON r.id = (SELECT id FROM record WHERE epoch = ?1 \
         AND key = k.id AND revision <= ?2 ORDER BY revision DESC LIMIT 1)"
    ))?;
    let mut rows = statement.query(params![epoch, base.applied])?;
    while let Some(row) = rows.next()? {
        let record = Read::of(row)?;
        if !base.intervals.iter().any(|interval| interval.contains(record.key)) {
            continue;
        }
        let lives = base.keyspace.get(record.key);
        if !fits(&record, lives, &spans, base.applied, &mut unpacker)? {
            return Ok(None);
        }
        if lives.is_some() {
            // A deletion before the key was created again says nothing of the key that lives.
            let revision = if record.kind == PUT { record.revision } else { 0 };
            continued.known.insert(record.key(), Newest { revision, has_value: record.has_value() });
        } else if record.kind == PUT {
            continued.gone.push(record.key_id);
        }
    }
    // Nothing may live that was written while every change was recorded, and was not.
    let mut unheard = false;
    let _completed = base.keyspace.for_each(&mut |key, view| {
        let unrecorded =
            continued.known.get(key).is_none_or(|newest| newest.revision < view.meta.mod_revision);
        unheard = unrecorded
            && base.intervals.iter().any(|interval| interval.contains(key))
            && was_watched(&spans, key, view.meta.mod_revision);
        if unheard { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    Ok((!unheard).then_some(continued))
}

/// Whether what lives can follow from the newest record of the key.
fn fits(
    record: &Read<'_>,
    lives: Option<KeyView<'_>>,
    spans: &[Watched],
    applied: i64,
    unpacker: &mut Unpacker,
) -> Result<bool, Trouble> {
    let Some(view) = lives else {
        // Its end would have been recorded if every change since had been.
        let watched_since = |it: &Watched| {
            it.span.after <= record.revision && it.span.to >= applied && it.holds_key(record.key)
        };
        return Ok(record.kind != PUT || !spans.iter().any(watched_since));
    };
    let meta = view.meta;
    if record.kind != PUT {
        return Ok(meta.create_revision > record.revision);
    }
    if meta.mod_revision == record.revision {
        if meta.create_revision != record.meta.create_revision || meta.version != record.meta.version {
            return Ok(false);
        }
        return Ok(match (view.value, record.value(unpacker)?) {
            (Some(lives), Some(recorded)) => *lives == recorded,
            _ => true,
        });
    }
    let same_generation = meta.create_revision == record.meta.create_revision;
    Ok(meta.mod_revision > record.revision
        && if same_generation {
            meta.version > record.meta.version
        } else {
            meta.create_revision > record.revision
        })
}

/// Whether every change of this key at this revision was recorded.
fn was_watched(spans: &[Watched], key: &[u8], revision: i64) -> bool {
    spans.iter().any(|it| it.span.after < revision && revision <= it.span.to && it.holds_key(key))
}

//! Values taken from one environment to another layer, and overrides given up: what has to be written
//! for it.

use std::collections::BTreeMap;

use super::board::{Board, Cell, Item};
use super::doc::{Doc, DocPath, path_text};
use super::effective::Effective;
use super::find::LayerStyle;
use super::open::{Change, change, parse};
use crate::model::bytes::{Key, Value};
use crate::model::format::ValueFormat;
use crate::model::key_text::display_key;

/// What is meant: a whole value, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pick {
    /// The item's name.
    pub name: Key,
    /// The path; `None`: the whole value.
    pub path: Option<DocPath>,
}

/// Why something is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not there (any more).
    NotThere,
    /// There is no override of it that could be given up.
    NoOverride,
    /// A value that is needed is not loaded.
    NotLoaded,
    /// The value there can not be opened, for this reason.
    NotOpened(String),
    /// It can not be said there, for this reason.
    NotSaid(String),
}

/// What has to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Promotion {
    /// Keys and what they become; `None`: deleted.
    pub values: Vec<(Key, Option<Value>)>,
    /// The mod revision of each of these keys that this was worked out from; 0: it did not exist.
    pub based_on: Vec<(Key, i64)>,
    /// What is there already.
    pub unchanged: usize,
    /// What is left out, by its name as shown.
    pub refused: Vec<(String, Refusal)>,
    /// Keys whose text is written anew: their comments are lost.
    pub rewritten: Vec<Key>,
}

/// What a key becomes, while it is worked out.
#[derive(Clone)]
enum Draft {
    Bytes(Value),
    Text { format: ValueFormat, text: String, rewritten: bool },
    Gone,
}

impl Board {
    /// Takes these values of an environment to a layer, as overrides there (a shared layer: as a change
    /// for all).
    #[must_use]
    pub fn promote(&self, from: usize, to: usize, picks: &[Pick]) -> Promotion {
        let source = self.set.stack(from);
        let target = self.set.stack(to);
        self.work(to, picks, |work, item, pick| {
            let given =
                item.and_then(|item| item.effective(&source, self.set.deep)).ok_or(Refusal::NotThere)?;
            let paths = match &pick.path {
                Some(path) => vec![path.clone()],
                None => match differing(item, &given, &target, self.set.deep)? {
                    Some(paths) => paths,
                    None => return work.replace(item, &pick.name, &given),
                },
            };
            for path in paths {
                let value = given.doc.as_deref().and_then(|doc| doc.get(&path)).ok_or(Refusal::NotThere)?;
                let format = format_of(given.cell);
                work.change(item, &pick.name, format, &Change::Set(path, value.clone()))?;
            }
            Ok(())
        })
    }

    /// Gives these overrides of an environment up, so that it falls back to what it lies over.
    #[must_use]
    pub fn fall_back(&self, environment: usize, picks: &[Pick]) -> Promotion {
        let stack = self.set.stack(environment);
        let below = &stack[..stack.len().saturating_sub(1)];
        self.work(environment, picks, |work, item, pick| {
            let there = |item: &&Item| item.cells.get(environment).is_some_and(Option::is_some);
            let item = item.filter(there).ok_or(Refusal::NoOverride)?;
            if item.said(environment, pick.path.as_deref()).is_none() {
                return Err(Refusal::NoOverride);
            }
            let Some(path) = &pick.path else {
                work.drafts.insert(pick.name.clone(), Draft::Gone);
                return Ok(());
            };
            let fallback = item.effective(below, self.set.deep);
            let beneath = fallback.as_ref().and_then(|fallback| fallback.doc.as_deref());
            // Where a key replaces the one below it, what is below is written into it.
            let value = beneath.filter(|_| !self.set.deep).and_then(|doc| doc.get(path)).cloned();
            let step = match value {
                Some(value) => Change::Set(path.clone(), value),
                None => Change::Remove(path.clone()),
            };
            work.change(Some(item), &pick.name, ValueFormat::Plain, &step)?;
            // An override without anything of its own is none.
            let Some(Draft::Text { format, text, .. }) = work.drafts.get(&pick.name) else { return Ok(()) };
            let left = parse(*format, text).ok();
            let nothing = left.as_ref().is_some_and(|left| match self.set.deep {
                true => left.is_empty_map(),
                false => beneath.is_some_and(|beneath| beneath == left),
            });
            if nothing {
                work.drafts.insert(pick.name.clone(), Draft::Gone);
            }
            Ok(())
        })
    }

    fn work<'b>(
        &'b self,
        to: usize,
        picks: &[Pick],
        mut step: impl FnMut(&mut Work<'b>, Option<&'b Item>, &Pick) -> Result<(), Refusal>,
    ) -> Promotion {
        let mut work = Work { board: self, to, drafts: BTreeMap::new() };
        let mut refused = Vec::new();
        for pick in picks {
            let item = self.item_at(&pick.name).and_then(|at| self.items.get(at));
            let before = work.drafts.get(&pick.name).cloned();
            if let Err(why) = step(&mut work, item, pick) {
                // Nothing of what is refused stays half done.
                match before {
                    Some(before) => drop(work.drafts.insert(pick.name.clone(), before)),
                    None => drop(work.drafts.remove(&pick.name)),
                }
                refused.push((pick_text(pick), why));
            }
        }
        work.finish(refused)
    }

    /// The key of an item in a layer, whether it is there or not.
    #[must_use]
    pub fn key_in(&self, name: &[u8], layer: usize) -> Key {
        let there = self.item_at(name).and_then(|at| self.items[at].cells.get(layer)?.as_ref());
        if let Some(cell) = there {
            return cell.key.clone();
        }
        let mark = self.set.layers.get(layer).map_or(&[][..], |layer| &layer.mark);
        match self.set.style {
            LayerStyle::Folders => [mark, name].concat().into(),
            LayerStyle::Files => {
                let dot = name.iter().rposition(|byte| *byte == b'.').unwrap_or(name.len());
                [&self.set.base, &name[..dot], mark, &name[dot..]].concat().into()
            }
        }
    }
}

fn pick_text(pick: &Pick) -> String {
    let name = display_key(&pick.name);
    match &pick.path {
        Some(path) => format!("{name} {}", path_text(path, false)),
        None => name.into_owned(),
    }
}

fn format_of(cell: &Cell) -> ValueFormat {
    cell.opened.as_ref().map_or(ValueFormat::Plain, |opened| opened.format)
}

/// Of merged values: the paths at which the target has something else. `None`: the value is taken
/// over as it is.
fn differing(
    item: Option<&Item>,
    given: &Effective<'_>,
    target: &[usize],
    deep: bool,
) -> Result<Option<Vec<DocPath>>, Refusal> {
    let Some(doc) = given.doc.as_deref().filter(|doc| deep && doc.is_map()) else { return Ok(None) };
    let theirs = item.and_then(|item| item.effective(target, deep));
    let theirs = match &theirs {
        Some(theirs) => match theirs.doc.as_deref().filter(|doc| doc.is_map()) {
            Some(doc) => Some(doc),
            None => return Ok(None),
        },
        None => None,
    };
    if doc.is_empty_map() && theirs.is_some_and(|theirs| theirs != doc) {
        return Err(Refusal::NotSaid("an empty document changes nothing that it is merged with".to_owned()));
    }
    let mut paths = Vec::new();
    doc.leaves(&mut |path, leaf| {
        if !path.is_empty() && theirs.and_then(|theirs| theirs.get(path)) != Some(leaf) {
            paths.push(path.to_vec());
        }
    });
    Ok(Some(paths))
}

struct Work<'b> {
    board: &'b Board,
    to: usize,
    drafts: BTreeMap<Key, Draft>,
}

impl<'b> Work<'b> {
    fn own(&self, item: Option<&'b Item>) -> Option<&'b Cell> {
        item?.cells.get(self.to)?.as_ref()
    }

    /// The whole value becomes what the other environment has.
    fn replace(&mut self, item: Option<&'b Item>, name: &Key, given: &Effective<'_>) -> Result<(), Refusal> {
        if given.merged {
            let theirs = self.own(item).map_or(ValueFormat::Plain, format_of);
            return Err(Refusal::NotOpened(format!("{} there", theirs.name())));
        }
        let value = given.cell.value.clone().ok_or(Refusal::NotLoaded)?;
        self.drafts.insert(name.clone(), Draft::Bytes(value));
        Ok(())
    }

    /// One value in the document changes. `new`: the syntax of a document that has to be begun.
    fn change(
        &mut self,
        item: Option<&'b Item>,
        name: &Key,
        new: ValueFormat,
        step: &Change,
    ) -> Result<(), Refusal> {
        let (format, text, rewritten) = match self.drafts.get(name) {
            Some(Draft::Text { format, text, rewritten }) => (*format, text.clone(), *rewritten),
            Some(Draft::Bytes(_) | Draft::Gone) => return Ok(()),
            None => self.begin(item, new)?,
        };
        let changed = change(format, &text, step).map_err(Refusal::NotSaid)?;
        let rewritten = rewritten || changed.rewritten;
        if let (Change::Set(path, value), Some(item), true) = (step, item, self.board.set.deep) {
            self.check(item, format, &changed.text, path, value)?;
        }
        self.drafts.insert(name.clone(), Draft::Text { format, text: changed.text, rewritten });
        Ok(())
    }

    /// Whether the value is what it should be once the layers are merged.
    fn check(
        &self,
        item: &Item,
        format: ValueFormat,
        text: &str,
        path: &[String],
        value: &Doc,
    ) -> Result<(), Refusal> {
        let own = parse(format, text).map_err(Refusal::NotSaid)?;
        let stack = self.board.set.stack(self.to);
        let below = &stack[..stack.len().saturating_sub(1)];
        let beneath = item.effective(below, true);
        let doc = match beneath.as_ref().map(|beneath| beneath.doc.as_deref()) {
            Some(Some(doc)) => doc.merged(&own),
            _ => own,
        };
        let reads = doc.get(path).is_some_and(|found| found == value || format == ValueFormat::Properties);
        if reads { Ok(()) } else { Err(Refusal::NotSaid("merging the layers would undo it".to_owned())) }
    }

    /// The text that a change begins with: the target's own; where keys replace each other, what it
    /// falls back to; else a new document.
    fn begin(
        &self,
        item: Option<&'b Item>,
        new: ValueFormat,
    ) -> Result<(ValueFormat, String, bool), Refusal> {
        let stack = self.board.set.stack(self.to);
        let inherited = || item?.effective(&stack, false).map(|effective| effective.cell);
        let cell = match self.own(item) {
            Some(own) => Some(own),
            None if !self.board.set.deep => inherited(),
            None => None,
        };
        let Some(cell) = cell else {
            let text = if new == ValueFormat::Json { "{}\n".to_owned() } else { String::new() };
            return Ok((new, text, false));
        };
        let value = cell.value.as_ref().ok_or(Refusal::NotLoaded)?;
        let opened = cell.opened.as_ref().ok_or(Refusal::NotLoaded)?;
        if opened.doc.is_none() {
            let why = opened.problem.clone().unwrap_or_else(|| "it has no structure".to_owned());
            return Err(Refusal::NotOpened(why));
        }
        let text = std::str::from_utf8(value).map_err(|error| Refusal::NotOpened(error.to_string()))?;
        Ok((opened.format, text.to_owned(), false))
    }

    fn finish(self, refused: Vec<(String, Refusal)>) -> Promotion {
        let mut promotion = Promotion { refused, ..Promotion::default() };
        for (name, draft) in self.drafts {
            let key = self.board.key_in(&name, self.to);
            let item = self.board.item_at(&name).and_then(|at| self.board.items.get(at));
            let now = item.and_then(|item| item.cells.get(self.to)?.as_ref());
            let value = match draft {
                Draft::Gone => None,
                Draft::Bytes(value) => Some(value),
                Draft::Text { text, rewritten, .. } => {
                    if rewritten {
                        promotion.rewritten.push(key.clone());
                    }
                    Some(Value::from(text.as_bytes()))
                }
            };
            let same = match (&value, now) {
                (Some(value), Some(now)) => now.value.as_ref() == Some(value),
                (None, None) => true,
                _ => false,
            };
            if same {
                promotion.unchanged += 1;
            } else {
                promotion.based_on.push((key.clone(), now.map_or(0, |now| now.meta.mod_revision)));
                promotion.values.push((key, value));
            }
        }
        promotion
    }
}

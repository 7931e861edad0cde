//! What is looked at of one connection, and what is worked out for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use egui::Context;

use super::lane::Lane;
use super::settings::Form;
use crate::model::bytes::Key;
use crate::model::keyspace::{Folder, Keyspace};
use crate::model::layers::{
    Board, LayerSet, LayerSettings, LayerStyle, Mode, Pick, Promotion, Query, Table, find,
};
use crate::model::session::Session;
use crate::ui::beside::Beside;

/// Key spaces of so many keys are looked through within a frame.
const FEW_KEYS: u64 = 1_000;
/// So many keys are laid side by side within a frame; of those that were before, as many again.
const FEW_ITEMS: u64 = 64;
const FEW_KNOWN: u64 = 300;
/// Values of so many bytes are opened within a frame.
pub(super) const FEW_BYTES: usize = 32 << 10;
/// A key space is looked through again, beside the window, after so long at the earliest, and so many
/// times later than it took: it is a search for new places, what is in a place is followed at once.
const LOOK_AGAIN: (Duration, u32) = (Duration::from_millis(500), 20);

/// The key space that was looked through, and how.
#[derive(Clone)]
pub(super) struct Looked {
    keyspace: Keyspace,
    settings: LayerSettings,
}

impl PartialEq for Looked {
    fn eq(&self, other: &Self) -> bool {
        self.keyspace.is_same(&other.keyspace) && self.settings == other.settings
    }
}

/// What is laid side by side: a place, the folders that it is made of (others beside them may change as
/// they like), and values that were read.
#[derive(Clone)]
pub(super) struct Laid {
    set: Arc<LayerSet>,
    folders: Vec<Option<Arc<Folder>>>,
    read: u64,
}

impl PartialEq for Laid {
    fn eq(&self, other: &Self) -> bool {
        let same = |one: &Option<Arc<Folder>>, two: &Option<Arc<Folder>>| match (one, two) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (one, two) => one.is_none() && two.is_none(),
        };
        let same_folders = self.folders.len() == other.folders.len()
            && self.folders.iter().zip(&other.folders).all(|(one, two)| same(one, two));
        same_folders && self.read == other.read && self.set == other.set
    }
}

/// A question about a board.
#[derive(Clone)]
pub(super) struct Asked {
    board: Arc<Board>,
    query: Query,
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.board, &other.board) && self.query == other.query
    }
}

/// What a place is remembered by.
pub(super) type Place = (LayerStyle, Vec<u8>);

/// What is looked at of one connection.
pub(super) struct View {
    sets: Lane<Looked, Vec<Arc<LayerSet>>>,
    board: Lane<Laid, Board>,
    table: Lane<Asked, Table>,
    /// The place chosen; `None`: the first.
    pub(super) place: Option<Place>,
    /// The environment chosen, by name.
    pub(super) environment: Option<String>,
    /// The one it is compared with.
    pub(super) other: Option<String>,
    pub(super) compares: bool,
    pub(super) filter: String,
    pub(super) only_overridden: bool,
    pub(super) only_differing: bool,
    pub(super) by_path: bool,
    pub(super) group: Option<Key>,
    pub(super) cursor: Option<Pick>,
    pub(super) checked: BTreeSet<Pick>,
    pub(super) secrets_shown: bool,
    pub(super) form: Option<Form>,
    /// What was to be promoted with something left out: to be looked at first.
    pub(super) doubtful: Option<(String, Promotion)>,
    /// What is being worked out to be promoted.
    pub(super) promoting: Option<Beside<(String, Promotion)>>,
    /// The document that is being written for the clipboard.
    pub(super) copying: Option<Beside<Result<(String, usize), String>>>,
    /// What came of it, if not all is well.
    pub(super) copy_note: Option<CopyNote>,
    pub(super) focus_filter: bool,
}

/// What there is to say about what was copied.
pub(super) enum CopyNote {
    /// So many values are no text and were left out.
    LeftOut(usize),
    /// It could not be written, for this reason.
    Failed(String),
}

impl Default for View {
    fn default() -> Self {
        Self {
            sets: Lane::new("layers: places"),
            board: Lane::new("layers: keys"),
            table: Lane::new("layers: rows"),
            place: None,
            environment: None,
            other: None,
            compares: false,
            filter: String::new(),
            only_overridden: false,
            only_differing: true,
            by_path: true,
            group: None,
            cursor: None,
            checked: BTreeSet::new(),
            secrets_shown: false,
            form: None,
            doubtful: None,
            promoting: None,
            copying: None,
            copy_note: None,
            focus_filter: false,
        }
    }
}

impl View {
    /// Follows the mirror.
    pub(super) fn follow(&mut self, ctx: &Context, session: &Session) {
        let (keyspace, settings) = (session.keyspace.clone(), session.profile.layers.clone());
        let looked = Looked { keyspace: keyspace.clone(), settings: settings.clone() };
        // Again only where it was asked for otherwise: new places may wait a moment, frames may not.
        let new = self.sets.answered().is_none_or(|before| before.settings != settings);
        let small = new && keyspace.len() <= FEW_KEYS;
        self.sets.ask(ctx, &looked, small, Some(LOOK_AGAIN), move || {
            find(&keyspace, &settings).into_iter().map(Arc::new).collect()
        });
        let Some(set) = self.set() else { return };
        let keyspace = session.keyspace.clone();
        let folder = |path: &[u8]| match path {
            [] => Some(keyspace.root().clone()),
            path => keyspace.folder(path).cloned(),
        };
        let folders = match set.style {
            LayerStyle::Folders => set.layers.iter().map(|layer| folder(&layer.mark)).collect(),
            LayerStyle::Files => vec![folder(&set.base)],
        };
        let laid = Laid { set: set.clone(), folders, read: session.layers.serial };
        let read = session.layers.values.clone();
        let before = self.board.answer().cloned().filter(|before| before.set == *set);
        let keys = match set.style {
            LayerStyle::Folders => set.layers.iter().map(|layer| keyspace.count_prefix(&layer.mark)).sum(),
            LayerStyle::Files => set.files.values().flatten().flatten().count() as u64,
        };
        let small = match &before {
            Some(before) => keys <= FEW_KNOWN && before.bytes <= 8 * FEW_BYTES,
            None => keys <= FEW_ITEMS && bytes(&keyspace, &set, FEW_BYTES) < FEW_BYTES,
        };
        self.board
            .ask(ctx, &laid, small, None, move || Board::build(&keyspace, &set, &read, before.as_deref()));
    }

    /// Works out the lines.
    pub(super) fn work_out(&mut self, ctx: &Context) {
        let Some(board) = self.board().cloned() else { return };
        let Some(mode) = self.mode(&board) else { return };
        let query = Query {
            mode,
            by_path: self.by_path,
            filter: self.filter.trim().to_owned(),
            only_marked: if self.compares { self.only_differing } else { self.only_overridden },
            group: self.group.clone(),
        };
        let small = board.bytes <= FEW_BYTES && board.items.len() <= FEW_KNOWN as usize;
        let asked = Asked { board: board.clone(), query: query.clone() };
        self.table.ask(ctx, &asked, small, None, move || board.table(&query));
    }

    /// The places; `None`: not looked yet.
    pub(super) fn sets(&self) -> Option<&[Arc<LayerSet>]> {
        self.sets.answer().map(|sets| sets.as_slice())
    }

    /// The place that is looked at.
    pub(super) fn set(&self) -> Option<Arc<LayerSet>> {
        let sets = self.sets()?;
        let chosen = self
            .place
            .as_ref()
            .and_then(|(style, base)| sets.iter().find(|set| set.style == *style && set.base == *base));
        chosen.or_else(|| sets.first()).cloned()
    }

    /// The layers side by side, of the place that is looked at.
    pub(super) fn board(&self) -> Option<&Arc<Board>> {
        let set = self.set()?;
        self.board.answer().filter(|board| board.set.style == set.style && board.set.base == set.base)
    }

    /// The lines, with the board that they are of.
    pub(super) fn table(&self) -> Option<&Arc<Table>> {
        let asked = self.table.answered()?;
        let same_place = self.board().is_some_and(|board| board.set == asked.board.set);
        let mode = self.mode(&asked.board);
        self.table.answer().filter(|_| same_place && mode == Some(asked.query.mode))
    }

    /// The board that the lines are of.
    pub(super) fn table_board(&self) -> Option<&Arc<Board>> {
        self.table.answered().map(|asked| &asked.board)
    }

    /// Whether something is being worked out.
    pub(super) fn is_working(&self) -> bool {
        self.board.is_working() || self.table.is_working()
    }

    /// Whether something broke off.
    pub(super) fn has_failed(&self) -> bool {
        self.sets.has_failed() || self.board.has_failed() || self.table.has_failed()
    }

    /// The environments looked at: the one chosen and the one it is compared with, which is the next.
    pub(super) fn environments(&self, set: &LayerSet) -> Option<(usize, usize)> {
        let last = set.layers.len().checked_sub(1).filter(|last| *last >= set.shared)?;
        let find = |name: &Option<String>| name.as_ref().and_then(|name| set.environment(name));
        // The last one is what matters most: production.
        let one = find(&self.environment).unwrap_or(last);
        let before = if one > set.shared { one - 1 } else { (one + 1).min(last) };
        let other = find(&self.other).filter(|other| *other != one).unwrap_or(before);
        Some((one, other))
    }

    /// What is looked at. Of two the one nearer to production is on the right.
    pub(super) fn mode(&self, board: &Board) -> Option<Mode> {
        let (one, other) = self.environments(&board.set)?;
        if !self.compares || one == other {
            return Some(Mode::Effective(one));
        }
        Some(Mode::Compare(other, one))
    }

    /// Lines that are no longer there are no longer chosen.
    pub(super) fn forget_place(&mut self) {
        self.group = None;
        self.cursor = None;
        self.checked.clear();
        self.doubtful = None;
    }
}

/// The bytes of the values in a place, as far as they are fewer than `limit`.
fn bytes(keyspace: &Keyspace, set: &LayerSet, limit: usize) -> usize {
    use std::ops::ControlFlow;
    let mut bytes = 0;
    let mut add = |value: usize| {
        bytes += value;
        if bytes < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let size = |view: crate::model::keyspace::KeyView<'_>| view.value.map_or(0, |value| value.len());
    match set.style {
        LayerStyle::Folders => {
            for layer in &set.layers {
                if keyspace.for_each_prefix(&layer.mark, &mut |_, view| add(size(view))).is_break() {
                    break;
                }
            }
        }
        LayerStyle::Files => {
            for key in set.files.values().flatten().flatten() {
                if add(keyspace.get(key).map_or(0, size)).is_break() {
                    break;
                }
            }
        }
    }
    bytes
}

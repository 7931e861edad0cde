//! The history of a key: a timeline of its versions and deletions, with what is not known drawn as
//! gaps; each version compared with the one before it or with any other, and restored by review.

mod compare;
mod deep;
mod list;
mod rows;
mod words;

use egui::{Frame, Panel, Ui};
use rust_i18n::t;

use super::View;
use super::compare::{DiffCache, DiffLook};
use super::header::NARROW;
use super::state::DocumentState;
use crate::action::{Action, Actions};
use crate::model::history::{HistoryEntry, KeyHistory};
use crate::model::loadable::LoadState;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{empty_state, fault_view};

/// Width of the list to begin with.
const LIST: f32 = 336.0;

/// What a version is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Against {
    /// The version right before it.
    #[default]
    Previous,
    /// What the key is now.
    Live,
    /// Another version, by its revision.
    Version(i64),
}

/// What the page keeps between frames.
#[derive(Default)]
pub struct HistoryState {
    /// Revision of the entry that is looked at; `None`: the newest.
    selected: Option<i64>,
    against: Against,
    /// The keys that changed together are shown one by one.
    expanded: bool,
    /// The version whose restoring would replace a draft, until that is decided.
    replacing: Option<i64>,
    diff: DiffCache,
}

impl HistoryState {
    /// The entry that is looked at.
    fn selected<'h>(&self, history: &'h KeyHistory) -> Option<&'h HistoryEntry> {
        let chosen = self.selected.and_then(|revision| history.entry(revision));
        chosen.or_else(|| history.entries.iter().find(|entry| !entry.is_gap()))
    }

    fn select(&mut self, revision: i64) {
        self.selected = Some(revision);
        self.replacing = None;
        self.expanded = false;
    }
}

/// Draws the page.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    let loadable = &view.document.history;
    if *loadable.state() == LoadState::NotAsked {
        actions.push(Action::LoadHistory(view.document.key.clone()));
    }
    let history = &view.document.past.merged;
    let tokens = theme::tokens(ui);
    // Beside the diff where there is room, else above it.
    let wide = ui.available_width() >= NARROW;
    if history.entries.is_empty() {
        nothing(ui, view, actions);
        return;
    }
    let list = if wide {
        Panel::left("versions").default_size(LIST).size_range(220.0..=460.0)
    } else {
        let most = (ui.available_height() * 0.6).max(rows::ROW * 2.0);
        Panel::top("versions above").default_size(rows::ROW * 4.0).size_range(rows::ROW * 2.0..=most)
    };
    let list = list.resizable(true).frame(Frame::new().fill(tokens.panel)).show_separator_line(true);
    list.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        deep::show(ui, view, actions);
        list::show(ui, view, history, &mut shown.history, actions);
    });
    compare::show(ui, view, history, &mut shown.history, look, actions);
}

/// Nothing is known yet, or there is nothing to know: said, with the way to more.
fn nothing(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let key = &view.document.key;
    match view.document.history.state() {
        LoadState::Failed(fault) => {
            Frame::new().inner_margin(size::GROUP).show(ui, |ui| {
                if fault_view(ui, fault, true).retry {
                    actions.push(Action::LoadHistory(key.clone()));
                }
            });
        }
        LoadState::Ready => {
            deep::show(ui, view, actions);
            let (title, hint) = (t!("history.empty"), t!("history.empty_hint"));
            empty_state(ui, icons::CLOCK_COUNTER_CLOCKWISE, &title, &hint, None);
        }
        LoadState::NotAsked | LoadState::Pending => {
            let (title, hint) = (t!("history.reading"), t!("history.reading_hint"));
            empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
        }
    }
}

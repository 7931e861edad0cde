//! The timeline: one row for each entry, moved through by arrows, restored by Enter.

use egui::{Id, Key, Rect, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo};
use rust_i18n::t;

use super::super::View;
use super::rows::{self, ROW, Standing};
use super::{Against, HistoryState, words};
use crate::action::{Action, Actions};
use crate::model::history::{EntryKind, HistoryEntry, KeyHistory, PastEnd};
use crate::model::loadable::LoadState;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{Button, ListBox};

/// Draws the timeline.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    history: &KeyHistory,
    state: &mut HistoryState,
    actions: &mut Actions,
) {
    let id = Id::unique("timeline of a key").with(&view.document.key);
    let mut list = ListBox::begin(ui, view.world, id, &t!("history.list"));
    let selected = state.selected(history).map(|entry| entry.revision);
    let at = selected.and_then(|revision| place_of(history, revision));
    let land = |target| skip_gaps(history, at, target);
    if let Some((target, shift)) = list.step_to(ui, at, history.entries.len(), land) {
        let revision = history.entries[target].revision;
        if shift {
            state.against = Against::Version(revision);
        } else {
            state.select(revision);
        }
    }
    if list.has_focus()
        && list.pressed(ui, Key::Enter)
        && let Some(entry) = state.selected(history)
    {
        super::compare::restore(view, entry, state, actions);
    }
    list.show(ui, history.entries.len() + 1, ROW, |ui, sight, places| {
        for at in sight {
            let rect = places.rect(at);
            match history.entries.get(at) {
                Some(entry) => row(ui, view, history, (at, entry), rect, (id, selected), state, actions),
                None => end(ui, view, history, rect, actions),
            }
        }
    });
}

fn place_of(history: &KeyHistory, revision: i64) -> Option<usize> {
    history.entries.iter().position(|entry| entry.revision == revision && !entry.is_gap())
}

/// The next entry in the same direction that is not a gap.
fn skip_gaps(history: &KeyHistory, from: Option<usize>, target: usize) -> Option<usize> {
    let is_entry = |at: &usize| history.entries.get(*at).is_some_and(|entry| !entry.is_gap());
    if from.is_some_and(|from| target < from) {
        (0..=target).rev().find(is_entry)
    } else {
        (target..history.entries.len()).find(is_entry)
    }
}

fn row(
    ui: &mut Ui,
    view: View<'_>,
    history: &KeyHistory,
    (at, entry): (usize, &HistoryEntry),
    rect: Rect,
    (list, selected): (Id, Option<i64>),
    state: &mut HistoryState,
    actions: &mut Actions,
) {
    let is_gap = entry.is_gap();
    let sense = if is_gap { Sense::hover() } else { Sense::CLICK };
    let response = ui.interact(rect, list.with((entry.revision, is_gap)), sense);
    let is_selected = !is_gap && selected == Some(entry.revision);
    let current = view.document.newest_meta().map(|meta| meta.mod_revision) == Some(entry.revision);
    let standing = Standing {
        selected: is_selected,
        hovered: response.hovered(),
        focused: is_selected && ui.memory(|memory| memory.has_focus(list)),
        current: current && !is_gap,
        compared: !is_selected && !is_gap && state.against == Against::Version(entry.revision),
        others: others(view, entry.revision),
    };
    let newer = at.checked_sub(1).and_then(|at| history.entries.get(at));
    let neighbours = [newer, Some(entry), history.entries.get(at + 1)];
    rows::paint(ui, rect, neighbours, standing, view.world.now);
    response.widget_info(|| {
        let mut name = format!("{}, {}", words::revision(entry), words::kind(entry));
        for part in [words::about(entry, standing.others, view.world.now), words::source(entry.marks)] {
            if !part.is_empty() {
                name.push_str(", ");
                name.push_str(&part);
            }
        }
        for (shown, words) in
            [(standing.current, t!("history.current")), (standing.compared, t!("history.compared"))]
        {
            if shown {
                name.push_str(", ");
                name.push_str(&words);
            }
        }
        WidgetInfo::selected(Role::ListItem, true, is_selected, name)
    });
    if response.clicked() {
        if ui.input(|input| input.modifiers.shift) {
            state.against = Against::Version(entry.revision);
        } else {
            state.select(entry.revision);
        }
        ui.memory_mut(|memory| memory.request_focus(list));
    }
    // What the journal knows costs nothing to ask; the rest is asked of the entry that is looked at.
    let known = view.document.past.together.contains_key(&entry.revision);
    if !is_gap && !known && (entry.marks.journal || is_selected) {
        let (key, revision) = (view.document.key.clone(), entry.revision);
        actions.push(Action::LoadTogether { key, revision });
    }
    response.on_hover_ui(|ui| tooltip(ui, entry, view));
}

/// Keys that changed at this revision beside the one that is open, where it is known.
pub(super) fn others(view: View<'_>, revision: i64) -> Option<usize> {
    let keys = view.document.past.together.get(&revision)?.value()?;
    Some(keys.iter().filter(|key| **key != view.document.key).count())
}

fn tooltip(ui: &mut Ui, entry: &HistoryEntry, view: View<'_>) {
    let tokens = theme::tokens(ui);
    if let EntryKind::Gap(gap) = &entry.kind {
        ui.label(tokens.body(words::reason(gap, view.world.now)));
        ui.label(tokens.hint(words::gap_hint(gap)));
        return;
    }
    ui.label(tokens.body(words::about(entry, others(view, entry.revision), view.world.now)));
    ui.label(tokens.hint(words::source(entry.marks)));
    if entry.seen_at.is_none() {
        ui.label(tokens.hint(t!("history.not_seen")));
    }
    ui.label(tokens.hint(t!("history.row_hint")));
}

/// Why the list ends here, or more of it when it comes in sight.
fn end(ui: &mut Ui, view: View<'_>, history: &KeyHistory, rect: Rect, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(layout));
    let document = view.document;
    let key = document.key.clone();
    let words = match (document.history.state(), history.end) {
        (LoadState::Pending, _) => {
            row.spinner();
            t!("history.reading")
        }
        (LoadState::Failed(fault), _) => {
            let again = t!("common.retry");
            if Button::quiet(&again).small().tooltip(fault.detail.clone()).show(&mut row).clicked() {
                actions.push(Action::LoadHistory(key));
            }
            t!("history.failed")
        }
        _ if document.past.next_walk(document.history.value()).is_some() => {
            // It has come in sight: the operator scrolled to the end.
            actions.push(Action::LoadHistory(key));
            t!("history.reading")
        }
        _ if document.past.is_full(document.history.value()) => t!("history.end.cut"),
        (_, PastEnd::Beginning) => t!("history.end.beginning"),
        (_, PastEnd::FirstVersion) => t!("history.end.first"),
        (_, PastEnd::Compacted { at_revision }) => t!("history.end.compacted", revision = at_revision),
        (_, PastEnd::Cut) => t!("history.end.cut"),
        (_, PastEnd::Unknown | PastEnd::Nothing) => t!("history.end.unknown"),
    };
    row.add(egui::Label::new(tokens.hint(words.as_ref())).wrap()).on_hover_text(words);
}

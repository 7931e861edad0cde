//! The entry that is looked at: against the version before it, what the key is now, or any other; and
//! the way back to it.

use egui::{ComboBox, Frame, Label, Margin, RichText, ScrollArea, Ui};
use rust_i18n::t;

use super::super::View;
use super::super::compare::DiffLook;
use super::super::diff_page::{Stale, show_diff, value_of};
use super::{Against, HistoryState, words};
use crate::action::{Action, Actions};
use crate::model::bytes::Value;
use crate::model::history::{EntryKind, HistoryEntry, KeyHistory};
use crate::model::key_text::display_short;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::{Button, Tone, banner, empty_state, link};

/// Of many keys that changed together so many are shown.
const MOST_OTHERS: usize = 200;
/// A key among them is shown with so many characters.
const KEY_CHARS: usize = 120;
/// Height that they may take.
const OTHERS: f32 = 120.0;

/// Two values with their names, older first; or why they can not be compared.
enum Pair {
    Of {
        old: (Value, String),
        new: (Value, String),
    },
    /// The value of an entry is not known.
    Unknown,
    /// What was before is not known.
    NoPrevious,
    /// It is what the key is now.
    Same,
}

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    history: &KeyHistory,
    state: &mut HistoryState,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    let Some(entry) = state.selected(history) else { return };
    entry_bar(ui, view, history, entry, state, actions);
    if state.replacing == Some(entry.revision) {
        replacing(ui, view, entry, state, actions);
    }
    together(ui, view, entry, state, actions);
    match pair(view, history, entry, state.against) {
        Pair::Of { old, new } => {
            let names = [old.1.as_str(), new.1.as_str()];
            show_diff(ui, &mut state.diff, &old.0, &new.0, names, look, Stale::Keep, |_| {});
        }
        Pair::Unknown => {
            let (title, hint) = (t!("history.unknown_value"), t!("history.unknown_value_hint"));
            empty_state(ui, icons::QUESTION, &title, &hint, None);
        }
        Pair::NoPrevious => {
            let (title, hint) = (t!("history.no_previous"), t!("history.no_previous_hint"));
            let action = t!("history.against_live");
            if empty_state(ui, icons::CIRCLE_DASHED, &title, &hint, Some(&action)) {
                state.against = Against::Live;
            }
        }
        Pair::Same => {
            let (title, hint) = (t!("history.same"), t!("history.same_hint"));
            empty_state(ui, icons::GIT_COMMIT, &title, &hint, None);
        }
    }
}

fn pair(view: View<'_>, history: &KeyHistory, entry: &HistoryEntry, against: Against) -> Pair {
    let nothing = || Value::from([].as_slice());
    // A deletion leaves nothing behind.
    let side = |entry: &HistoryEntry| match &entry.kind {
        EntryKind::Version { value, .. } => value.clone().map(|value| (value, words::name(entry))),
        _ => Some((nothing(), words::name(entry))),
    };
    let Some(mine) = side(entry) else { return Pair::Unknown };
    let (other, other_is_older) = match against {
        Against::Previous => {
            let created = entry.meta().is_some_and(|meta| meta.version <= 1);
            let before = match history.before(entry.revision) {
                _ if created => Some((nothing(), t!("history.did_not_exist").into_owned())),
                Some(before) => match side(before) {
                    Some(before) => Some(before),
                    None => return Pair::Unknown,
                },
                None => None,
            };
            (before, true)
        }
        Against::Live => {
            let document = view.document;
            let live = match &document.live {
                Some(live) => live.as_ref(),
                None => document.base_record(),
            };
            if live.is_some_and(|live| live.meta.mod_revision == entry.revision) {
                return Pair::Same;
            }
            let name = if live.is_some() { t!("history.live") } else { t!("history.live_gone") };
            (Some((value_of(live), name.into_owned())), false)
        }
        Against::Version(revision) if revision == entry.revision => return Pair::Same,
        Against::Version(revision) => match history.entry(revision) {
            Some(other) => match side(other) {
                Some(side) => (Some(side), revision < entry.revision),
                None => return Pair::Unknown,
            },
            None => (None, true),
        },
    };
    match other {
        None => Pair::NoPrevious,
        Some(other) if other_is_older => Pair::Of { old: other, new: mine },
        Some(other) => Pair::Of { old: mine, new: other },
    }
}

/// Whether the key is this version already.
fn is_live(view: View<'_>, entry: &HistoryEntry) -> bool {
    let document = view.document;
    document.live.is_none() && document.base_record().is_some_and(|base| base.value.as_ref() == entry.value())
}

/// Makes the version the draft; a draft that would be lost is asked about.
pub(super) fn restore(view: View<'_>, entry: &HistoryEntry, state: &mut HistoryState, actions: &mut Actions) {
    let Some(value) = entry.value() else { return };
    if view.session.profile.read_only || is_live(view, entry) {
        return;
    }
    let document = view.document;
    let would_lose = document.is_dirty() && document.draft.as_ref() != Some(value);
    if would_lose && state.replacing != Some(entry.revision) {
        state.replacing = Some(entry.revision);
        return;
    }
    state.replacing = None;
    actions.push(Action::Restore { key: document.key.clone(), value: value.clone() });
}

fn replacing(
    ui: &mut Ui,
    view: View<'_>,
    entry: &HistoryEntry,
    state: &mut HistoryState,
    actions: &mut Actions,
) {
    let (words, action) = (t!("history.replaces_draft"), t!("history.replace_draft"));
    if banner(ui, Tone::Changed, icons::WARNING, &words, Some(&action)) {
        restore(view, entry, state, actions);
    }
}

/// What is looked at, what it is compared with, and restoring it.
fn entry_bar(
    ui: &mut Ui,
    view: View<'_>,
    history: &KeyHistory,
    entry: &HistoryEntry,
    state: &mut HistoryState,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let mut pressed = false;
    let mut against = state.against;
    let rect = super::super::header::bar(
        ui,
        size::BAR + size::PAD,
        |ui| {
            if view.session.profile.read_only || entry.meta().is_none() {
                return;
            }
            let label = t!("history.restore");
            let hint = if entry.value().is_none() {
                t!("history.unknown_value")
            } else {
                t!("history.restore_same")
            };
            let button = Button::primary(&label)
                .icon(icons::ARROW_U_UP_LEFT)
                .enabled(entry.value().is_some() && !is_live(view, entry))
                .disabled_hint(hint)
                .tooltip(t!("history.restore_hint"));
            pressed = button.show(ui).clicked();
        },
        |ui| {
            // In little room the chooser alone: the line below names both versions.
            if ui.available_width() >= 360.0 {
                ui.label(tokens.strong(words::name(entry)));
                ui.label(RichText::new(t!("history.compare_with")).font(text::meta()).color(tokens.second));
            }
            against_chooser(ui, history, entry, &mut against);
        },
    );
    state.against = against;
    if pressed {
        restore(view, entry, state, actions);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn against_chooser(ui: &mut Ui, history: &KeyHistory, entry: &HistoryEntry, against: &mut Against) {
    let (previous, live) = (t!("history.against_previous"), t!("history.against_live"));
    let chosen = match against {
        Against::Previous => previous.to_string(),
        Against::Live => live.to_string(),
        Against::Version(revision) => format!("r{revision}"),
    };
    let combo = ComboBox::from_id_salt("against").icon(open_sign).width(150.0).selected_text(chosen);
    let combo = combo.height(320.0).show_ui(ui, |ui| {
        ui.selectable_value(against, Against::Previous, previous.as_ref());
        ui.selectable_value(against, Against::Live, live.as_ref());
        let versions = history.entries.iter().filter(|it| it.value().is_some());
        // The nearest first would jump about; the newest are what one looks for.
        for version in versions.filter(|it| it.revision != entry.revision).take(MOST_OTHERS) {
            ui.selectable_value(against, Against::Version(version.revision), words::name(version));
        }
    });
    combo.response.accessible_name(t!("history.compare_with"));
}

/// The other keys of the same transaction.
fn together(
    ui: &mut Ui,
    view: View<'_>,
    entry: &HistoryEntry,
    state: &mut HistoryState,
    actions: &mut Actions,
) {
    let document = view.document;
    let keys = document.past.together.get(&entry.revision).and_then(|keys| keys.value());
    let Some(keys) = keys else { return };
    let others: Vec<_> = keys.iter().filter(|key| **key != document.key).collect();
    if others.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui);
    let framed = Frame::new().inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            let icon = if state.expanded { icons::CARET_DOWN } else { icons::CARET_RIGHT };
            let words = t!("history.one_change", others = words::together(others.len()));
            if Button::ghost(&words).icon(icon).small().show(ui).clicked() {
                state.expanded = !state.expanded;
            }
        });
        if !state.expanded {
            return;
        }
        ScrollArea::vertical().max_height(OTHERS).auto_shrink([false, true]).show(ui, |ui| {
            for key in others.iter().take(MOST_OTHERS) {
                if link(ui, &display_short(key, KEY_CHARS)).clicked() {
                    actions.push(Action::OpenKey((*key).clone()));
                }
            }
            if others.len() > MOST_OTHERS {
                let more = t!("history.more_keys", count = others.len() - MOST_OTHERS);
                ui.add(Label::new(tokens.hint(more)));
            }
        });
    });
    ui.painter().hline(framed.response.rect.x_range(), framed.response.rect.bottom() - 0.5, tokens.line());
}

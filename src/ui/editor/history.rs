//! The versions of a key: newest first, each compared with any other, restored as a guarded put.

use egui::{
    Align2, ComboBox, Frame, Panel, Pos2, Rect, RichText, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo,
};
use rust_i18n::t;

use super::View;
use super::banner::lease_text;
use super::compare::{DiffCache, DiffLook};
use super::diff_page::{Stale, show_diff};
use super::header::NARROW;
use super::state::DocumentState;
use crate::action::{Action, Actions};
use crate::model::history::{History, HistoryEnd, KeyVersion};
use crate::model::loadable::LoadState;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::{Button, bytes_text, empty_state, fault_view, list::row_ground};

/// Height of a version in the list.
const ROW: f32 = 44.0;
/// Width of the list to begin with.
const LIST: f32 = 232.0;

/// What the page keeps between frames.
#[derive(Default)]
pub struct HistoryState {
    /// Mod revision of the version that is looked at.
    selected: Option<i64>,
    /// Mod revision of the version that it is compared with; `None`: the newest.
    against: Option<i64>,
    diff: DiffCache,
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
    let key = &view.document.key;
    if *loadable.state() == LoadState::NotAsked {
        actions.push(Action::LoadHistory(key.clone()));
    }
    let history = loadable.value().filter(|history| !history.versions.is_empty());
    let Some(history) = history else {
        match loadable.state() {
            LoadState::Failed(fault) => {
                Frame::new().inner_margin(size::GROUP).show(ui, |ui| {
                    if fault_view(ui, fault, true).retry {
                        actions.push(Action::LoadHistory(key.clone()));
                    }
                });
            }
            LoadState::Ready => {
                let (title, hint) = (t!("history.empty"), t!("history.empty_hint"));
                empty_state(ui, icons::CLOCK_COUNTER_CLOCKWISE, &title, &hint, None);
            }
            LoadState::NotAsked | LoadState::Pending => {
                let (title, hint) = (t!("history.reading"), t!("history.reading_hint"));
                empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
            }
        }
        return;
    };
    let tokens = theme::tokens(ui);
    // Beside the diff where there is room, else above it.
    let list = if ui.available_width() >= NARROW {
        Panel::left("versions").default_size(LIST).size_range(180.0..=400.0)
    } else {
        Panel::top("versions above").default_size(ROW * 3.0).size_range(ROW..=ROW * 12.0)
    };
    let list = list.resizable(true).frame(Frame::new().fill(tokens.panel)).show_separator_line(true);
    list.show(ui, |ui| versions(ui, view, history, &mut shown.history, actions));
    compare(ui, view, history, &mut shown.history, look, actions);
}

fn current_revision(view: View<'_>) -> Option<i64> {
    view.document.newest_meta().map(|meta| meta.mod_revision)
}

/// The list; its end says why it ends, or loads more when it comes in sight.
fn versions(ui: &mut Ui, view: View<'_>, history: &History, state: &mut HistoryState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let newest = history.versions.first().map(|version| version.meta.mod_revision);
    let selected = state.selected.or(newest);
    let rows = history.versions.len() + 1;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, ROW, rows, |ui, visible| {
        for at in visible {
            let Some(version) = history.versions.get(at) else {
                end_of_list(ui, tokens, view, history, actions);
                continue;
            };
            let revision = version.meta.mod_revision;
            let marks = Marks {
                selected: selected == Some(revision),
                against: state.against == Some(revision) && selected != Some(revision),
                current: current_revision(view) == Some(revision),
            };
            let response = version_row(ui, tokens, version, marks);
            if response.clicked() {
                if ui.input(|input| input.modifiers.shift) {
                    state.against = Some(revision);
                } else {
                    state.selected = Some(revision);
                }
            }
            response.on_hover_text(t!("history.row_hint"));
        }
    });
}

#[derive(Clone, Copy)]
struct Marks {
    selected: bool,
    against: bool,
    current: bool,
}

fn version_row(ui: &mut Ui, tokens: &Tokens, version: &KeyVersion, marks: Marks) -> egui::Response {
    let place = Vec2::new(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(place, Sense::click());
    row_ground(ui, rect, marks.selected, response.hovered(), response.has_focus());
    let meta = version.meta;
    let left = rect.left() + size::PAD + size::GRID;
    let revision = format!("r{}", meta.mod_revision);
    let first = Pos2::new(left, rect.top() + 14.0);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.text(first, Align2::LEFT_CENTER, &revision, text::mono(), tokens.text);
    let mark = if marks.current {
        Some((t!("history.current"), tokens.live))
    } else if marks.against {
        Some((t!("history.compared"), tokens.accent))
    } else {
        None
    };
    if let Some((words, colour)) = &mark {
        let at = Pos2::new(rect.right() - size::PAD - size::GRID, first.y);
        painter.text(at, Align2::RIGHT_CENTER, words, text::meta_medium(), *colour);
    }
    let mut about = t!("history.version", version = meta.version).into_owned();
    about.push_str(" · ");
    about.push_str(&bytes_text(version.value.len() as u64));
    if meta.lease != 0 {
        about.push_str(" · ");
        about.push_str(&t!("history.lease", lease = lease_text(meta.lease)));
    }
    let second = Pos2::new(left, rect.top() + 31.0);
    painter.text(second, Align2::LEFT_CENTER, &about, text::meta(), tokens.second);
    response.widget_info(|| {
        let mark = mark.as_ref().map_or(String::new(), |(words, _)| format!(", {words}"));
        let name = format!("{revision}, {about}{mark}");
        WidgetInfo::selected(Role::ListItem, true, marks.selected, name)
    });
    response
}

/// Why the list ends here.
fn end_of_list(ui: &mut Ui, tokens: &Tokens, view: View<'_>, history: &History, actions: &mut Actions) {
    let place = Vec2::new(ui.available_width(), ROW);
    let (rect, _) = ui.allocate_exact_size(place, Sense::hover());
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut row = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
    let loadable = &view.document.history;
    let key = view.document.key.clone();
    let words = match (loadable.state(), history.end) {
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
        (_, HistoryEnd::More) => {
            // It has come in sight: the operator scrolled to the end.
            actions.push(Action::LoadHistory(key));
            t!("history.reading")
        }
        (_, HistoryEnd::FirstVersion) => t!("history.first"),
        (_, HistoryEnd::Compacted { at_revision }) => t!("history.compacted", revision = at_revision),
    };
    row.add(egui::Label::new(tokens.hint(words.as_ref())).wrap()).on_hover_text(words);
}

/// The version that is looked at, against another one.
fn compare(
    ui: &mut Ui,
    view: View<'_>,
    history: &History,
    state: &mut HistoryState,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    let find = |revision: Option<i64>| {
        revision.and_then(|revision| {
            history.versions.iter().find(|version| version.meta.mod_revision == revision)
        })
    };
    let Some(newest) = history.versions.first() else { return };
    let selected = find(state.selected).unwrap_or(newest);
    let against = find(state.against).unwrap_or(newest);
    version_bar(ui, view, history, state, selected, actions);
    if selected == against {
        let (title, hint) = (t!("history.same"), t!("history.same_hint"));
        empty_state(ui, icons::GIT_COMMIT, &title, &hint, None);
        return;
    }
    let is_older = selected.meta.mod_revision < against.meta.mod_revision;
    let (old, new) = if is_older { (selected, against) } else { (against, selected) };
    let name = |version: &KeyVersion| {
        t!("history.name", revision = version.meta.mod_revision, version = version.meta.version).into_owned()
    };
    let names = [name(old), name(new)];
    let names = [names[0].as_str(), names[1].as_str()];
    show_diff(ui, &mut state.diff, &old.value, &new.value, names, look, Stale::Keep, |_| {});
}

/// What to compare with, and restore.
fn version_bar(
    ui: &mut Ui,
    view: View<'_>,
    history: &History,
    state: &mut HistoryState,
    selected: &KeyVersion,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let rect = super::header::bar(
        ui,
        size::BAR + size::PAD,
        |ui| {
            if view.session.profile.read_only {
                return;
            }
            let same = view.document.live.is_none() && view.document.base_value() == selected.value;
            let label = t!("history.restore");
            let button = Button::primary(&label)
                .icon(icons::ARROW_U_UP_LEFT)
                .enabled(!same)
                .disabled_hint(t!("history.restore_same"))
                .tooltip(t!("history.restore_hint"));
            if button.show(ui).clicked() {
                let value = selected.value.clone();
                actions.push(Action::Restore { key: view.document.key.clone(), value });
            }
        },
        |ui| {
            let revision = selected.meta.mod_revision;
            // In little room the chooser alone: the line below names both versions.
            if ui.available_width() < 360.0 {
                against_chooser(ui, history, state);
                return;
            }
            ui.label(tokens.strong(t!("history.name", revision = revision, version = selected.meta.version)));
            ui.label(RichText::new(t!("history.compare_with")).font(text::meta()).color(tokens.second));
            against_chooser(ui, history, state);
        },
    );
    let line = Rect::from_x_y_ranges(rect.x_range(), rect.bottom() - 1.0..=rect.bottom());
    ui.painter().rect_filled(line, 0.0, tokens.border);
}

fn against_chooser(ui: &mut Ui, history: &History, state: &mut HistoryState) {
    let newest = t!("history.newest");
    let selected = state.against.map_or_else(|| newest.to_string(), |revision| format!("r{revision}"));
    let combo = ComboBox::from_id_salt("against").icon(open_sign).width(112.0).selected_text(selected);
    let combo = combo.height(320.0).show_ui(ui, |ui| {
        ui.selectable_value(&mut state.against, None, newest.as_ref());
        for version in &history.versions {
            let revision = version.meta.mod_revision;
            let name = t!("history.name", revision = revision, version = version.meta.version);
            ui.selectable_value(&mut state.against, Some(revision), name);
        }
    });
    combo.response.accessible_name(t!("history.compare_with"));
}

//! Someone else changed the key: yours, base and theirs beside each other, a choice for each place
//! where both sides disagree, and the result, which can be edited.

mod chunks;

use std::sync::Arc;

use egui::{Context, Frame, Id, Panel, RichText, Ui};
use rust_i18n::t;

use super::View;
use super::compare::{DiffCache, DiffLook, is_quick};
use super::diff_page::{Stale, show_diff, value_of};
use super::header::{NARROW, bar};
use super::state::{CursorPlace, DocumentState, syntax_of};
use super::text::EditText;
use super::text_page::Field;
use crate::action::{Action, Actions};
use crate::model::bytes::Value;
use crate::model::format::ValueFormat;
use crate::model::merge::{self, Choice, Merge, MergeChunk};
use crate::model::record::KeyRecord;
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::code::{CodeView, Highlighter};
use crate::ui::widgets::syntax::Syntax;
use crate::ui::widgets::{Button, Tone, chip, clock_text, empty_state, key_label, relative_text};
use chunks::ChunkRows;

/// What the page keeps between frames.
pub struct ConflictState {
    base: Value,
    yours: Value,
    theirs: Value,
    merging: Progress,
    diff: DiffCache,
}

/// How far a merge is.
enum Progress {
    /// Large texts are merged beside the window.
    Working(Beside<Merging>),
    Merged(Box<Merging>),
    /// One of the three is no text (or merging broke off): one side is taken.
    OneSide,
}

/// A merge that is being settled.
struct Merging {
    merge: Merge,
    choices: Vec<Choice>,
    rows: ChunkRows,
    merged: EditText,
    edited: bool,
    highlighter: Highlighter,
    cursor: CursorPlace,
    /// The view of a result too large to be edited, and the version of the text that it shows.
    large: Option<(u64, CodeView)>,
}

impl ConflictState {
    fn new(ctx: &Context, base: Value, yours: Value, theirs: Value) -> Self {
        let merging = match (text_of(&base), text_of(&yours), text_of(&theirs)) {
            (Some(base), Some(yours), Some(theirs)) if is_quick(base.len() + yours.len() + theirs.len()) => {
                Progress::Merged(Box::new(Merging::new(base, yours, theirs)))
            }
            (Some(base), Some(yours), Some(theirs)) => {
                let [base, yours, theirs] = [base, yours, theirs].map(str::to_owned);
                let work = move || Merging::new(&base, &yours, &theirs);
                Progress::Working(Beside::start(ctx, "merge", work))
            }
            _ => Progress::OneSide,
        };
        Self { base, yours, theirs, merging, diff: DiffCache::default() }
    }

    /// Whether it is about these values; remembers them, so that to ask again costs nothing.
    fn is_of(&mut self, base: &Value, yours: &Value, theirs: &Value) -> bool {
        let same = |mine: &mut Value, other: &Value| {
            let same = Arc::ptr_eq(mine, other) || mine == other;
            if same {
                mine.clone_from(other);
            }
            same
        };
        same(&mut self.base, base) && same(&mut self.yours, yours) && same(&mut self.theirs, theirs)
    }

    /// Takes over what was merged beside the window.
    fn advance(&mut self) {
        if let Progress::Working(working) = &self.merging {
            match working.take() {
                Answer::Working => {}
                Answer::Ready(merging) => self.merging = Progress::Merged(Box::new(merging)),
                Answer::Failed => self.merging = Progress::OneSide,
            }
        }
    }
}

fn text_of(value: &Value) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| !text.contains('\0'))
}

impl Merging {
    fn new(base: &str, yours: &str, theirs: &str) -> Self {
        let merge = merge::merge(base, yours, theirs);
        let choices = vec![Choice::Open; merge.conflicts()];
        let rows = ChunkRows::new(&merge);
        let merged = EditText::new(&assembled(&merge, &choices), 1);
        Self {
            merge,
            choices,
            rows,
            merged,
            edited: false,
            highlighter: Highlighter::default(),
            cursor: CursorPlace::default(),
            large: None,
        }
    }

    fn open(&self) -> usize {
        self.choices.iter().filter(|choice| **choice == Choice::Open).count()
    }

    fn choose(&mut self, conflict: usize, choice: Choice) {
        if let Some(slot) = self.choices.get_mut(conflict) {
            *slot = choice;
            let version = self.merged.version() + 1;
            self.merged = EditText::new(&assembled(&self.merge, &self.choices), version);
            self.edited = false;
        }
    }

    /// Shows a result that is too large to be edited.
    fn show_large(&mut self, ui: &mut Ui, syntax: Syntax) {
        let version = self.merged.version();
        let shown = self.large.take().filter(|(of, _)| *of == version);
        let (_, view) =
            self.large.insert(shown.unwrap_or_else(|| (version, CodeView::new(self.merged.value(), syntax))));
        ui.push_id("merged large", |ui| view.show(ui));
    }

    /// Whether the result can be used: every conflict is settled, by a choice or by hand.
    fn is_settled(&self) -> bool {
        self.open() == 0 || (self.edited && !has_marks(self.merged.as_str()))
    }
}

const YOURS_MARK: &str = "<<<<<<< ";
const MIDDLE_MARK: &str = "=======";
const THEIRS_MARK: &str = ">>>>>>> ";

fn has_marks(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(YOURS_MARK) || line.starts_with(THEIRS_MARK))
}

/// The merged text; conflicts that are still open stand in it between marks.
fn assembled(merge: &Merge, choices: &[Choice]) -> String {
    if let Some(text) = merge.resolve(choices) {
        return text;
    }
    let mut choices = choices.iter();
    let mut text = String::new();
    let mut add = |lines: &str| {
        if !text.is_empty() && !text.ends_with('\n') && !lines.is_empty() {
            text.push('\n');
        }
        text.push_str(lines);
    };
    for chunk in &merge.chunks {
        let MergeChunk::Conflict { base, yours, theirs } = chunk else {
            add(chunk.merged().unwrap_or_default());
            continue;
        };
        match choices.next() {
            Some(Choice::Yours) => add(yours),
            Some(Choice::Theirs) => add(theirs),
            Some(Choice::Base) => add(base),
            Some(Choice::Both) => {
                add(yours);
                add(theirs);
            }
            Some(Choice::Open) | None => {
                add(&format!("{YOURS_MARK}{}\n", t!("editor.conflict.yours")));
                add(yours);
                add(&format!("{MIDDLE_MARK}\n"));
                add(theirs);
                add(&format!("{THEIRS_MARK}{}\n", t!("editor.conflict.theirs")));
            }
        }
    }
    text
}

/// Draws the page. `theirs`: what the key is now, `None`: deleted.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    theirs: Option<&KeyRecord>,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    title(ui, view, theirs);
    match theirs {
        None => deleted(ui, view, actions),
        Some(record) if record.value.is_none() => {
            empty_state(ui, icons::HOURGLASS_MEDIUM, &t!("editor.reading"), &t!("editor.reading_hint"), None);
            if !view.document.base.is_pending() && view.document.base.fault().is_none() {
                actions.push(Action::Reload(view.document.key.clone()));
            }
        }
        Some(record) => {
            let (base, yours) = (view.document.base_value(), view.document.current_value());
            let theirs = value_of(Some(record));
            let before = shown.conflict.take();
            let known = before.and_then(|mut state| state.is_of(&base, &yours, &theirs).then_some(state));
            let mut state = known.unwrap_or_else(|| ConflictState::new(ui.ctx(), base, yours, theirs));
            state.advance();
            let format = shown.format();
            let state = shown.conflict.insert(state);
            both_sides(ui, view, state, format, look, actions);
        }
    }
}

fn both_sides(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut ConflictState,
    format: ValueFormat,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    let merging = match &mut state.merging {
        Progress::Merged(merging) => merging,
        Progress::Working(_) => {
            bottom_bar(ui, |_| {}, |ui| back_and_theirs(ui, view, actions));
            let (title, hint) = (t!("editor.diff.comparing"), t!("editor.diff.comparing_hint"));
            empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
            return;
        }
        Progress::OneSide => {
            one_side(ui, view, &state.yours, actions);
            let names = [t!("editor.conflict.theirs"), t!("editor.conflict.yours")];
            let names = [names[0].as_ref(), names[1].as_ref()];
            let (theirs, yours) = (&state.theirs, &state.yours);
            show_diff(ui, &mut state.diff, theirs, yours, names, look, Stale::Hide, |_| {});
            return;
        }
    };
    footer(ui, view, merging, actions);
    result(ui, view, merging, format);
    if let Some((conflict, choice)) = merging.rows.show(ui, &merging.merge, &merging.choices) {
        merging.choose(conflict, choice);
    }
}

fn title(ui: &mut Ui, view: View<'_>, theirs: Option<&KeyRecord>) {
    let tokens = theme::tokens(ui);
    let document = view.document;
    let wide = ui.available_width() >= NARROW;
    let rect = bar(
        ui,
        size::BAR + size::PAD,
        |ui| {
            if !wide {
                return;
            }
            if let Some(record) = theirs {
                let base = document.base_record().map_or(0, |base| base.meta.mod_revision);
                let words = t!("editor.conflict.revisions", base = base, theirs = record.meta.mod_revision);
                ui.label(tokens.mono_meta(words));
            }
            if document.live_seen_at > 0 {
                let time = clock_text(document.live_seen_at, view.world.now);
                let ago = relative_text(document.live_seen_at, view.world.now);
                ui.label(tokens.meta(t!("editor.conflict.seen", time = time, ago = ago)));
            }
        },
        |ui| {
            let icon = RichText::new(icons::GIT_MERGE).font(text::icon(size::ICON)).color(tokens.danger);
            ui.label(icon);
            let words = if theirs.is_some() {
                t!("editor.conflict.title")
            } else {
                t!("editor.conflict.title_deleted")
            };
            ui.label(tokens.title(words));
            key_label(ui, &document.key, view.session.profile.separator_byte());
        },
    );
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// A bar at the bottom.
fn bottom_bar(ui: &mut Ui, right: impl FnOnce(&mut Ui), left: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    let height = size::CONTROL + 2.0 * size::PAD;
    Panel::bottom("conflict_bottom")
        .exact_size(height)
        .frame(Frame::new().fill(tokens.panel))
        .show_separator_line(false)
        .show(ui, |ui| {
            let rect = bar(ui, height, right, left);
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, tokens.line());
        });
}

fn back_and_theirs(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let take = t!("editor.banner.take_theirs");
    if Button::danger(&take).tooltip(t!("editor.conflict.take_theirs_hint")).show(ui).clicked() {
        actions.push(Action::TakeTheirs(view.document.key.clone()));
    }
    let back = t!("editor.conflict.back");
    if Button::quiet(&back).show(ui).clicked() {
        actions.push(Action::CancelSave(view.document.key.clone()));
    }
}

fn footer(ui: &mut Ui, view: View<'_>, merging: &Merging, actions: &mut Actions) {
    let settled = merging.is_settled();
    let total = merging.choices.len();
    let open = merging.open();
    let wide = ui.available_width() >= NARROW;
    bottom_bar(
        ui,
        |ui| {
            if !wide {
                return;
            }
            if total == 0 {
                chip(ui, Tone::Live, &t!("editor.conflict.clean"));
            } else if settled {
                chip(ui, Tone::Live, &t!("editor.conflict.settled"));
            } else {
                chip(ui, Tone::Danger, &t!("editor.conflict.open", open = open, total = total));
            }
        },
        |ui| {
            let label = t!("editor.conflict.use_merged");
            let button = Button::primary(&label)
                .enabled(settled)
                .disabled_hint(t!("editor.conflict.open", open = open, total = total))
                .tooltip(t!("editor.conflict.use_merged_hint"));
            if button.show(ui).clicked() {
                let merged = merging.merged.value();
                actions.push(Action::Resolve { key: view.document.key.clone(), merged });
            }
            back_and_theirs(ui, view, actions);
        },
    );
}

/// The merged text, to be looked over and edited.
fn result(ui: &mut Ui, view: View<'_>, merging: &mut Merging, format: ValueFormat) {
    let tokens = theme::tokens(ui);
    let height = ui.available_height();
    Panel::bottom("merged")
        .resizable(true)
        .default_size(height * 0.45)
        .size_range(height * 0.2..=height * 0.8)
        .frame(Frame::new().fill(tokens.base))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let rect = bar(
                ui,
                size::BAR,
                |ui| {
                    if merging.edited {
                        ui.label(tokens.meta(t!("editor.conflict.edited")));
                    }
                },
                |ui| {
                    ui.label(RichText::new(t!("editor.conflict.result")).font(text::strong()));
                    ui.label(tokens.hint(t!("editor.conflict.result_hint")));
                },
            );
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
            if !merging.merged.is_editable() {
                merging.show_large(ui, syntax_of(format));
                return;
            }
            let field = Field {
                id: Id::unique(("merged_text", view.session.id.0, &view.document.key)),
                name: &t!("editor.conflict.result"),
                editable: true,
                marks: &[],
                jump: None,
                syntax: syntax_of(format),
            };
            if field.show(ui, &mut merging.merged, &mut merging.highlighter, &mut merging.cursor) {
                merging.edited = true;
            }
        });
}

/// Bytes are not merged: one side is taken.
fn one_side(ui: &mut Ui, view: View<'_>, yours: &Value, actions: &mut Actions) {
    bottom_bar(
        ui,
        |ui| {
            let tokens = theme::tokens(ui);
            ui.label(tokens.meta(t!("editor.conflict.binary")));
        },
        |ui| {
            let label = t!("editor.conflict.keep_yours");
            if Button::primary(&label).show(ui).clicked() {
                let merged = yours.clone();
                actions.push(Action::Resolve { key: view.document.key.clone(), merged });
            }
            back_and_theirs(ui, view, actions);
        },
    );
}

/// The key was deleted: create it again, or let it go.
fn deleted(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    let key = &view.document.key;
    bottom_bar(
        ui,
        |_| {},
        |ui| {
            let label = t!("editor.conflict.recreate");
            if Button::primary(&label).tooltip(t!("editor.conflict.recreate_hint")).show(ui).clicked() {
                let merged = view.document.current_value();
                actions.push(Action::Resolve { key: key.clone(), merged });
            }
            let discard = t!("editor.conflict.discard");
            if Button::danger(&discard).show(ui).clicked() {
                actions.push(Action::TakeTheirs(key.clone()));
            }
            let back = t!("editor.conflict.back");
            if Button::quiet(&back).show(ui).clicked() {
                actions.push(Action::CancelSave(key.clone()));
            }
        },
    );
    let (title, hint) = (t!("editor.conflict.deleted"), t!("editor.conflict.deleted_hint"));
    empty_state(ui, icons::TRASH, &title, &hint, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_conflicts_stand_between_marks_until_they_are_settled() {
        let mut merging = Merging::new("a\nb\nc\n", "a\nyours\nc\n", "a\ntheirs\nc\n");
        assert!(!merging.is_settled());
        assert!(has_marks(merging.merged.as_str()));
        merging.choose(0, Choice::Both);
        assert!(merging.is_settled());
        assert_eq!(merging.merged.as_str(), "a\nyours\ntheirs\nc\n");
        merging.choose(0, Choice::Open);
        merging.merged = EditText::new("by hand", 9);
        merging.edited = true;
        assert!(merging.is_settled());
    }

    #[test]
    fn a_clean_merge_is_settled_by_itself() {
        let merging = Merging::new("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n");
        assert!(merging.is_settled());
        assert_eq!(&*merging.merged.value(), b"A\nb\nc\nd\nE\n");
    }
}

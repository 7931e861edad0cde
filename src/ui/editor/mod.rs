//! The open keys: tabs, editor, review, conflict, diff and history.

mod banner;
mod bottom;
mod bytes_page;
mod check;
mod compare;
mod conflict;
mod diff_page;
mod diff_show;
mod form_page;
mod header;
mod history;
pub mod reading;
mod review;
mod schema_bar;
mod source_picker;
mod state;
mod tabs;
mod text;
mod text_page;

pub(super) use compare::{DiffCache, DiffLook};
pub(super) use diff_show::{Stale, show_diff};
pub use state::EditorState;

use egui::Ui;
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::document::{Document, DocumentPage, SaveState};
use crate::model::format::ValueFormat;
use crate::model::session::Session;
use crate::model::validate;
use crate::model::world::World;
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, icons};
use crate::ui::widgets::diff_view::Jump;
use crate::ui::widgets::{empty_state, fault_view, shortcut_text};
use state::{Body, DocumentState};
use text::EditText;

/// Longer keys are cut in tooltips and names (a key may have 64 KiB).
const KEY_CHARS: usize = 1_000;

/// What every part of the editor is about.
#[derive(Clone, Copy)]
struct View<'a> {
    world: &'a World,
    session: &'a Session,
    document: &'a Document,
}

/// Draws the open keys into all the room there is.
pub fn show(ui: &mut Ui, world: &World, state: &mut EditorState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    state.forget_closed(world);
    ui.spacing_mut().item_spacing.y = 0.0;
    if !session.documents.is_empty() {
        tabs::show(ui, session, state, actions);
    }
    let Some(document) = session.shown_document() else {
        nothing_open(ui, session, actions);
        return;
    };
    let view = View { world, session, document };
    let format_now = state.requested(UserCommand::Format);
    let save_now = state.requested(UserCommand::Save);
    let next = state.requested(UserCommand::NextChange);
    let previous = state.requested(UserCommand::PreviousChange);
    let mut look = state.look;
    look.jump = match (next, previous) {
        (true, _) => Some(Jump::Next),
        (_, true) => Some(Jump::Previous),
        _ => None,
    };
    let shown = state.document(session, document);
    look.format = shown.format();
    finish_layout(view, shown, actions);
    if format_now {
        lay_out(ui.ctx(), view, shown, actions);
    }
    ui.push_id(("document", session.id.0, &document.key), |ui| match &document.save {
        SaveState::Reviewing | SaveState::Saving { .. } => {
            review::show(ui, view, shown, &mut look, save_now, actions);
        }
        SaveState::Conflict { theirs } => {
            let theirs = document.live.as_ref().unwrap_or(theirs);
            conflict::show(ui, view, shown, theirs.as_ref(), &mut look, actions);
        }
        _ => {
            if save_now && bottom::refusal(view).is_none() {
                actions.push(Action::Review(document.key.clone()));
            }
            pages(ui, view, shown, &mut look, actions);
        }
    });
    state.look = look;
    state.look.jump = None;
}

fn pages(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, look: &mut DiffLook, actions: &mut Actions) {
    header::show(ui, view, shown, actions);
    banner::show(ui, view, actions);
    if view.document.page == DocumentPage::History {
        history::show(ui, view, shown, look, actions);
        return;
    }
    bottom::show(ui, view, shown, actions);
    if view.document.base.value().is_none() && view.document.draft.is_none() {
        unread(ui, view, actions);
        return;
    }
    match view.document.page {
        DocumentPage::Diff => diff_page::show(ui, view, shown, look, actions),
        _ if matches!(shown.body, Body::Text(_)) => text_page::show(ui, view, shown, actions),
        _ => bytes_page::show(ui, view, shown, actions),
    }
}

/// The key has not been read yet, or could not be.
fn unread(ui: &mut Ui, view: View<'_>, actions: &mut Actions) {
    match view.document.base.fault() {
        Some(fault) => {
            egui::Frame::new().inner_margin(theme::size::GROUP).show(ui, |ui| {
                if fault_view(ui, fault, true).retry {
                    actions.push(Action::Reload(view.document.key.clone()));
                }
            });
        }
        None => {
            empty_state(ui, icons::HOURGLASS_MEDIUM, &t!("editor.reading"), &t!("editor.reading_hint"), None);
        }
    }
}

/// No key is open: what would be here, and how to get it.
fn nothing_open(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let keys = |command| shortcut_text(command).unwrap_or_default();
    let hint = t!(
        "editor.empty_hint",
        filter = keys(UserCommand::FocusFilter),
        palette = keys(UserCommand::Palette),
        create = keys(UserCommand::CreateKey)
    );
    let action = (!session.profile.read_only).then(|| t!("editor.create").into_owned());
    if empty_state(ui, icons::FILE_TEXT, &t!("editor.empty"), &hint, action.as_deref()) {
        actions.push(Action::Run(UserCommand::CreateKey));
    }
}

/// Lays the text out by its syntax: at once where it is small, else beside the window.
fn lay_out(ctx: &egui::Context, view: View<'_>, shown: &mut DocumentState, actions: &mut Actions) {
    let format = shown.format();
    if view.session.profile.read_only || matches!(format, ValueFormat::Plain | ValueFormat::Binary) {
        return;
    }
    let Body::Text(text) = &shown.body else { return };
    if text.as_str().len() <= check::AT_ONCE_BYTES {
        let laid_out = validate::format_text(format, text.as_str()).ok();
        take_layout(view, text, laid_out, actions);
        return;
    }
    let (version, text) = (text.version(), text.as_str().to_owned());
    let work = move || validate::format_text(format, &text).ok();
    shown.laying_out = Some((version, Beside::start(ctx, "lay-out", work)));
}

/// Takes over what was laid out beside the window, unless the text has been changed since.
fn finish_layout(view: View<'_>, shown: &mut DocumentState, actions: &mut Actions) {
    let Some((version, working)) = shown.laying_out.take() else { return };
    let Body::Text(text) = &shown.body else { return };
    match working.take() {
        _ if text.version() != version => {}
        Answer::Working => shown.laying_out = Some((version, working)),
        Answer::Ready(laid_out) => take_layout(view, text, laid_out, actions),
        Answer::Failed => {}
    }
}

fn take_layout(view: View<'_>, text: &EditText, laid_out: Option<String>, actions: &mut Actions) {
    if let Some(laid_out) = laid_out
        && laid_out != text.as_str()
    {
        let value = text.with_same_ends(&laid_out);
        actions.push(Action::ReplaceDraft { key: view.document.key.clone(), value });
    }
}

//! Questions above everything else: one file each.

mod about;
mod attach_key;
mod close_dirty;
mod confirm;
mod create;
mod delete;
mod edit_instance;
mod end;
mod export;
mod grant_lease;
mod key_field;
mod move_keys;
mod radius;
mod run_plan;
mod settings;
mod shortcuts;
mod undelete;

use egui::{Id, Ui};

use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::dialog::{Dialog, EndHow};
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;

/// What this view keeps between frames: what is typed into the dialog on screen.
#[derive(Default)]
pub struct DialogState {
    /// Which dialog the form belongs to.
    shown: Option<Shown>,
    form: Form,
    /// The newest answer of the system's file dialog that was taken over.
    chosen_serial: u64,
}

/// A dialog by what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    Create(Key),
    Move(TreeItem, bool),
    Delete(Vec<TreeItem>),
    Undelete(Key),
    RunPlan(String),
    End(Option<Key>, i64),
    GrantLease,
    AttachKey(i64),
    EditInstance(Key),
    CloseDirty(Key),
    Export(TreeItem),
    Other,
}

/// What is typed and chosen.
#[derive(Default)]
struct Form {
    /// The key, the new name, the name to confirm, the prefix.
    text: String,
    /// The value, the file.
    second: String,
    keep_lease: bool,
    yaml: bool,
    only_key: bool,
    /// How something that lives on a lease is to be ended.
    how: EndHow,
    /// Whether the first field has been given the keyboard.
    focused: bool,
    collisions: move_keys::Collisions,
    /// Holds what is to be created against its schema.
    schema: create::SchemaGate,
    counted: export::Counted,
    edit: edit_instance::EditForm,
}

/// How a dialog ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    /// It stays.
    #[default]
    Open,
    /// Nothing is done.
    Cancelled,
    /// Its actions are pushed; they close it.
    Done,
}

/// Draws the dialog that is asked for, if one is.
pub fn show(ui: &mut Ui, world: &World, state: &mut DialogState, actions: &mut Actions) {
    let Some(dialog) = &world.dialog else {
        if state.shown.is_some() {
            state.shown = None;
            state.form = Form::default();
        }
        return;
    };
    // What is about the console needs no connection.
    let ending = match dialog {
        Dialog::Settings => Some(settings::show(ui, world, actions)),
        Dialog::Shortcuts => Some(shortcuts::show(ui)),
        Dialog::About => Some(about::show(ui)),
        _ => None,
    };
    if let Some(ending) = ending {
        if ending == Ending::Cancelled {
            actions.push(Action::CloseDialog);
        }
        return;
    }
    let Some(session) = world.active_session() else { return };
    let about = about(dialog);
    if state.shown.as_ref() != Some(&about) {
        state.shown = Some(about);
        state.form = first_form(dialog, session);
        state.chosen_serial = world.chosen_file.as_ref().map_or(0, |chosen| chosen.serial);
    }
    let form = &mut state.form;
    let ending = match dialog {
        Dialog::CreateKey { .. } => create::show(ui, session, form, actions),
        Dialog::Move { from, copy, radius } => {
            let question = move_keys::Question { from, copy: *copy, radius };
            move_keys::show(ui, session, &question, form, actions)
        }
        Dialog::Delete { radius, type_to_confirm, .. } => {
            let type_to_confirm = type_to_confirm.as_deref();
            delete::show(ui, delete::Question { dialog, radius, type_to_confirm }, form, actions)
        }
        Dialog::Undelete { key } => undelete::show(ui, session, key, actions),
        Dialog::RunPlan { work, type_to_confirm, .. } => {
            let type_to_confirm = type_to_confirm.as_deref();
            run_plan::show(ui, run_plan::Question { dialog, work: *work, type_to_confirm }, form, actions)
        }
        Dialog::End(question) => end::show(ui, world, session, question, form, actions),
        Dialog::GrantLease => grant_lease::show(ui, session, form, actions),
        Dialog::AttachKey { lease } => attach_key::show(ui, session, *lease, form, actions),
        Dialog::EditInstance { key } => edit_instance::show(ui, session, key, form, actions),
        Dialog::CloseDirty { key } => close_dirty::show(ui, key, actions),
        Dialog::Export { .. } => export::show(ui, world, session, form, &mut state.chosen_serial, actions),
        // Drawn above.
        Dialog::Settings | Dialog::About | Dialog::Shortcuts => Ending::Open,
    };
    if ending == Ending::Cancelled {
        actions.push(Action::CloseDialog);
    }
}

fn about(dialog: &Dialog) -> Shown {
    match dialog {
        Dialog::CreateKey { prefix } => Shown::Create(prefix.clone()),
        Dialog::Move { from, copy, .. } => Shown::Move(from.clone(), *copy),
        Dialog::Delete { roots, .. } => Shown::Delete(roots.clone()),
        Dialog::Undelete { key } => Shown::Undelete(key.clone()),
        Dialog::RunPlan { plan, .. } => Shown::RunPlan(plan.clone()),
        Dialog::End(question) => {
            Shown::End(question.key.as_ref().map(|(key, _)| key.clone()), question.lease)
        }
        Dialog::GrantLease => Shown::GrantLease,
        Dialog::AttachKey { lease } => Shown::AttachKey(*lease),
        Dialog::EditInstance { key } => Shown::EditInstance(key.clone()),
        Dialog::CloseDirty { key } => Shown::CloseDirty(key.clone()),
        Dialog::Export { what, .. } => Shown::Export(what.clone()),
        Dialog::Settings | Dialog::About | Dialog::Shortcuts => Shown::Other,
    }
}

fn first_form(dialog: &Dialog, session: &Session) -> Form {
    use crate::model::key_text::display_key;
    match dialog {
        Dialog::CreateKey { prefix } => Form { text: display_key(prefix).into_owned(), ..Form::default() },
        Dialog::Move { from, .. } => Form { text: display_key(&from.path).into_owned(), ..Form::default() },
        Dialog::Export { what, .. } => Form {
            text: display_key(&what.path).into_owned(),
            second: export::suggested_path(session, &what.path),
            only_key: !what.is_folder(),
            ..Form::default()
        },
        Dialog::End(question) => Form { how: end::safer(question), ..Form::default() },
        Dialog::GrantLease => Form { text: grant_lease::FIRST.to_owned(), ..Form::default() },
        _ => Form::default(),
    }
}

/// The id of a field of the dialogs.
fn field_id(name: &str) -> Id {
    Id::unique(("dialog field", name))
}

/// Gives the first field the keyboard, with the cursor at the end of its text.
fn focus_first(ui: &Ui, form: &mut Form, id: Id) {
    if form.focused {
        return;
    }
    give_keyboard(ui, form, id);
    let mut edit = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let end = egui::text::CCursor::new(form.text.chars().count());
    edit.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
    edit.store(ui.ctx(), id);
}

/// Asks for the keyboard until it is held: a dialog is measured before it is shown, and what is
/// measured cannot hold it.
fn give_keyboard(ui: &Ui, form: &mut Form, id: Id) {
    if ui.memory(|memory| memory.has_focus(id) && memory.had_focus_last_frame(id)) {
        form.focused = true;
    } else {
        ui.memory_mut(|memory| memory.request_focus(id));
        ui.ctx().request_repaint();
    }
}

/// Whether Enter was pressed where it means the primary button: in one of these fields, or while
/// nothing has the keyboard.
fn entered(ui: &Ui, fields: &[Id]) -> bool {
    ui.input(|input| input.key_pressed(egui::Key::Enter))
        && ui.memory(|memory| {
            // A field of one line has just given the keyboard back.
            memory.focused().is_none_or(|id| fields.contains(&id))
        })
}

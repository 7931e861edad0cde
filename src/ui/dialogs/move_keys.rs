//! Rename or copy a key or a folder.

use std::ops::ControlFlow;

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, key_field, radius};
use crate::action::{Action, Actions};
use crate::model::dialog::BlastRadius;
use crate::model::key_text::display_short;
use crate::model::keyspace::Keyspace;
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::{check_box, field_error};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, count_text};

/// Targets of larger folders are not looked up beforehand; the write leaves alone what exists.
const MAX_CHECKED_KEYS: u64 = 5_000;

/// What is asked.
pub struct Question<'a> {
    /// The key or folder.
    pub from: &'a TreeItem,
    /// Copy instead of rename.
    pub copy: bool,
    /// What it touches.
    pub radius: &'a BlastRadius,
}

/// How many targets exist already, as counted last.
#[derive(Clone, Debug, Default)]
pub struct Collisions {
    counted: Option<(Vec<u8>, Keyspace, u64)>,
}

impl Collisions {
    /// How many keys exist already where something would be written.
    fn count(&mut self, session: &Session, question: &Question<'_>, to: &[u8]) -> u64 {
        let keyspace = &session.keyspace;
        if let Some((counted_to, counted_in, count)) = &self.counted
            && counted_to == to
            && counted_in.is_same(keyspace)
        {
            return *count;
        }
        let count = if question.from.is_folder() {
            if question.radius.keys > MAX_CHECKED_KEYS || keyspace.folder(to).is_none() {
                0
            } else {
                colliding(keyspace, &question.from.path, to)
            }
        } else {
            u64::from(keyspace.get(to).is_some())
        };
        self.counted = Some((to.to_vec(), keyspace.clone(), count));
        count
    }
}

fn colliding(keyspace: &Keyspace, from: &[u8], to: &[u8]) -> u64 {
    let mut count = 0;
    let _completed = keyspace.for_each_prefix(from, &mut |key, _| {
        count += u64::from(keyspace.get(&target(key, from, to)).is_some());
        ControlFlow::Continue(())
    });
    count
}

/// Where a key below `from` goes.
fn target(key: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut target = to.to_vec();
    target.extend_from_slice(key.strip_prefix(from).unwrap_or_default());
    target
}

/// What was typed as a target: a folder's path ends with the separator, whether typed or not.
fn destination(typed: Vec<u8>, folder: bool, separator: u8) -> Vec<u8> {
    let mut to = typed;
    if folder && !to.is_empty() && to.last() != Some(&separator) {
        to.push(separator);
    }
    to
}

pub fn show(
    ui: &mut Ui,
    session: &Session,
    question: &Question<'_>,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let title = match (question.copy, question.from.is_folder()) {
        (false, false) => t!("dialogs.move.rename_key"),
        (false, true) => t!("dialogs.move.rename_folder"),
        (true, false) => t!("dialogs.move.copy_key"),
        (true, true) => t!("dialogs.move.copy_folder"),
    };
    let answer = modal(ui.ctx(), egui::Id::unique("dialog move"), &title, size::DIALOG_WIDE, |ui| {
        contents(ui, session, question, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(
    ui: &mut Ui,
    session: &Session,
    question: &Question<'_>,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.mono_meta(display_short(&question.from.path, 300))).truncate());
    ui.add_space(size::GRID);
    radius::show(ui, question.radius);
    ui.add_space(size::PAD);
    let id = field_id("move to");
    focus_first(ui, form, id);
    let label =
        if question.from.is_folder() { t!("dialogs.move.new_path") } else { t!("dialogs.move.new_key") };
    let typed = key_field::show(ui, id, &label, &mut form.text);
    let separator = session.keyspace.separator();
    let to = typed
        .map(|typed| destination(typed, question.from.is_folder(), separator))
        .filter(|to| !to.is_empty() && **to != *question.from.path);
    let mut collisions = 0;
    if let Some(to) = &to {
        collisions = form.collisions.count(session, question, to);
        if collisions > 0 {
            field_error(ui, &collision_words(question, collisions));
        }
        ui.add_space(size::PAD);
        ui.label(tokens.hint(t!("dialogs.move.preview")));
        radius::sample(ui, question.radius, |key| {
            let new = target(key, &question.from.path, to);
            format!("{} → {}", display_short(key, 160), display_short(&new, 160))
        });
    }
    leases(ui, question, form);
    ui.add_space(size::GRID);
    ui.add(Label::new(tokens.hint(t!("dialogs.move.hint"))).wrap());
    let ready = to.filter(|_| collisions == 0);
    buttons(ui, question, form, ready, entered(ui, &[id]), actions)
}

fn collision_words(question: &Question<'_>, collisions: u64) -> String {
    if question.from.is_folder() {
        t!("dialogs.move.targets_exist", count = count_text(collisions)).into_owned()
    } else {
        t!("dialogs.move.target_exists").into_owned()
    }
}

/// What becomes of leases: a rename keeps them, a copy asks.
fn leases(ui: &mut Ui, question: &Question<'_>, form: &mut Form) {
    if question.radius.leased == 0 {
        return;
    }
    let tokens = theme::tokens(ui);
    ui.add_space(size::PAD);
    if question.copy {
        let hint =
            if form.keep_lease { t!("dialogs.move.lease_kept") } else { t!("dialogs.move.lease_left") };
        check_box(ui, &mut form.keep_lease, &t!("dialogs.move.keep_lease"), Some(&hint));
    } else {
        card(ui, Tone::Changed, icons::CLOCK, |ui| {
            ui.add(Label::new(tokens.body(t!("dialogs.move.rename_leased"))).wrap());
        });
    }
}

fn buttons(
    ui: &mut Ui,
    question: &Question<'_>,
    form: &Form,
    ready: Option<Vec<u8>>,
    enter: bool,
    actions: &mut Actions,
) -> Ending {
    let mut ending = Ending::Open;
    let keys = radius::keys(question.radius.keys);
    let words = match (question.copy, question.from.is_folder()) {
        (false, false) => t!("dialogs.move.rename"),
        (false, true) => t!("dialogs.move.rename_keys", keys = keys),
        (true, false) => t!("dialogs.move.copy"),
        (true, true) => t!("dialogs.move.copy_keys", keys = keys),
    };
    footer(ui, |ui| {
        let pressed = Button::primary(&words).enabled(ready.is_some()).show(ui).clicked();
        if let Some(to) = ready
            && (pressed || enter)
        {
            actions.push(Action::Move {
                from: question.from.clone(),
                to: to.into(),
                copy: question.copy,
                keep_lease: !question.copy || form.keep_lease,
            });
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

#[cfg(test)]
mod tests {
    use super::{colliding, destination, target};
    use crate::model::keyspace::Keyspace;
    use crate::model::record::KeyMeta;

    #[test]
    fn targets_keep_what_follows_the_folder() {
        assert_eq!(target(b"a/b/c", b"a/", b"x/y/"), b"x/y/b/c");
        assert_eq!(target(b"a//\xff", b"a/", b"z/"), b"z//\xff");
        assert_eq!(target(b"key", b"key", b"other"), b"other");
    }

    #[test]
    fn a_folder_ends_with_its_separator() {
        assert_eq!(destination(b"new".to_vec(), true, b'/'), b"new/");
        assert_eq!(destination(b"new/".to_vec(), true, b'/'), b"new/");
        assert_eq!(destination(b"new".to_vec(), false, b'/'), b"new");
        assert_eq!(destination(Vec::new(), true, b'/'), b"");
    }

    #[test]
    fn keys_in_the_way_are_counted() {
        let mut keyspace = Keyspace::default();
        for key in ["a/1", "a/2", "a/b/3", "z/2", "z/b/3", "z/4"] {
            keyspace.put(key.as_bytes(), KeyMeta::default(), None);
        }
        assert_eq!(colliding(&keyspace, b"a/", b"z/"), 2);
        assert_eq!(colliding(&keyspace, b"a/", b"new/"), 0);
    }
}

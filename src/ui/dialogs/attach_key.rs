//! Attach a key to a lease.

use std::ops::ControlFlow;

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, key_field};
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::key_text::display_key;
use crate::model::session::Session;
use crate::ui::coordination::lease_text;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::button::link;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;

/// So many keys that begin like what is typed are offered.
const OFFERED: usize = 6;
/// Longer keys are not offered.
const LONGEST: usize = 400;

/// Draws the dialog.
pub(super) fn show(
    ui: &mut Ui,
    session: &Session,
    lease: i64,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let title = t!("leases.dialog.attach");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog attach key"), &title, size::DIALOG_WIDE, |ui| {
        contents(ui, session, lease, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, lease: i64, form: &mut Form, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    ui.label(tokens.secondary(t!("leases.dialog.to_lease", lease = lease_text(lease))));
    ui.add_space(size::GRID);
    let id = field_id("attach key");
    focus_first(ui, form, id);
    let typed = key_field::show(ui, id, &t!("leases.dialog.key"), &mut form.text);
    let typed = typed.filter(|key| !key.is_empty());
    let found = typed.as_ref().and_then(|key| session.keyspace.get(key).map(|view| view.meta));
    if found.is_none()
        && let Some(typed) = &typed
    {
        offer(ui, session, typed, form);
    }
    let mut ready = None;
    if let (Some(key), Some(meta)) = (&typed, found) {
        ui.add_space(size::GRID);
        let warning = match meta.lease {
            0 => None,
            same if same == lease => Some(t!("leases.dialog.attached_already")),
            other => Some(t!("leases.dialog.other_lease", lease = lease_text(other))),
        };
        if let Some(words) = warning {
            card(ui, Tone::Changed, icons::WARNING, |ui| {
                ui.add(Label::new(tokens.body(words)).wrap());
            });
        }
        if meta.lease != lease {
            ready = Some((Key::from(key.as_slice()), meta.mod_revision));
        }
    }
    ui.add_space(size::GRID);
    ui.add(Label::new(tokens.hint(t!("leases.dialog.attach_hint"))).wrap());
    let enter = entered(ui, &[id]);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let action = t!("leases.dialog.attach_action");
        let pressed = Button::primary(&action).enabled(ready.is_some()).show(ui).clicked();
        if let Some((key, revision)) = ready
            && (pressed || enter)
        {
            actions.push(Action::Attach { key, revision, lease });
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

/// Keys that begin like what is typed, to be taken over by a press.
fn offer(ui: &mut Ui, session: &Session, typed: &[u8], form: &mut Form) {
    let tokens = theme::tokens(ui);
    let mut keys = Vec::new();
    let _flow = session.keyspace.for_each_prefix(typed, &mut |key, _| {
        if key.len() <= LONGEST {
            keys.push(display_key(key).into_owned());
        }
        if keys.len() < OFFERED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if keys.is_empty() {
        ui.label(tokens.hint(t!("leases.dialog.no_such_key")));
    }
    for key in keys {
        if link(ui, &key).clicked() {
            form.text = key;
            // With the cursor at its end.
            form.focused = false;
        }
    }
}

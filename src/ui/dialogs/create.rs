//! A new key.

use egui::{ScrollArea, TextEdit, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, key_field};
use crate::action::{Action, Actions};
use crate::model::bytes::{Key, Value};
use crate::model::schema::Problem;
use crate::model::session::Session;
use crate::ui::schema::{SchemaChecker, Subject, attached};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::Button;
use crate::ui::widgets::button::link;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;

pub fn show(ui: &mut Ui, session: &Session, form: &mut Form, actions: &mut Actions) -> Ending {
    let title = t!("dialogs.create.title");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog create"), &title, size::DIALOG_WIDE, |ui| {
        contents(ui, session, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, form: &mut Form, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    let id = field_id("create key");
    focus_first(ui, form, id);
    let key = key_field::show(ui, id, &t!("dialogs.create.key"), &mut form.text);
    let key = key.filter(|key| !key.is_empty());
    let exists = key.as_ref().is_some_and(|key| session.keyspace.get(key).is_some());
    let mut ending = Ending::Open;
    if exists && let Some(key) = &key {
        ui.add_space(size::GRID);
        card(ui, Tone::Changed, icons::WARNING, |ui| {
            ui.label(tokens.body(t!("dialogs.create.exists")));
            if link(ui, &t!("dialogs.create.open")).clicked() {
                actions.push(Action::CloseDialog);
                actions.push(Action::OpenKey(Key::from(key.as_slice())));
                ending = Ending::Done;
            }
        });
    }
    ui.add_space(size::PAD);
    let label = t!("dialogs.create.value");
    field_label(ui, &label);
    ScrollArea::vertical().id_salt("create value").max_height(220.0).show(ui, |ui| {
        let edit = TextEdit::multiline(&mut form.second)
            .id(field_id("create value"))
            .font(text::mono())
            .desired_rows(7)
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::same(8));
        ui.add(edit).accessible_name(label);
    });
    ui.add_space(size::GRID);
    ui.label(tokens.hint(t!("dialogs.create.hint")));
    let held = key.as_ref().filter(|_| !exists).is_some_and(|key| {
        let Form { schema, second, .. } = form;
        !schema.lets_pass(ui, session, key, second)
    });
    let ready = key.filter(|_| !exists && !held && ending == Ending::Open);
    let enter = entered(ui, &[id]);
    footer(ui, |ui| {
        let create = t!("dialogs.create.action");
        let mut button = Button::primary(&create).enabled(ready.is_some());
        if held {
            button = button.disabled_hint(t!("schema.refusal"));
        }
        let pressed = button.show(ui).clicked();
        if let Some(key) = ready
            && (pressed || enter)
        {
            let value = Value::from(form.second.as_bytes());
            actions.push(Action::Create { key: key.into(), value });
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

/// Holds what is to be created against its schema: what breaks it needs a box to be ticked.
#[derive(Default)]
pub(super) struct SchemaGate {
    checker: SchemaChecker,
    /// What was typed last, and how often it has changed.
    typed: (Vec<u8>, String, u64),
    /// The operator wants this created although its schema has this against it.
    although: Option<(Value, Vec<Problem>)>,
}

impl SchemaGate {
    /// Says what the schema has against a value; whether it may be created.
    fn lets_pass(&mut self, ui: &mut Ui, session: &Session, key: &[u8], text: &str) -> bool {
        if session.schemas.applies(key).is_none() {
            return true;
        }
        if self.typed.0 != key || self.typed.1 != text {
            self.typed = (key.to_vec(), text.to_owned(), self.typed.2 + 1);
        }
        let subject = Subject {
            key: Key::from(key),
            version: self.typed.2,
            format: None,
            schemas: session.schemas.clone(),
        };
        let value = || Value::from(text.as_bytes());
        let state = self.checker.check(ui.ctx(), &subject, value, (f64::MIN, 0.0));
        let Some(checked) = state.last() else { return false };
        let is_this =
            |(of, known): &(Value, Vec<Problem>)| **of == *text.as_bytes() && *known == checked.problems;
        let mut on = self.although.as_ref().is_some_and(is_this);
        if checked.blocks() {
            ui.add_space(size::PAD);
        }
        if attached(ui, checked, &mut on) {
            self.although = on.then(|| (value(), checked.problems.clone()));
        }
        state.known().is_some_and(|checked| !checked.blocks() || on)
    }
}

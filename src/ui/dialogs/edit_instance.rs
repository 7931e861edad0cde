//! Change the weight or the label of an instance: the new registration beside the one that is there, before
//! it is written.

use egui::{Label, Ui, vec2};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, give_keyboard};
use crate::action::{Action, Actions};
use crate::model::bytes::{Key, Value};
use crate::model::coordination::Instance;
use crate::model::format;
use crate::model::key_text::display_short;
use crate::model::recognise::{WhyNot, edit_instance};
use crate::model::session::Session;
use crate::ui::editor::{DiffCache, DiffLook, Stale, show_diff};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::{field_error, field_label, text_field};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::notice::card;

/// Height of what stands below the fields: a dialog that grew and shrank while it is typed in would jump.
const BODY: f32 = 280.0;
/// Width of the field of the weight.
const WEIGHT: f32 = 120.0;

/// What is typed, and what came of it.
#[derive(Default)]
pub(super) struct EditForm {
    /// What the fields began with, and the revision that it was of.
    began: Option<(Wish, i64)>,
    wish: Wish,
    /// The registration that was last made, and of what.
    made: Option<Made>,
    diff: DiffCache,
    look: DiffLook,
}

/// A weight and a label as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wish {
    weight: String,
    label: String,
}

impl Wish {
    fn of(instance: &Instance) -> Self {
        let weight = instance.weight.map(|weight| weight.to_string()).unwrap_or_default();
        Self { weight, label: instance.label.clone().unwrap_or_default() }
    }
}

/// What is to be written.
#[derive(Clone, PartialEq)]
struct Change {
    weight: Option<f64>,
    label: Option<String>,
}

struct Made {
    value: Value,
    change: Change,
    result: Result<Value, WhyNot>,
}

/// Draws the dialog.
pub(super) fn show(
    ui: &mut Ui,
    session: &Session,
    key: &Key,
    form: &mut Form,
    actions: &mut Actions,
) -> Ending {
    let title = t!("services.edit_dialog.title");
    let id = egui::Id::unique("dialog edit instance");
    let answer =
        modal(ui.ctx(), id, &title, size::DIALOG_WIDE, |ui| contents(ui, session, key, form, actions));
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, key: &Key, form: &mut Form, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    ui.add(Label::new(tokens.mono(display_short(key, 300))).wrap());
    ui.add_space(size::PAD);
    let instance = session.coordination.instance_of(key).map(|(_, instance)| instance.clone());
    let Some(instance) = instance else {
        trouble(ui, &t!("services.edit_dialog.gone"));
        return buttons(ui, &[], None, actions);
    };
    let now = Wish::of(&instance);
    let (began, revision) = form.edit.began.get_or_insert((now, instance.meta.mod_revision)).clone();
    if form.edit.made.is_none() && form.edit.wish == Wish::default() {
        form.edit.wish = began.clone();
    }
    let fields = fields(ui, form);
    let mut write = None;
    ui.allocate_ui(vec2(ui.available_width(), BODY), |ui| {
        ui.set_height(BODY);
        write = body(ui, session, &instance, (&began, revision), &mut form.edit);
    });
    let write = write.filter(|_| !session.profile.read_only);
    buttons(ui, &fields, write, actions)
}

/// What would be written, or why nothing can be.
fn body(
    ui: &mut Ui,
    session: &Session,
    instance: &Instance,
    (began, revision): (&Wish, i64),
    form: &mut EditForm,
) -> Option<Action> {
    let tokens = theme::tokens(ui);
    let key = &instance.key;
    let view = session.keyspace.get(key);
    let Some((value, meta)) = view.and_then(|view| Some((view.value.cloned()?, view.meta))) else {
        trouble(ui, &t!("services.edit_dialog.no_value"));
        return None;
    };
    if meta.mod_revision != revision {
        card(ui, Tone::Changed, icons::INFO, |ui| {
            ui.add(Label::new(tokens.body(t!("services.edit_dialog.changed"))).wrap());
        });
    }
    let new = new_value(ui, form, began, instance, &value).filter(|new| *new != value)?;
    difference(ui, form, key, [&value, &new], meta.mod_revision);
    Some(Action::EditInstance { key: key.clone(), revision: meta.mod_revision, value: new })
}

fn trouble(ui: &mut Ui, words: &str) {
    let tokens = theme::tokens(ui);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        ui.add(Label::new(tokens.body(words)).wrap());
    });
}

/// The two fields, and the labels that are usual.
fn fields(ui: &mut Ui, form: &mut Form) -> [egui::Id; 2] {
    let ids = [field_id("instance weight"), field_id("instance label")];
    if !form.focused {
        give_keyboard(ui, form, ids[0]);
    }
    let wish = &mut form.edit.wish;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = size::GROUP;
        ui.vertical(|ui| {
            ui.set_width(WEIGHT);
            let label = t!("services.edit_dialog.weight");
            field_label(ui, &label);
            text_field(ui, ids[0], &mut wish.weight, &label, &t!("services.edit_dialog.weight_hint"));
        });
        ui.vertical(|ui| {
            let label = t!("services.edit_dialog.label");
            field_label(ui, &label);
            ui.horizontal(|ui| {
                let others = 240.0_f32.min(ui.available_width() * 0.6);
                let width = (ui.available_width() - others).max(80.0);
                ui.allocate_ui(vec2(width, size::CONTROL), |ui| {
                    text_field(ui, ids[1], &mut wish.label, &label, &t!("services.edit_dialog.label_hint"));
                });
                let usual = [
                    (t!("services.edit_dialog.stable"), "stable"),
                    (t!("services.edit_dialog.canary"), "canary"),
                    (t!("services.edit_dialog.no_label"), ""),
                ];
                for (words, usual) in usual {
                    if Button::quiet(&words).small().enabled(wish.label != usual).show(ui).clicked() {
                        usual.clone_into(&mut wish.label);
                    }
                }
            });
        });
    });
    ui.add_space(size::PAD);
    ids
}

/// The registration as it would be; `None` where nothing changes, or it can not be, which is said.
fn new_value(
    ui: &mut Ui,
    form: &mut EditForm,
    began: &Wish,
    instance: &Instance,
    value: &Value,
) -> Option<Value> {
    let tokens = theme::tokens(ui);
    let typed = form.wish.weight.trim();
    // What was not touched stays as it is, whatever it is by now.
    let weight = (typed != began.weight.trim()).then(|| typed.parse::<f64>());
    let weight = match weight {
        None => None,
        Some(Ok(weight)) if weight.is_finite() && weight >= 0.0 => Some(weight),
        Some(_) => {
            field_error(ui, &t!("services.edit_dialog.not_number"));
            return None;
        }
    };
    let label = form.wish.label.trim();
    let label = (label != began.label.trim()).then(|| label.to_owned());
    let change = Change { weight, label };
    if change == (Change { weight: None, label: None }) {
        ui.label(tokens.hint(t!("services.edit_dialog.unchanged")));
        return None;
    }
    let same = form.made.as_ref().is_some_and(|made| made.value == *value && made.change == change);
    if !same {
        let result = edit_instance(instance, value, change.weight, change.label.as_deref());
        form.made = Some(Made { value: value.clone(), change, result });
    }
    match &form.made.as_ref()?.result {
        Ok(new) => {
            if new == value {
                ui.label(tokens.hint(t!("services.edit_dialog.unchanged")));
            }
            Some(new.clone())
        }
        Err(why) => {
            trouble(ui, &why_words(*why));
            None
        }
    }
}

fn why_words(why: WhyNot) -> String {
    match why {
        WhyNot::PlainAddress => t!("services.edit_dialog.why.plain_address"),
        WhyNot::InTheKey => t!("services.edit_dialog.why.in_the_key"),
        WhyNot::NoSuchField => t!("services.edit_dialog.why.no_such_field"),
        WhyNot::WrittenBySystem => t!("services.edit_dialog.why.written_by_system"),
        WhyNot::Several => t!("services.edit_dialog.why.several"),
        WhyNot::NotJson => t!("services.edit_dialog.why.not_json"),
        WhyNot::TextOnly => t!("services.edit_dialog.why.text_only"),
        WhyNot::BadWeight => t!("services.edit_dialog.not_number"),
        WhyNot::WholeNumber => t!("services.edit_dialog.why.whole_number"),
    }
    .into_owned()
}

fn difference(ui: &mut Ui, form: &mut EditForm, key: &Key, [old, new]: [&Value; 2], revision: i64) {
    let tokens = theme::tokens(ui);
    form.look.format = format::detect(key, new);
    let names = [t!("services.edit_dialog.before", revision = revision), t!("services.edit_dialog.after")];
    let height = (ui.available_height() - size::ROW).max(80.0);
    ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
        ui.set_height(height);
        let EditForm { diff, look, .. } = form;
        show_diff(ui, diff, old, new, [&names[0], &names[1]], look, Stale::Hide, |_| {});
    });
    ui.add(Label::new(tokens.hint(t!("services.edit_dialog.keeps", revision = revision))).truncate());
}

fn buttons(ui: &mut Ui, fields: &[egui::Id], write: Option<Action>, actions: &mut Actions) -> Ending {
    let enter = entered(ui, fields);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let words = t!("services.edit_dialog.action");
        let pressed = Button::primary(&words).enabled(write.is_some()).show(ui).clicked();
        if let Some(write) = write
            && (pressed || enter)
        {
            actions.push(write);
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

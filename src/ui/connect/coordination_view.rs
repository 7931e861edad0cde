//! The part of the form about services, locks and elections: rules by prefix, heartbeat, alert.

use egui::{ComboBox, Frame, Id, Label, Margin, RichText, Ui};
use rust_i18n::t;

use super::Form;
use super::coordination_form::{CoordinationForm, RuleForm};
use crate::model::coordination::rules::RuleKind;
use crate::model::keyspace::Keyspace;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::{field_error, field_label, mono_field, outline_error};
use crate::ui::widgets::{icon_button, link};

/// Draws it.
pub(super) fn show(ui: &mut Ui, world: &World, form: &mut Form) {
    let open = world.sessions.iter().find(|session| Some(&session.profile.name) == form.editing.as_ref());
    let keyspace = open.map(|session| &session.keyspace);
    let form = &mut form.coordination;
    ui.add(Label::new(theme::tokens(ui).hint(t!("rules.hint"))).wrap());
    rules(ui, form, keyspace);
    numbers(ui, form);
}

fn rules(ui: &mut Ui, form: &mut CoordinationForm, keyspace: Option<&Keyspace>) {
    let tokens = theme::tokens(ui);
    let mut removed = None;
    for (at, rule) in form.rules.iter_mut().enumerate() {
        ui.add_space(size::GRID);
        let frame = Frame::new().fill(tokens.panel).corner_radius(f32::from(size::RADIUS));
        frame.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.horizontal(|ui| {
                let title = t!("rules.title", n = at + 1);
                ui.label(RichText::new(title).font(text::medium()).color(tokens.text));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if icon_button(ui, icons::TRASH, &t!("rules.remove", n = at + 1), None).clicked() {
                        removed = Some(at);
                    }
                });
            });
            rule_fields(ui, at + 1, rule, keyspace);
        });
    }
    if let Some(at) = removed {
        form.rules.remove(at);
    }
    if link(ui, &t!("rules.add")).clicked() {
        form.rules.push(RuleForm::default());
        let id = prefix_id(form.rules.len());
        ui.memory_mut(|memory| memory.request_focus(id));
    }
}

fn prefix_id(number: usize) -> Id {
    Id::unique(("coordination rule prefix", number))
}

fn rule_fields(ui: &mut Ui, number: usize, rule: &mut RuleForm, keyspace: Option<&Keyspace>) {
    let tokens = theme::tokens(ui);
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            field_label(left, &t!("rules.prefix"));
            let name = t!("rules.prefix_field", n = number);
            let response = mono_field(left, prefix_id(number), &mut rule.prefix, &name, "/gates/");
            if rule.prefix_is_wrong() {
                outline_error(left, &response);
                field_error(left, &t!("rules.prefix_invalid"));
            } else if let Some((keyspace, prefix)) = keyspace.zip(rule.bytes()) {
                let keys = keyspace.count_prefix(&prefix);
                left.label(tokens.hint(t!("rules.matches", count = keys)));
            }
            field_label(right, &t!("rules.kind"));
            choose(right, number, &mut rule.kind);
        }
    });
    ui.add(Label::new(tokens.hint(kind_hint(rule.kind))).wrap());
    if !rule.has_owner() {
        return;
    }
    field_label(ui, &t!("rules.owner"));
    let name = t!("rules.owner_field", n = number);
    let id = Id::unique(("coordination rule owner", number));
    let response = mono_field(ui, id, &mut rule.owner, &name, r#""host":"([^"]+)""#);
    match rule.fault() {
        Some(fault) => {
            outline_error(ui, &response);
            field_error(ui, &t!("rules.owner_invalid", said = fault));
        }
        None => {
            ui.add(Label::new(tokens.hint(t!("rules.owner_hint"))).wrap());
        }
    }
}

const KINDS: [RuleKind; 5] =
    [RuleKind::Service, RuleKind::Report, RuleKind::Lock, RuleKind::Election, RuleKind::Nothing];

fn kind_name(kind: RuleKind) -> std::borrow::Cow<'static, str> {
    match kind {
        RuleKind::Service => t!("rules.service"),
        RuleKind::Report => t!("rules.report"),
        RuleKind::Lock => t!("rules.lock"),
        RuleKind::Election => t!("rules.election"),
        RuleKind::Nothing => t!("rules.nothing"),
    }
}

fn kind_hint(kind: RuleKind) -> std::borrow::Cow<'static, str> {
    match kind {
        RuleKind::Service => t!("rules.service_hint"),
        RuleKind::Report => t!("rules.report_hint"),
        RuleKind::Lock => t!("rules.lock_hint"),
        RuleKind::Election => t!("rules.election_hint"),
        RuleKind::Nothing => t!("rules.nothing_hint"),
    }
}

fn choose(ui: &mut Ui, number: usize, kind: &mut RuleKind) {
    let combo = ComboBox::from_id_salt(("kind of coordination rule", number))
        .icon(open_sign)
        .width(ui.available_width())
        .truncate()
        .selected_text(kind_name(*kind));
    let combo = combo.show_ui(ui, |ui| {
        for choice in KINDS {
            ui.selectable_value(kind, choice, kind_name(choice));
        }
    });
    combo.response.accessible_name(t!("rules.chooser", n = number));
}

fn numbers(ui: &mut Ui, form: &mut CoordinationForm) {
    let pair =
        |ui: &mut Ui, wrong: bool, one: (&str, &mut String, &str), other: (&str, &mut String, &str)| {
            ui.columns(2, |columns| {
                for (ui, (words, text, hint)) in columns.iter_mut().zip([one, other]) {
                    let name = t!(words);
                    field_label(ui, &name);
                    let field = mono_field(ui, Id::unique(("coordination number", words)), text, &name, hint);
                    if wrong {
                        outline_error(ui, &field);
                    }
                }
            });
        };
    ui.add_space(size::PAD);
    let wrong = form.heartbeat_problem().is_some();
    pair(ui, wrong, ("rules.late", &mut form.late, "3"), ("rules.down", &mut form.down, "10"));
    said(ui, form.heartbeat_problem(), &t!("rules.heartbeat_hint"));
    ui.add_space(size::GRID);
    let wrong = form.alert_problem().is_some();
    pair(ui, wrong, ("rules.changes", &mut form.changes, "3"), ("rules.minutes", &mut form.minutes, "10"));
    said(ui, form.alert_problem(), &t!("rules.alert_hint"));
}

/// What is wrong, or what it is for.
fn said(ui: &mut Ui, problem: Option<&str>, hint: &str) {
    match problem {
        Some(words) => field_error(ui, &t!(words)),
        None => {
            ui.add(Label::new(theme::tokens(ui).hint(hint)).wrap());
        }
    }
}

//! The part of the form about schemas: where they are in etcd, the rules of this connection, and what
//! applies to a key.

use egui::{Frame, Id, Label, Margin, RichText, Ui};
use rust_i18n::t;

use super::Form;
use crate::model::keyspace::Keyspace;
use crate::model::schema::{SchemaRule, SchemaSet};
use crate::model::world::World;
use crate::ui::schema::{RuleState, rule_fields, words};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::field::{check_box, field_label, mono_field};
use crate::ui::widgets::{icon_button, link};

/// What this part keeps between frames.
#[derive(Default)]
pub(super) struct SchemaRules {
    states: Vec<RuleState>,
    /// The key that it is asked about.
    tried: String,
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, world: &World, form: &mut Form, rules: &mut SchemaRules) {
    let tokens = theme::tokens(ui);
    let separator = form.separator.bytes().next().filter(u8::is_ascii).unwrap_or(b'/');
    let settings = &mut form.schemas;
    check_box(
        ui,
        &mut settings.recognise,
        &t!("schema.form_recognise"),
        Some(&t!("schema.form_recognise_hint")),
    );
    let name = t!("schema.form_prefix");
    field_label(ui, &name);
    let usual = format!("config{0}schema{0}", char::from(separator));
    let mut prefix = settings.prefix.clone().unwrap_or_else(|| usual.clone());
    if mono_field(ui, Id::unique("connect schema prefix"), &mut prefix, &name, &t!("schema.form_prefix_none"))
        .changed()
    {
        settings.prefix = (prefix != usual).then_some(prefix);
    }
    ui.add(Label::new(tokens.hint(t!("schema.form_prefix_hint"))).wrap());
    rules.states.resize_with(settings.rules.len(), RuleState::default);
    let mut removed = None;
    for (at, (rule, state)) in settings.rules.iter_mut().zip(&mut rules.states).enumerate() {
        let frame = Frame::new().fill(tokens.panel).corner_radius(f32::from(size::RADIUS));
        ui.add_space(size::GRID);
        frame.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.horizontal(|ui| {
                let title = t!("schema.rule.title", n = at + 1);
                ui.label(RichText::new(title).font(text::medium()).color(tokens.text));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if icon_button(ui, icons::TRASH, &t!("schema.rule.remove", n = at + 1), None).clicked() {
                        removed = Some(at);
                    }
                });
            });
            rule_fields(ui, "connect", at + 1, rule, state);
        });
    }
    if let Some(at) = removed {
        settings.rules.remove(at);
        rules.states.remove(at);
    }
    if link(ui, &t!("schema.rule.add")).clicked() {
        settings.rules.push(SchemaRule::default());
    }
    tried(ui, world, form, rules, separator);
}

/// What applies to a key that is typed.
fn tried(ui: &mut Ui, world: &World, form: &Form, rules: &mut SchemaRules, separator: u8) {
    let tokens = theme::tokens(ui);
    let name = t!("schema.try.key");
    field_label(ui, &name);
    mono_field(
        ui,
        Id::unique("connect schema try"),
        &mut rules.tried,
        &name,
        "/config/production/order-service/logging",
    );
    if rules.tried.is_empty() {
        return;
    }
    // The documents in etcd are known where the connection is open.
    let open = world.sessions.iter().find(|session| Some(&session.profile.name) == form.editing.as_ref());
    let nothing = Keyspace::new(separator);
    let keyspace = open.map_or(&nothing, |session| &session.keyspace);
    let set = SchemaSet::new(&form.schemas, keyspace);
    let words = match set.applies(rules.tried.as_bytes()) {
        Some(applied) => {
            format!("{}. {}", words::schema_name(&applied), words::why(&applied))
        }
        None if open.is_some() => t!("schema.try.nothing").into_owned(),
        None => t!("schema.try.nothing_closed").into_owned(),
    };
    ui.add(Label::new(tokens.body(words)).wrap());
}

//! The fields of a rule: which keys, and what they must be.

use std::sync::Arc;

use egui::{ComboBox, Id, TextEdit, Ui};
use rust_i18n::t;

use super::words;
use crate::model::schema::{Kind, RuleSchema, Schema, SchemaRule};
use crate::ui::theme::text;
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::{field_error, field_label, mono_field};

/// A longer document is looked at when it is used.
const MAX_CHECKED_BYTES: usize = 16 * 1024;

/// What was found out about the documents that are typed.
#[derive(Default)]
pub struct RuleState {
    /// A document and what is wrong with it.
    checked: Option<(String, Option<String>)>,
}

impl RuleState {
    fn mistake(&mut self, document: &str) -> Option<&str> {
        if document.len() > MAX_CHECKED_BYTES {
            return None;
        }
        if self.checked.as_ref().is_none_or(|(of, _)| of != document) {
            let mistake =
                Schema::check(document, &Arc::default()).err().map(|problem| words::problem(&problem));
            self.checked = Some((document.to_owned(), mistake));
        }
        self.checked.as_ref().and_then(|(_, mistake)| mistake.as_deref())
    }
}

/// Draws the fields of the rule with this number (from 1).
pub fn rule_fields(ui: &mut Ui, salt: &str, number: usize, rule: &mut SchemaRule, state: &mut RuleState) {
    let id = |part: &str| Id::unique(("schema rule", salt, number, part));
    let name = t!("schema.rule.pattern", n = number);
    field_label(ui, &t!("schema.rule.keys"));
    mono_field(ui, id("pattern"), &mut rule.pattern, &name, "config/*/order-service/logging");
    field_label(ui, &t!("schema.rule.must_be"));
    choose(ui, salt, number, &mut rule.schema);
    match &mut rule.schema {
        RuleSchema::Kind(_) => {}
        RuleSchema::Key(key) => {
            let name = t!("schema.rule.key", n = number);
            mono_field(ui, id("key"), key, &name, "config/schema/order-service/logging");
        }
        RuleSchema::Document(document) => {
            let name = t!("schema.rule.document", n = number);
            let edit = TextEdit::multiline(document)
                .id(id("document"))
                .font(text::mono_small())
                .desired_rows(5)
                .desired_width(f32::INFINITY)
                .margin(egui::Margin::same(8));
            ui.add(edit).accessible_name(name);
            if let Some(mistake) = state.mistake(document) {
                field_error(ui, mistake);
            }
        }
    }
}

fn schema_name(schema: &RuleSchema) -> String {
    match schema {
        RuleSchema::Kind(name) => Kind::of_name(name).map_or_else(|| name.clone(), words::kind_name),
        RuleSchema::Key(_) => t!("schema.rule.in_etcd").into_owned(),
        RuleSchema::Document(_) => t!("schema.rule.typed").into_owned(),
    }
}

fn choose(ui: &mut Ui, salt: &str, number: usize, schema: &mut RuleSchema) {
    let selected = schema_name(schema);
    let combo = ComboBox::from_id_salt(("schema of rule", salt, number))
        .icon(open_sign)
        .width(260.0)
        .truncate()
        .selected_text(selected);
    let mut chosen = None;
    let combo = combo.show_ui(ui, |ui| {
        let kinds = Kind::ALL.into_iter().map(|kind| RuleSchema::Kind(kind.name().to_owned()));
        let others = [RuleSchema::Key(String::new()), RuleSchema::Document(String::from("{}"))];
        for choice in kinds.chain(others) {
            let on = match (&*schema, &choice) {
                (RuleSchema::Kind(now), RuleSchema::Kind(offered)) => now == offered,
                (now, offered) => std::mem::discriminant(now) == std::mem::discriminant(offered),
            };
            if ui.selectable_label(on, schema_name(&choice)).clicked() && !on {
                chosen = Some(choice);
            }
        }
    });
    combo.response.accessible_name(t!("schema.rule.chooser", n = number));
    if let Some(chosen) = chosen {
        *schema = chosen;
    }
}

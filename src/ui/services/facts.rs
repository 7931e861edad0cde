//! What an instance says of itself, as rows of properties.

use egui::Ui;
use rust_i18n::t;

use super::{View, words};
use crate::action::{Action, Actions};
use crate::model::coordination::Instance;
use crate::model::key_text::{display_short, neutral};
use crate::ui::coordination::{began, confidence_words, layout_words, lease_text, open_key};
use crate::ui::theme::{self, size};
use crate::ui::ttl;
use crate::ui::widgets::{elided, property, property_mono, section_header, time_text};

/// Characters of a text that are shown.
const LONGEST: usize = 400;
/// So many of the metadata are listed.
const MOST_METADATA: usize = 200;

/// Draws them.
pub(super) fn show(ui: &mut Ui, view: View<'_>, instance: &Instance, actions: &mut Actions) {
    let mut copied = Vec::new();
    section_header(ui, &t!("services.registration"), |_| {});
    registration(ui, view, instance, &mut copied, actions);
    section_header(ui, &t!("services.report"), |_| {});
    report(ui, view, instance, &mut copied, actions);
    if !instance.nodes.is_empty() {
        section_header(ui, &t!("services.nodes"), |_| {});
    }
    for (at, node) in instance.nodes.iter().take(MOST_METADATA).enumerate() {
        let weight = node.weight.map(|weight| t!("services.row.weight", weight = words::weight(weight)));
        let name = weight.unwrap_or_else(|| (at + 1).to_string().into());
        copied.extend(property_mono(ui, &name, &short(&node.address)));
    }
    section_header(ui, &t!("services.metadata"), |_| {});
    metadata(ui, instance, &mut copied);
    for text in copied {
        actions.push(Action::CopyText(text));
    }
}

fn short(text: &str) -> String {
    neutral(text).chars().take(LONGEST).collect()
}

fn registration(
    ui: &mut Ui,
    view: View<'_>,
    instance: &Instance,
    copied: &mut Vec<String>,
    actions: &mut Actions,
) {
    if let Some(address) = &instance.address {
        copied.extend(property_mono(ui, &t!("services.fact.address"), &short(address)));
    }
    if let Some(version) = &instance.version {
        copied.extend(property_mono(ui, &t!("services.fact.version"), &short(version)));
    }
    if let Some(label) = &instance.label {
        copied.extend(property(ui, &t!("services.fact.label"), &short(label)));
    }
    if let Some(weight) = instance.weight {
        copied.extend(property_mono(ui, &t!("services.fact.weight"), &words::weight(weight)));
    }
    if let Some(status) = &instance.status {
        copied.extend(property(ui, &t!("services.fact.status"), &words::told_status(status)));
    }
    let meta = &instance.meta;
    let since = began(instance.since, meta.create_revision, view.world.now);
    copied.extend(property(ui, &t!("services.fact.since"), &since));
    if let Some(at) = instance.renewed_at {
        copied.extend(property(ui, &t!("services.fact.written"), &time_text(at, view.world.now)));
    }
    let revisions = t!(
        "services.fact.revisions",
        created = meta.create_revision,
        modified = meta.mod_revision,
        version = meta.version
    );
    copied.extend(property_mono(ui, &t!("services.fact.revision"), &revisions));
    let key = display_short(&instance.key, LONGEST);
    if link_row(ui, &t!("services.fact.key"), &key) {
        open_key(&instance.key, actions);
    }
    if meta.lease == 0 {
        property(ui, &t!("services.fact.lease"), &t!("services.no_lease"));
    } else {
        if link_row(ui, &t!("services.fact.lease"), &lease_text(meta.lease)) {
            actions.push(Action::ShowLease(meta.lease));
        }
        let left = ttl::of(view.session, meta.lease, view.world.now);
        ttl::property_row(ui, &t!("services.fact.ttl"), left);
    }
    let mut sure = confidence_words(instance.confidence).into_owned();
    if let Some(layout) = layout_words(instance.layout) {
        sure = format!("{layout} · {sure}");
    }
    property(ui, &t!("services.fact.layout"), &sure);
}

fn report(ui: &mut Ui, view: View<'_>, instance: &Instance, copied: &mut Vec<String>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some(report) = &instance.report else {
        let words = match instance.meta.lease {
            0 => t!("services.no_report_unleased"),
            _ => t!("services.no_report"),
        };
        ui.add(egui::Label::new(tokens.hint(words)).wrap());
        return;
    };
    if let Some(status) = &report.status {
        copied.extend(property(ui, &t!("services.fact.status"), &words::told_status(status)));
    }
    if let Some(breaker) = report.breaker {
        copied.extend(property(ui, &t!("services.fact.breaker"), &words::breaker(breaker).0));
    }
    let seen = match report.seen_at {
        Some(at) => t!(
            "services.fact.age",
            age = words::age((view.now - at).max(0)),
            time = crate::ui::widgets::clock_text(at, view.world.now)
        ),
        None => t!("services.fact.before_watched"),
    };
    copied.extend(property(ui, &t!("services.fact.seen"), &seen));
    if let Some(told_at) = &report.told_at {
        copied.extend(property_mono(ui, &t!("services.fact.told_at"), &short(told_at)));
    }
    if let Some(connections) = report.connections {
        let words = format!("{connections:.0}");
        copied.extend(property_mono(ui, &t!("services.fact.connections"), &words));
    }
    match &report.key {
        Some(key) => {
            if link_row(ui, &t!("services.fact.report_key"), &display_short(key, LONGEST)) {
                open_key(key, actions);
            }
        }
        None => {
            property(ui, &t!("services.fact.report_key"), &t!("services.fact.in_registration"));
        }
    }
}

fn metadata(ui: &mut Ui, instance: &Instance, copied: &mut Vec<String>) {
    let tokens = theme::tokens(ui);
    if instance.metadata.is_empty() {
        ui.label(tokens.hint(t!("services.no_metadata")));
    }
    for (name, value) in instance.metadata.iter().take(MOST_METADATA) {
        copied.extend(property_mono(ui, &short(name), &short(value)));
    }
}

/// A label and a link, cut off in front where there is no room. Whether it was pressed.
fn link_row(ui: &mut Ui, label: &str, words: &str) -> bool {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        let width = size::LABEL.min(ui.available_width() * 0.45);
        let (rect, _) = ui.allocate_exact_size(egui::vec2(width, size::ROW), egui::Sense::hover());
        let galley = elided(ui.painter(), label, theme::text::meta(), tokens.second, width);
        let at = egui::pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, tokens.second);
        super::detail::link_within(ui, words).clicked()
    })
    .inner
}

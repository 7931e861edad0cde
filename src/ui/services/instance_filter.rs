//! Which instances of a service are listed: by a part of what they say of themselves, and by how they are.

use std::sync::Arc;

use egui::{Align, Frame, Id, Layout, Margin, Ui, vec2};
use rust_i18n::t;

use super::words;
use crate::model::coordination::{Health, Instance, InstanceCounts};
use crate::ui::theme::size;
use crate::ui::widgets::Tone;
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::filter_chips::{FilterChip, filter_chips};

/// Fewer instances are seen at a glance.
const WORTH_IT: usize = 8;
/// Width of the field.
const FIELD: f32 = 200.0;

/// What is looked for.
#[derive(Default)]
pub(super) struct InstanceFilter {
    text: String,
    /// Those that are so alone.
    only: Option<Health>,
    /// How many are how, of those that the text finds.
    counts: InstanceCounts,
    changed: bool,
}

impl InstanceFilter {
    /// Everything is wanted again.
    pub(super) fn clear(&mut self) {
        *self = Self { changed: true, ..Self::default() };
    }

    /// Whether something else is wanted since this was asked last.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Keeps those that are wanted.
    pub(super) fn apply(&mut self, rows: &mut Vec<(Health, Arc<Instance>)>) {
        let text = self.text.trim().to_lowercase();
        if !text.is_empty() {
            rows.retain(|(_, instance)| says(instance, &text));
        }
        self.counts = InstanceCounts::default();
        rows.iter().for_each(|(health, _)| self.counts.add(*health));
        if let Some(only) = self.only {
            rows.retain(|(health, _)| *health == only);
        }
    }

    /// Draws it, where there are enough instances for it to be of use.
    pub(super) fn show(&mut self, ui: &mut Ui, instances: usize) {
        if instances < WORTH_IT && self.only.is_none() && self.text.is_empty() {
            return;
        }
        Frame::new().inner_margin(Margin { left: 16, right: 12, top: 8, bottom: 2 }).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = size::PAD;
                let field = vec2(FIELD.min(ui.available_width() * 0.4), size::CONTROL);
                ui.allocate_ui_with_layout(field, Layout::left_to_right(Align::Center), |ui| {
                    let (name, hint) =
                        (t!("services.filter_instances"), t!("services.filter_instances_hint"));
                    let before = self.text.clone();
                    search_field(ui, Id::unique("instances filter"), &mut self.text, &name, &hint);
                    self.changed |= self.text != before;
                });
                if let Some(chosen) = filter_chips(ui, self.only, &self.chips()) {
                    self.only = chosen;
                    self.changed = true;
                }
            });
        });
    }

    fn chips(&self) -> Vec<FilterChip<Option<Health>>> {
        let all = FilterChip {
            value: None,
            label: t!("services.only.all"),
            hint: t!("services.only.all_instances_hint"),
            count: self.counts.all(),
            tone: Tone::Plain,
        };
        let of = |health: Health| FilterChip {
            value: Some(health),
            label: words::health(health),
            hint: words::health_hint(health),
            count: self.counts.of(health),
            tone: words::tone(health),
        };
        // What there is none of takes no room.
        let shown = |chip: &FilterChip<_>| chip.count > 0 || chip.value == self.only;
        let healths = words::HEALTHS.into_iter().rev().map(of).filter(shown);
        std::iter::once(all).chain(healths).collect()
    }
}

/// Whether an instance says this of itself.
fn says(instance: &Instance, text: &str) -> bool {
    let has = |said: &str| said.to_lowercase().contains(text);
    let told = [&instance.address, &instance.version, &instance.label];
    has(&instance.id) || told.into_iter().flatten().any(|said| has(said))
}

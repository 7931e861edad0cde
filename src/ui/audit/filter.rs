//! What is looked for in the log.

use egui::{Align, ComboBox, Frame, Id, Layout, Margin, Ui, vec2};
use rust_i18n::t;

use super::{bar, words};
use crate::model::audit::{AuditOperation, AuditPage, AuditQuery};
use crate::model::key_text::neutral;
use crate::ui::theme::size;
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::{check_box, search_field};

/// The field is not wider.
const FIELD: f32 = 320.0;
/// What the other controls need.
const OTHERS: f32 = 480.0;

/// Draws the bar.
pub(super) fn show(ui: &mut Ui, page: Option<&AuditPage>, query: &mut AuditQuery) {
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 4, bottom: 6 }).show(ui, |ui| {
        let room = bar(ui);
        ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            let width = (ui.available_width() - OTHERS).clamp(120.0, FIELD);
            ui.allocate_ui_with_layout(
                vec2(width, size::CONTROL),
                Layout::left_to_right(Align::Center),
                |ui| {
                    let name = t!("audit.filter");
                    search_field(
                        ui,
                        Id::unique("audit filter"),
                        &mut query.text,
                        &name,
                        &t!("audit.filter_hint"),
                    );
                },
            );
            operations(ui, query);
            profiles(ui, page, query);
            check_box(ui, &mut query.only_failed, &t!("audit.only_failed"), None);
        });
    });
}

fn operations(ui: &mut Ui, query: &mut AuditQuery) {
    let all = t!("audit.every_operation").into_owned();
    let selected = query.operation.map_or_else(|| all.clone(), words::operation);
    let combo =
        ComboBox::from_id_salt("audit operation").icon(open_sign).width(120.0).selected_text(selected);
    let combo = combo.show_ui(ui, |ui| {
        ui.selectable_value(&mut query.operation, None, all);
        for operation in AuditOperation::ALL {
            ui.selectable_value(&mut query.operation, Some(operation), words::operation(operation));
        }
    });
    combo.response.accessible_name(t!("audit.column.operation"));
}

fn profiles(ui: &mut Ui, page: Option<&AuditPage>, query: &mut AuditQuery) {
    let all = t!("audit.every_profile").into_owned();
    let selected = query.profile.as_deref().map_or_else(|| all.clone(), |name| neutral(name).into_owned());
    let combo = ComboBox::from_id_salt("audit profile")
        .icon(open_sign)
        .width(120.0)
        .truncate()
        .selected_text(selected);
    let combo = combo.show_ui(ui, |ui| {
        ui.selectable_value(&mut query.profile, None, all);
        for profile in page.iter().flat_map(|page| &page.profiles) {
            ui.selectable_value(&mut query.profile, Some(profile.clone()), neutral(profile));
        }
    });
    combo.response.accessible_name(t!("audit.column.profile"));
}

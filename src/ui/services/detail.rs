//! One service: what it is, and the pages about it.

use std::sync::Arc;

use egui::{Align, Frame, Label, Layout, Margin, Response, Ui, vec2};
use rust_i18n::t;

use super::summary::{Summary, Trouble};
use super::{ServicesState, View, instances, routers, timeline, traffic, words};
use crate::action::{Action, Actions};
use crate::model::coordination::Service;
use crate::model::key_text::{display_key, display_short, neutral};
use crate::model::tree_item::TreeItem;
use crate::ui::coordination::{confidence_tag, layout_words};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip, tag};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{count_text, icon_button, link, tabs, time_text};

/// The pages of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Page {
    /// Its instances.
    #[default]
    Instances,
    /// How they came and went.
    Timeline,
    /// How traffic is shared among them.
    Traffic,
}

/// Characters of a name or folder that are shown.
const LONGEST: usize = 200;

/// Draws it.
pub(super) fn show(ui: &mut Ui, view: View<'_>, state: &mut ServicesState, at: usize, actions: &mut Actions) {
    let Some(row) = state.summaries.rows.get(at) else { return };
    let service = row.service.clone();
    let summary = row.summary.clone().unwrap_or_default();
    ui.spacing_mut().item_spacing.y = 0.0;
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 8, bottom: 0 }).show(ui, |ui| {
        title(ui, &service, actions);
        chips(ui, &service, &summary);
        gone(ui, view, &service, &summary);
        routers::show(ui, view, &service, &mut state.routers, actions);
        ui.add_space(2.0);
        pages(ui, &service, &summary, state);
    });
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme::tokens(ui).line());
    match state.page {
        Page::Instances => instances::show(ui, view, state, &service, actions),
        Page::Timeline => timeline::show(ui, view, state, &service),
        Page::Traffic => traffic::show(ui, view, state, &service, summary.counts),
    }
}

fn title(ui: &mut Ui, service: &Arc<Service>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let room = vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        if icon_button(ui, icons::COPY, &t!("services.copy_folder"), None).clicked() {
            actions.push(Action::CopyText(display_key(&service.folder).into_owned()));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let name: String = neutral(&service.name).chars().take(LONGEST).collect();
            ui.add(Label::new(tokens.title(name)).truncate().selectable(true));
            let folder = display_short(&service.folder, LONGEST);
            let hint = t!("services.show_folder", folder = folder);
            if ui.available_width() > 80.0 && link_within(ui, &folder).on_hover_text(hint).clicked() {
                actions.push(Action::Reveal(TreeItem::folder(service.folder.clone())));
            }
        });
    });
}

/// A link that is cut off where there is no room for it.
pub(super) fn link_within(ui: &mut Ui, words: &str) -> Response {
    let room = ui.available_width();
    let sign = 7.6;
    let most = ((room / sign) as usize).max(4);
    let count = words.chars().count();
    let shown: String = if count > most {
        std::iter::once('…').chain(words.chars().skip(count - most + 1)).collect()
    } else {
        words.to_owned()
    };
    link(ui, &shown)
}

fn chips(ui: &mut Ui, service: &Service, summary: &Summary) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, size::GRID);
        for (is, count) in words::parts(summary.counts) {
            let words = format!("{} {}", count_text(count as u64), words::health(is));
            chip(ui, words::tone(is), &words);
        }
        if summary.flapping > 0 {
            let words = t!("services.flapping", count = summary.flapping);
            tag(ui, &words, Tone::Changed).on_hover_text(t!("services.flapping_hint"));
        }
        if summary.breakers > 0 {
            let words = t!("services.breakers", count = summary.breakers);
            tag(ui, &words, Tone::Changed);
        }
        if let Some(version) = words::version(summary) {
            tag(ui, &version, Tone::Plain).on_hover_text(t!("services.version_hint"));
        }
        if summary.canaries > 0 {
            tag(ui, &t!("services.canaries", count = summary.canaries), Tone::Waiting);
        }
        if let Some(layout) = layout_words(service.layout) {
            tag(ui, &layout, Tone::Plain).on_hover_text(t!("services.layout_hint"));
        }
        confidence_tag(ui, service.confidence);
    });
}

/// What is known of a service whose instances are all gone.
fn gone(ui: &mut Ui, view: View<'_>, service: &Service, summary: &Summary) {
    if !service.instances.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui);
    ui.add_space(size::PAD);
    let lost = summary.trouble == Trouble::Lost;
    let tone = if lost { Tone::Danger } else { Tone::Plain };
    card(ui, tone, if lost { icons::WARNING } else { icons::INFO }, |ui| {
        let words = match service.last_down() {
            Some(last) => t!("services.gone_since", time = time_text(last.at, view.world.now)),
            None => t!("services.gone"),
        };
        ui.add(Label::new(tokens.strong(words)).wrap());
        for (cause, count) in words::last_causes(service) {
            let line = t!("services.gone_cause", count = count, cause = words::cause(cause));
            ui.add(Label::new(tokens.secondary(line)).wrap()).on_hover_text(words::cause_hint(cause));
        }
    });
}

fn pages(ui: &mut Ui, service: &Service, summary: &Summary, state: &mut ServicesState) {
    let count = |count: usize| (count > 0).then(|| count_text(count as u64));
    let pages = [
        (Page::Instances, t!("services.page.instances"), count(service.instances.len())),
        (
            Page::Timeline,
            t!("services.page.timeline"),
            (summary.events > 0).then(|| words::events(summary.events)),
        ),
        (Page::Traffic, t!("services.page.traffic"), None),
    ];
    let pages = pages.each_ref().map(|(page, name, mark)| (*page, &**name, mark.clone()));
    if let Some(page) = tabs(ui, state.page, &pages) {
        state.page = page;
    }
}

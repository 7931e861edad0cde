//! What this console wrote: a table of it, whether the log is as it was written, and its export.

mod detail;
mod export;
mod filter;
mod table;
mod words;

use std::time::Duration;

use egui::{Align, Frame, Layout, Margin, Panel, Ui, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::audit::{AuditEntry, AuditPage, AuditQuery, ChainState};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::{
    Button, banner, bytes_text, count_text, empty_state, fault_view, icon_button, progress_line,
};

/// The newest entries are asked for again so often while the screen is shown, in milliseconds.
const REFRESH_MS: i64 = 2_000;
/// Entries asked for at a time.
const PAGE: u32 = 200;
/// Entries behind the last row in sight, below which older ones are asked for.
const AHEAD: usize = 60;
/// Narrower screens show the details below the table.
const ROOM_BESIDE: f32 = 820.0;
const DETAIL_WIDTH: f32 = 340.0;
const DETAIL_HEIGHT: f32 = 220.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct AuditState {
    /// What is looked for.
    query: AuditQuery,
    /// The entry that is chosen.
    chosen: Option<u64>,
    /// The last row that is in sight.
    last_in_sight: usize,
    export: export::ExportState,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut AuditState, actions: &mut Actions) {
    if world.active_session().is_none() {
        return;
    }
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        let page = world.audit.page.value();
        header(ui, page, state, actions);
        if let Some(page) = page {
            broken(ui, &page.chain);
        }
        export::show(ui, world, state, actions);
        filter::show(ui, page, &mut state.query);
        contents(ui, world, state, actions);
        ask(ui, world, state, actions);
    });
}

fn header(ui: &mut Ui, page: Option<&AuditPage>, state: &mut AuditState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 8, bottom: 4 }).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.label(tokens.title(t!("audit.title")));
            if let Some(page) = page {
                let (tone, words) = chain_words(&page.chain, page.total);
                chip(ui, tone, &words).on_hover_text(t!("audit.chain_hint"));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let label = t!("audit.export");
                let any = page.is_some_and(|page| page.total > 0);
                if Button::quiet(&label).icon(icons::EXPORT).small().enabled(any).show(ui).clicked() {
                    state.export.toggle();
                }
                if icon_button(ui, icons::ARROW_CLOCKWISE, &t!("audit.check_again"), None).clicked() {
                    actions.push(Action::LoadAudit(state.asked()));
                }
                if let Some(page) = page.filter(|page| page.bytes > 0) {
                    let size = ui.label(tokens.hint(bytes_text(page.bytes)));
                    size.on_hover_text(t!("audit.size_hint", path = page.path));
                }
            });
        });
    });
}

/// How the chain stands, in a few words.
fn chain_words(chain: &ChainState, total: u64) -> (Tone, String) {
    let count = count_text(total);
    match chain {
        ChainState::Unchecked => (Tone::Waiting, t!("audit.chain.unchecked", count = count).into_owned()),
        ChainState::Whole => (Tone::Live, t!("audit.chain.whole", count = count).into_owned()),
        ChainState::BrokenAt(number) => {
            (Tone::Danger, t!("audit.chain.broken", number = count_text(*number)).into_owned())
        }
        ChainState::Shortened { expected, found } => {
            let missing = count_text(expected.saturating_sub(*found));
            (Tone::Danger, t!("audit.chain.shortened", missing = missing).into_owned())
        }
        ChainState::HeadMissing => (Tone::Danger, t!("audit.chain.head_missing").into_owned()),
    }
}

/// What a log that is not as it was written means, across the screen.
fn broken(ui: &mut Ui, chain: &ChainState) {
    let words = match chain {
        ChainState::Unchecked | ChainState::Whole => return,
        ChainState::BrokenAt(number) => t!("audit.broken_at", number = count_text(*number)),
        ChainState::Shortened { expected, found } => {
            t!("audit.shortened", expected = count_text(*expected), found = count_text(*found))
        }
        ChainState::HeadMissing => t!("audit.head_missing"),
    };
    banner(ui, Tone::Danger, icons::SHIELD_WARNING, &words, None);
}

fn contents(ui: &mut Ui, world: &World, state: &mut AuditState, actions: &mut Actions) {
    let view = &world.audit;
    let Some(page) = view.page.value() else {
        Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| match view.page.fault() {
            Some(fault) => {
                if fault_view(ui, fault, true).retry {
                    actions.push(Action::LoadAudit(state.asked()));
                }
            }
            None => drop(progress_line(ui, &t!("audit.reading"), 0, None, false)),
        });
        return;
    };
    if let Some(fault) = view.page.fault() {
        Frame::new().inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
            if fault_view(ui, fault, true).retry {
                actions.push(Action::LoadAudit(state.asked()));
            }
        });
    }
    if page.entries.is_empty() {
        nothing(ui, page, state);
        return;
    }
    let chosen = page.entries.iter().position(|entry| Some(entry.number) == state.chosen);
    if let Some(entry) = chosen.and_then(|at| page.entries.get(at)) {
        beside(ui, world, entry, actions);
    }
    table::show(ui, world, page, chosen, state);
}

fn nothing(ui: &mut Ui, page: &AuditPage, state: &mut AuditState) {
    if page.total == 0 {
        let hint = t!("audit.empty_hint");
        empty_state(ui, icons::LIST, &t!("audit.empty"), &hint, None);
    } else {
        let action = t!("audit.show_all");
        if empty_state(
            ui,
            icons::FUNNEL,
            &t!("audit.none_found"),
            &t!("audit.none_found_hint"),
            Some(&action),
        ) {
            state.query = AuditQuery::default();
        }
    }
}

/// The entry that is chosen: at the right, or below where there is no room.
fn beside(ui: &mut Ui, world: &World, entry: &AuditEntry, actions: &mut Actions) {
    let frame = Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::symmetric(16, 8));
    if ui.available_width() >= ROOM_BESIDE {
        Panel::right("audit detail")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_WIDTH)
            .size_range(260.0..=560.0)
            .show(ui, |ui| detail::show(ui, world, entry, actions));
    } else {
        let most = (ui.available_height() - 120.0).max(100.0);
        Panel::bottom("audit detail below")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_HEIGHT.min(most))
            .size_range(100.0..=most)
            .show(ui, |ui| detail::show(ui, world, entry, actions));
    }
}

/// Asks for what is to be shown: another query at once, older entries when their place comes in
/// sight, new ones every few seconds.
fn ask(ui: &Ui, world: &World, state: &AuditState, actions: &mut Actions) {
    let view = &world.audit;
    let never = view.page.value().is_none() && view.page.fault().is_none() && !view.page.is_pending();
    let wanted = state.asked();
    if never || view.query != wanted {
        actions.push(Action::LoadAudit(wanted));
        return;
    }
    if view.page.is_pending() {
        return;
    }
    let age = world.now - view.asked_at;
    if let Some(page) = view.page.value()
        && page.more
        && view.page.fault().is_none()
        && state.last_in_sight + AHEAD >= page.entries.len()
    {
        let below = page.entries.last().map(|entry| entry.number);
        actions.push(Action::LoadAudit(AuditQuery { below, ..wanted }));
    } else if age >= REFRESH_MS {
        actions.push(Action::LoadAudit(wanted));
    } else {
        let wait = u64::try_from(REFRESH_MS - age).unwrap_or(0);
        ui.ctx().request_repaint_after(Duration::from_millis(wait.max(50)));
    }
}

impl AuditState {
    /// What is asked of the backend.
    fn asked(&self) -> AuditQuery {
        AuditQuery { below: None, limit: PAGE, ..self.query.clone() }
    }
}

/// Height of a bar of controls.
fn bar(ui: &Ui) -> egui::Vec2 {
    vec2(ui.available_width(), size::BAR)
}

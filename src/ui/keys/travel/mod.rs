//! A folder as it was: a band that says so, the tree of that moment, its changes on a strip, and what
//! one key was. It takes the whole place of the live keys, so that the one is never taken for the other.

mod axis;
mod band;
mod changes;
mod compared;
mod menu;
mod past_key;
mod past_row;
mod past_tree;
mod strip;
mod strip_paint;
mod typed;
mod words;

use std::sync::Arc;

use egui::{CentralPanel, Frame, Id, Key as Press, Margin, Modifiers, Panel, Rect, Stroke, Ui};
use rust_i18n::t;

use super::status;
use crate::action::{Action, Actions};
use crate::model::moment::Timeline;
use crate::model::session::Session;
use crate::model::travel::{Comparison, Side, Travel};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{empty_state, fault_view, segmented};
use compared::Compared;
use past_key::PastKey;
use past_tree::PastTree;
use strip::Strip;

/// Width of the tree at first, its least and its most.
const TREE: f32 = 340.0;
const TREE_LEAST: f32 = 220.0;
const TREE_MOST: f32 = 640.0;
/// What is beside the tree keeps at least this much room.
const BESIDE_LEAST: f32 = 360.0;
/// The line around all of it.
const EDGE: f32 = 2.0;

/// What the view keeps between frames.
#[derive(Default)]
pub struct TravelView {
    prefix: Vec<u8>,
    compared: Compared,
    tree: PastTree,
    strip: Strip,
    key: PastKey,
    changes: changes::Changes,
    /// A moment as it is typed, and why it can not be gone to.
    typed: String,
    wrong: Option<typed::Wrong>,
}

/// Draws the screen of the keys as they were.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    travel: &Travel,
    kept: &mut Option<TravelView>,
    actions: &mut Actions,
) {
    if kept.as_ref().is_none_or(|view| view.prefix != travel.prefix) {
        let tree = PastTree::new(&session.expanded);
        *kept = Some(TravelView { prefix: travel.prefix.clone(), tree, ..TravelView::default() });
    }
    let Some(view) = kept else { return };
    let whole = ui.available_rect_before_wrap();
    let comparison = compare(ui, world, session, travel, &mut view.compared);
    let timeline = travel.timeline.value();
    ui.push_id(("travel", session.id.0), |ui| {
        let tokens = theme::tokens(ui);
        let moment = band::Moment { world, session, travel, timeline, comparison: comparison.as_deref() };
        Panel::top("past band").frame(Frame::new().fill(tokens.panel)).show(ui, |ui| {
            band::show(ui, &moment, view.compared.is_working(), actions);
        });
        if let Some(timeline) = timeline.filter(|timeline| !timeline.ticks.is_empty()) {
            let frame = Frame::new().fill(tokens.panel).inner_margin(Margin { bottom: 4, ..Margin::ZERO });
            Panel::bottom("past strip").frame(frame).show_separator_line(true).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                band::controls(ui, &moment, timeline, view, actions);
                view.strip.show(ui, travel, timeline, world.now, actions);
            });
        }
        let most = (whole.width() - BESIDE_LEAST).clamp(TREE_LEAST, TREE_MOST);
        Panel::left("past tree")
            .frame(Frame::new().fill(tokens.panel))
            .resizable(true)
            .default_size(TREE.min(most))
            .size_range(TREE_LEAST..=most)
            .show(ui, |ui| {
                ui.take_available_width();
                ui.spacing_mut().item_spacing.y = 0.0;
                left(ui, world, session, travel, view, comparison.as_ref(), actions);
            });
        CentralPanel::default().frame(Frame::new().fill(tokens.base)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            match (&travel.opened, &comparison) {
                (Some(opened), Some(comparison)) => {
                    past_key::show(ui, world, session, travel, opened, comparison, &mut view.key, actions);
                }
                _ => match timeline {
                    Some(timeline) if timeline.ticks.is_empty() => {
                        let (title, hint) = (t!("travel.changes.none"), t!("travel.changes.none_hint"));
                        empty_state(ui, icons::CLOCK_COUNTER_CLOCKWISE, &title, &hint, None);
                    }
                    Some(timeline) => view.changes.show(ui, world, travel, timeline, actions),
                    None => waiting(ui, travel, actions),
                },
            }
        });
        step_keys(ui, world, travel, timeline, actions);
    });
    let colour = theme::tokens(ui).past;
    let edge = Rect::from_min_max(whole.min, whole.max);
    ui.painter().rect_stroke(edge, 0.0, Stroke::new(EDGE, colour), egui::StrokeKind::Inside);
    leave_by_escape(ui, world, actions);
}

fn compare(
    ui: &Ui,
    world: &World,
    session: &Session,
    travel: &Travel,
    compared: &mut Compared,
) -> Option<Arc<Comparison>> {
    let then = travel.look.as_ref()?.picture.value()?;
    let now = match &travel.against {
        None => Side::Live(session.keyspace.clone()),
        Some(against) => match against.picture.value() {
            // While the other moment moves, the picture before stays.
            Some(picture) if picture.revision >= then.revision => Side::Past(picture.clone()),
            _ => Side::Past(then.clone()),
        },
    };
    compared.of(ui.ctx(), then, &now, session.keyspace.separator(), world.now).cloned()
}

fn left(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    travel: &Travel,
    view: &mut TravelView,
    comparison: Option<&Arc<Comparison>>,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let Some(comparison) = comparison else {
        waiting(ui, travel, actions);
        return;
    };
    // What it is compared with may not be live.
    status::strip(ui, world, session, actions);
    view.tree.refresh(comparison);
    Frame::new().inner_margin(Margin { left: 8, right: 8, top: 6, bottom: 6 }).show(ui, |ui| {
        ui.horizontal(|ui| {
            let all = t!("travel.tree.all");
            let differing = t!("travel.tree.differing", count = comparison.totals.total());
            let choices = [(false, all.as_ref()), (true, differing.as_ref())];
            if let Some(chosen) = segmented(ui, view.tree.only_differing, &choices) {
                view.tree.only_differing = chosen;
            }
        });
    });
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top(), tokens.line());
    ui.add_space(2.0);
    view.tree.refresh(comparison);
    if view.tree.len() == 0 {
        let (title, hint) = match view.tree.only_differing {
            true => (t!("travel.tree.no_difference"), t!("travel.tree.no_difference_hint")),
            false => (t!("travel.tree.nothing"), t!("travel.tree.nothing_hint")),
        };
        Frame::new().inner_margin(Margin::symmetric(16, 16)).show(ui, |ui| {
            empty_state(ui, icons::CLOCK_COUNTER_CLOCKWISE, &title, &hint, None);
        });
        return;
    }
    view.tree.show(ui, world, session, comparison, actions);
}

/// Nothing is known yet, or nothing can be known.
fn waiting(ui: &mut Ui, travel: &Travel, actions: &mut Actions) {
    let fault = travel.look.as_ref().and_then(|look| look.fault()).or_else(|| travel.timeline.fault());
    match fault {
        Some(fault) => {
            Frame::new().inner_margin(size::GROUP).show(ui, |ui| {
                if fault_view(ui, fault, true).retry {
                    actions.push(Action::TravelRetry);
                }
            });
        }
        None => {
            let (title, hint) = (t!("travel.reading"), t!("travel.reading_hint"));
            empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
        }
    }
}

/// `[` and `]` go to the change before and behind, wherever the keyboard is.
fn step_keys(
    ui: &Ui,
    world: &World,
    travel: &Travel,
    timeline: Option<&Arc<Timeline>>,
    actions: &mut Actions,
) {
    let (Some(timeline), Some(look)) = (timeline, &travel.look) else { return };
    if is_busy(ui, world) {
        return;
    }
    for (key, by) in [(Press::OpenBracket, -1), (Press::CloseBracket, 1)] {
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            let target = timeline.step(look.revision, by);
            if target != look.revision {
                actions.push(Action::TravelTo(target));
            }
        }
    }
}

/// Whether the keyboard is meant for something else.
fn is_busy(ui: &Ui, world: &World) -> bool {
    let typing = |id: Id| egui::TextEdit::load_state(ui.ctx(), id).is_some();
    world.dialog.is_some()
        || world.palette_open
        || egui::Popup::is_any_open(ui.ctx())
        || ui.memory(|memory| memory.focused()).is_some_and(typing)
}

fn leave_by_escape(ui: &Ui, world: &World, actions: &mut Actions) {
    // A field that Escape takes the keyboard from has had its say.
    let typed = ui.memory(|memory| memory.had_focus_last_frame(band::field_id()));
    if !is_busy(ui, world)
        && !typed
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Press::Escape))
    {
        actions.push(Action::LeaveTravel);
    }
}

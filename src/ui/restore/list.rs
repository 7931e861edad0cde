//! The list of plans.

use egui::{Frame, Margin, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::{runs_elsewhere, words};
use crate::action::{Action, Actions};
use crate::model::plan::{Plan, PlanState};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::keys::words::keys;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::progress::{bar, share};
use crate::ui::widgets::{VirtualList, count_text, elided, empty_state, fault_line, time_text};

/// Height of a plan: two lines of text.
const ROW: f32 = 52.0;

pub fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let head = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
    head.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(tokens.title(t!("restore.title")));
        ui.label(tokens.hint(t!("restore.list_hint")));
        if let Some(fault) = session.plans.loaded.fault() {
            fault_line(ui, fault);
        }
    });
    if session.plans.list.is_empty() {
        let (title, hint) = (t!("restore.empty"), t!("restore.empty_hint"));
        empty_state(ui, icons::CLOCK_COUNTER_CLOCKWISE, &title, &hint, None);
        return;
    }
    let id = ui.scope_id().with("plans");
    VirtualList::new(id, session.plans.list.len(), ROW).show(ui, |ui, sight, places| {
        for at in sight {
            if let Some(plan) = session.plans.list.get(at) {
                row(ui, world, session, plan, places.rect(at), actions);
            }
        }
    });
}

fn row(ui: &mut Ui, world: &World, session: &Session, plan: &Plan, rect: Rect, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(&plan.id), Sense::click());
    let (state, tone) = state(session, plan);
    let title = words::title(plan);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}, {state}")));
    let inner = rect.shrink2(vec2(size::PAD, 2.0));
    if response.hovered() {
        ui.painter().rect_filled(inner, size::RADIUS, tokens.hover);
    }
    focus_ring(ui, inner.shrink(2.0), &response);
    paint_icon(ui, pos2(inner.left() + 18.0, inner.center().y), words::icon(plan), size::ICON, tokens.second);
    let left = inner.left() + 40.0;
    let state_galley = ui.painter().layout_no_wrap(state, text::meta_medium(), tone.colour(tokens));
    let state_left = inner.right() - size::GROUP - state_galley.size().x;
    let y = inner.top() + 16.0;
    let galley = elided(ui.painter(), title, text::medium(), tokens.text, state_left - 28.0 - left);
    ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.text);
    dot(ui, pos2(state_left - size::DOT, y), tone);
    ui.painter().galley(pos2(state_left, y - state_galley.size().y / 2.0), state_galley, tone.colour(tokens));
    let lower = inner.top() + 36.0;
    let mut about = keys(plan.steps.len() as u64);
    about = format!("{about}  ·  {}  ·  {}", time_text(plan.made_at, world.now), plan.profile);
    let galley = elided(ui.painter(), about, text::meta(), tokens.faint, inner.right() - left - size::GROUP);
    ui.painter().galley(pos2(left, lower - galley.size().y / 2.0), galley, tokens.faint);
    if let Some(running) = session.plans.running.get(&plan.id) {
        let track = Rect::from_min_size(
            pos2(state_left, lower - size::PROGRESS / 2.0),
            vec2(inner.right() - size::GROUP - state_left, size::PROGRESS),
        );
        bar(ui, track, share(running.over, Some(running.total)));
    }
    if response.clicked() {
        actions.push(Action::ShowPlan(Some(plan.id.clone())));
    }
}

/// How a plan stands, in short.
pub fn state(session: &Session, plan: &Plan) -> (String, Tone) {
    if let Some(running) = session.plans.running.get(&plan.id) {
        let (done, total) = (count_text(running.over), count_text(running.total));
        return (t!("restore.running_of", done = done, total = total).into_owned(), Tone::Waiting);
    }
    if runs_elsewhere(session, plan) {
        return (t!("restore.elsewhere").into_owned(), Tone::Waiting);
    }
    let (words, tone) = match &plan.state {
        PlanState::Draft => (t!("restore.draft"), Tone::Plain),
        PlanState::Running => (t!("restore.running"), Tone::Waiting),
        PlanState::Stopped(Some(_)) => (t!("restore.failed"), Tone::Danger),
        PlanState::Stopped(None) => (t!("restore.stopped"), Tone::Changed),
        PlanState::Finished => return finished(plan),
    };
    (words.into_owned(), tone)
}

/// That it is over, and whether anything that was asked for was not done.
fn finished(plan: &Plan) -> (String, Tone) {
    let counts = plan.counts();
    let not_done = counts.skipped + counts.refused + counts.unknown;
    if not_done == 0 {
        (t!("restore.finished").into_owned(), Tone::Live)
    } else if not_done == counts.skipped {
        (t!("restore.finished_left", count = count_text(counts.skipped)).into_owned(), Tone::Changed)
    } else {
        (t!("restore.finished_not", count = count_text(not_done)).into_owned(), Tone::Danger)
    }
}

//! The steps of a plan: one line each.

use egui::accesskit::Role;
use egui::{Id, Key as Press, Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::{RestoreState, View, may_change, words};
use crate::action::{Action, Actions};
use crate::model::key_text::display_short;
use crate::model::plan::{Plan, PlanStep, StepState, Warning};
use crate::model::session::Session;
use crate::ui::keys::words::keys;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::dot;
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, paint_key_tail};

/// Where the boxes are.
const BOX: f32 = 16.0;
/// Narrower lists name warnings by their sign alone.
const ROOM_FOR_WORDS: f32 = 560.0;
/// More warnings are not named in a line.
const NAMED: usize = 2;

/// Draws them.
pub(super) fn show(ui: &mut Ui, view: View<'_>, state: &mut RestoreState, actions: &mut Actions) {
    let View { world, session, plan } = view;
    let change = may_change(session, plan);
    all(ui, plan, state, change, actions);
    let id = Id::unique(("plan steps", session.id, &plan.id));
    let mut list = ListBox::begin(ui, world, id, &t!("restore.list"));
    let chosen = state.chosen.as_ref().map(|(_, at)| *at);
    let row = chosen.and_then(|at| state.digest.listed.binary_search(&at).ok());
    if let Some((row, _)) = list.step(ui, row, state.digest.listed.len()) {
        state.chosen = state.digest.listed.get(row).map(|at| (plan.id.clone(), *at));
    }
    if list.pressed(ui, Press::Space)
        && let Some((at, step)) = chosen.and_then(|at| Some((at, plan.steps.get(at)?)))
    {
        switch(plan, at, step, change, actions);
    }
    let focused = list.has_focus();
    let height = theme::row_height(&world.settings) + size::GRID;
    list.show(ui, state.digest.listed.len(), height, |ui, sight, places| {
        for row in sight {
            let Some(at) = state.digest.listed.get(row).copied() else { continue };
            let Some(step) = plan.steps.get(at) else { continue };
            let is_chosen = state.chosen.as_ref().is_some_and(|(_, chosen)| *chosen == at);
            let look = Line { at, step, change, chosen: is_chosen, focused: is_chosen && focused };
            if line(ui, session, plan, &look, places.rect(row), actions) {
                state.chosen = Some((plan.id.clone(), at));
                ListBox::focus(ui, id);
            }
        }
    });
}

/// The box that switches all steps listed on or off.
fn all(ui: &mut Ui, plan: &Plan, state: &RestoreState, change: bool, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let may = |at: &usize| {
        plan.steps.get(*at).is_some_and(|step| !step.is_over() && step.may_be_on(plan.lost_lease))
    };
    let is_on = |at: &usize| plan.steps.get(*at).is_some_and(|step| step.on);
    // Worked out of the counts where all are listed, so that no frame walks 50,000 steps.
    let listed = &state.digest.listed;
    let few = listed.len() <= 5_000;
    let (any_off, any_on) = if few {
        (listed.iter().any(|at| may(at) && !is_on(at)), listed.iter().any(|at| may(at) && is_on(at)))
    } else {
        (state.digest.counts.off > 0, state.digest.work.steps() > 0)
    };
    let place = box_place(rect);
    let response = ui.interact(place.expand(4.0), ui.scope_id().with("all steps"), Sense::click());
    let label = keys(listed.len() as u64);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, change, any_on && !any_off, &*label));
    tick(
        ui,
        place,
        if any_on && any_off { Tick::Some } else { Tick::of(any_on) },
        change,
        response.hovered(),
    );
    focus_ring(ui, place, &response);
    let galley = ui.painter().layout_no_wrap(label, text::meta_medium(), tokens.faint);
    ui.painter().galley(
        pos2(place.right() + size::PAD + 2.0, rect.center().y - galley.size().y / 2.0),
        galley,
        tokens.faint,
    );
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    if response.clicked() && change {
        let on = any_off;
        let steps: Vec<usize> = listed.iter().copied().filter(|at| may(at) && is_on(at) != on).collect();
        actions.push(Action::SetSteps { plan: plan.id.clone(), steps, on });
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Tick {
    On,
    Off,
    Some,
}

impl Tick {
    fn of(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

fn box_place(rect: Rect) -> Rect {
    Rect::from_center_size(pos2(rect.left() + 22.0, rect.center().y), vec2(BOX, BOX))
}

fn tick(ui: &Ui, place: Rect, tick: Tick, enabled: bool, hovered: bool) {
    let tokens = theme::tokens(ui);
    let stroke =
        if hovered && enabled { tokens.focus_ring() } else { egui::Stroke::new(1.0, tokens.outline) };
    let fill = match (tick, enabled) {
        (Tick::Off, _) => tokens.base,
        (_, true) => tokens.accent,
        (_, false) => tokens.faint,
    };
    ui.painter().rect(place, size::RADIUS_SMALL, fill, stroke, egui::StrokeKind::Inside);
    let sign = match tick {
        Tick::On => icons::CHECK,
        Tick::Some => icons::MINUS,
        Tick::Off => return,
    };
    paint_icon(ui, place.center(), sign, 12.0, tokens.base);
}

/// A step and how it is drawn.
struct Line<'a> {
    at: usize,
    step: &'a PlanStep,
    change: bool,
    chosen: bool,
    focused: bool,
}

/// One line; whether it was clicked.
fn line(
    ui: &mut Ui,
    session: &Session,
    plan: &Plan,
    look: &Line<'_>,
    rect: Rect,
    actions: &mut Actions,
) -> bool {
    let tokens = theme::tokens(ui);
    let Line { at, step, change, chosen, focused } = *look;
    let response = ui.interact(rect, ui.scope_id().with(at), Sense::CLICK);
    let (sign, what, tone) = words::action(step);
    let state = words::state(step);
    response.widget_info(|| {
        let mut label = format!("{what} {}", display_short(&step.key, 400));
        for warning in shown_warnings(step) {
            label = format!("{label}, {}", words::warning(warning).0);
        }
        if let Some((state, _)) = &state {
            label = format!("{label}, {state}");
        }
        WidgetInfo::selected(Role::ListBoxOption, true, chosen, label)
    });
    row_ground(ui, rect, chosen, response.hovered(), focused);
    let y = rect.center().y;

    let place = box_place(rect);
    let enabled = change && !step.is_over() && step.may_be_on(plan.lost_lease);
    let boxed = ui.interact(place.expand(4.0), ui.scope_id().with(("box", at)), Sense::CLICK);
    boxed.widget_info(|| {
        let label = t!("restore.include", key = display_short(&step.key, 200));
        WidgetInfo::selected(Role::CheckBox, enabled, step.on, label)
    });
    tick(ui, place, Tick::of(step.on), enabled, boxed.hovered());
    if boxed.clicked() && enabled {
        switch(plan, at, step, change, actions);
    }

    let dim = !step.on && !step.is_over();
    let colour = if dim { tokens.faint } else { tone.colour(tokens) };
    paint_icon(ui, pos2(rect.left() + 46.0, y), sign, size::ICON_SMALL, colour);

    let mut right = rect.right() - size::GROUP;
    if let Some((words, tone)) = state {
        let colour = tone.colour(tokens);
        let galley = ui.painter().layout_no_wrap(words, text::meta_medium(), colour);
        right -= galley.size().x;
        ui.painter().galley(pos2(right, y - galley.size().y / 2.0), galley, colour);
        right -= size::DOT + 2.0;
        dot(ui, pos2(right, y), tone);
        right -= size::PAD + 4.0;
    }
    right = warnings(ui, step, rect, right, dim);
    let left = rect.left() + 62.0;
    let separator = session.keyspace.separator();
    let galley =
        paint_key_tail(ui.painter(), tokens, &step.key, separator, &text::mono(), (right - left).max(20.0));
    if dim {
        ui.painter().galley_with_override_text_color(
            pos2(left, y - galley.size().y / 2.0),
            galley,
            tokens.faint,
        );
    } else {
        ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.text);
    }
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&step.key, 400)));
        ui.label(tokens.meta(what));
        for warning in shown_warnings(step) {
            ui.label(tokens.meta(words::warning(warning).1));
        }
        if let Some(state) = words::state_in_full(step) {
            ui.label(tokens.meta(state));
        }
    });
    clicked
}

/// What is still to be known of a step: of what is done, nothing.
fn shown_warnings(step: &PlanStep) -> &[Warning] {
    if matches!(step.state, StepState::Done { .. }) { &[] } else { &step.warnings }
}

/// The warnings of a step, from the right; where they begin.
fn warnings(ui: &Ui, step: &PlanStep, rect: Rect, mut right: f32, dim: bool) -> f32 {
    let tokens = theme::tokens(ui);
    let y = rect.center().y;
    if rect.width() < ROOM_FOR_WORDS {
        if let Some(warning) = shown_warnings(step).first() {
            let tone = words::warning(warning).2;
            paint_icon(ui, pos2(right - 6.0, y), icons::WARNING, size::ICON_SMALL, tone.colour(tokens));
            right -= size::ICON + size::PAD;
        }
        return right;
    }
    for warning in shown_warnings(step).iter().take(NAMED).rev() {
        let (word, _, tone) = words::warning(warning);
        let colour = if dim { tokens.second } else { tone.colour(tokens) };
        let galley = ui.painter().layout_no_wrap(word, text::meta_medium(), colour);
        let wide = galley.size().x + 12.0;
        let place = Rect::from_center_size(pos2(right - wide / 2.0, y), vec2(wide, size::CHIP));
        ui.painter().rect_filled(place, size::RADIUS_SMALL, tokens.soft(colour));
        ui.painter().galley(pos2(place.left() + 6.0, y - galley.size().y / 2.0), galley, colour);
        right = place.left() - size::GRID;
    }
    right - size::GRID
}

fn switch(plan: &Plan, at: usize, step: &PlanStep, change: bool, actions: &mut Actions) {
    if change && !step.is_over() && (step.on || step.may_be_on(plan.lost_lease)) {
        actions.push(Action::SetSteps { plan: plan.id.clone(), steps: vec![at], on: !step.on });
    }
}

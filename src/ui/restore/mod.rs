//! Plans to bring keys back: reviewed, run, taken up again, undone.

mod detail;
mod header;
mod list;
mod steps;
mod words;

use egui::{Frame, Margin, Panel, Ui, UiBuilder};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::message::SessionId;
use crate::model::plan::{Plan, PlanCounts, PlanId, PlanState, PlanStep, PlanWork, StepState};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::editor::{DiffCache, DiffLook};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{empty_state, fault_view, progress_line};

/// Narrower screens show the difference below the steps instead of beside them.
const ROOM_BESIDE: f32 = 900.0;
/// Width of the difference: at first, least.
const DETAIL_WIDTH: f32 = 460.0;
const DETAIL_LEAST: f32 = 320.0;
/// Its height, where it is below; with less room for both it is left out.
const DETAIL_HEIGHT: f32 = 260.0;
const ROOM_BELOW: f32 = 260.0;
/// The steps keep at least this much room.
const STEPS_LEAST: f32 = 360.0;

/// Which steps are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Filter {
    /// All.
    #[default]
    All,
    /// Those with something to know.
    Warned,
    /// Those that were not done: left alone, refused, or unknown.
    NotDone,
}

/// What is worked out of a plan once for each change of it.
#[derive(Default)]
struct Digest {
    of: Option<(SessionId, PlanId, u64, Filter)>,
    /// The steps listed, by their place.
    listed: Vec<usize>,
    counts: PlanCounts,
    work: PlanWork,
    lost_leases: bool,
}

impl Digest {
    fn update(&mut self, session: &Session, plan: &Plan, filter: Filter) {
        let of = Some((session.id, plan.id.clone(), session.plans.generation, filter));
        if self.of == of {
            return;
        }
        self.of = of;
        let is_listed = |step: &PlanStep| match filter {
            Filter::All => true,
            Filter::Warned => !step.warnings.is_empty(),
            Filter::NotDone => !matches!(step.state, StepState::Done { .. } | StepState::Waiting),
        };
        self.listed = (0..plan.steps.len()).filter(|at| is_listed(&plan.steps[*at])).collect();
        self.counts = plan.counts();
        self.work = plan.work();
        self.lost_leases = plan.has_lost_leases();
    }
}

/// What this view keeps between frames.
#[derive(Default)]
pub struct RestoreState {
    filter: Filter,
    /// The step whose difference is shown, and of which plan.
    chosen: Option<(PlanId, usize)>,
    digest: Digest,
    diff: DiffCache,
    look: DiffLook,
    /// The step whose format `look` has.
    format_of: Option<(PlanId, usize)>,
    /// Time to live of the new lease, as typed.
    ttl_secs: Option<i64>,
}

/// The plan shown, and what it is about.
#[derive(Clone, Copy)]
struct View<'a> {
    world: &'a World,
    session: &'a Session,
    plan: &'a Plan,
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut RestoreState, actions: &mut Actions) {
    let Some(session) = world.active_session() else { return };
    Frame::new().show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        ui.spacing_mut().item_spacing.y = 0.0;
        if session.plans.making.is_some() || session.plans.not_made.is_some() {
            making(ui, session, actions);
        } else if let Some(plan) = session.plans.shown() {
            one(ui, View { world, session, plan }, state, actions);
        } else {
            list::show(ui, world, session, actions);
        }
    });
}

/// A plan that is being worked out, or could not be.
fn making(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = size::PAD;
        if session.plans.making.is_some() {
            progress_line(ui, &t!("restore.making"), 0, None, false);
            ui.label(theme::tokens(ui).hint(t!("restore.making_hint")));
        } else if let Some(fault) = &session.plans.not_made {
            ui.label(theme::tokens(ui).title(t!("restore.not_made")));
            fault_view(ui, fault, false);
            let back = t!("restore.back");
            if crate::ui::widgets::Button::quiet(&back).icon(icons::ARROW_LEFT).show(ui).clicked() {
                actions.push(Action::ShowPlan(None));
            }
        }
    });
}

/// One plan in full.
fn one(ui: &mut Ui, view: View<'_>, state: &mut RestoreState, actions: &mut Actions) {
    let View { session, plan, .. } = view;
    state.digest.update(session, plan, state.filter);
    if state.chosen.as_ref().is_none_or(|(id, at)| *id != plan.id || *at >= plan.steps.len()) {
        state.chosen = (!plan.steps.is_empty()).then(|| (plan.id.clone(), 0));
    }
    header::show(ui, view, state, actions);
    if plan.steps.is_empty() {
        let (title, hint) = (t!("restore.nothing"), t!("restore.nothing_hint"));
        empty_state(ui, icons::CHECK_CIRCLE, &title, &hint, None);
        return;
    }
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.panel);
    let room = ui.available_size();
    if room.x >= ROOM_BESIDE {
        let most = (room.x - STEPS_LEAST).max(DETAIL_LEAST);
        Panel::right("plan detail")
            .frame(frame)
            .resizable(true)
            .default_size(DETAIL_WIDTH.max(room.x * 0.45).clamp(DETAIL_LEAST, most))
            .size_range(DETAIL_LEAST..=most)
            .show(ui, |ui| detail::show(ui, plan, state));
        steps::show(ui, view, state, actions);
        return;
    }
    // Not a panel: what does not fit there would push it over the steps.
    let whole = ui.available_rect_before_wrap();
    let below = if whole.height() < ROOM_BELOW { 0.0 } else { (whole.height() * 0.5).min(DETAIL_HEIGHT) };
    let (upper, lower) = whole.split_top_bottom_at_y(whole.bottom() - below);
    ui.scope_builder(UiBuilder::new().id_salt("plan steps").max_rect(upper), |ui| {
        steps::show(ui, view, state, actions);
    });
    if below > 0.0 {
        ui.painter().rect_filled(lower, 0.0, tokens.panel);
        ui.painter().hline(lower.x_range(), lower.top() + 0.5, tokens.line());
        let mut inside = ui.new_child(UiBuilder::new().id_salt("plan detail").max_rect(lower));
        inside.shrink_clip_rect(lower);
        detail::show(&mut inside, plan, state);
    }
}

/// Whether this plan can still be changed and run from here.
fn may_change(session: &Session, plan: &Plan) -> bool {
    !session.plans.running.contains_key(&plan.id)
        && !matches!(plan.state, PlanState::Running | PlanState::Finished)
}

/// Whether it runs in another window.
fn runs_elsewhere(session: &Session, plan: &Plan) -> bool {
    plan.state == PlanState::Running && !session.plans.running.contains_key(&plan.id)
}

//! Plans: made, looked through, run, stopped, undone, forgotten.

use super::super::App;
use crate::action::ConfirmedPlan;
use crate::model::dialog::Dialog;
use crate::model::message::CommandKind;
use crate::model::plan::{LostLease, Making, PlanGoal, PlanId, PlanState, Running};
use crate::model::session::Screen;

impl App {
    /// Has a plan worked out, and shows where it will be.
    pub(super) fn make_plan(&mut self, goal: PlanGoal, lost_lease: LostLease) {
        self.world.dialog = None;
        let command = CommandKind::MakePlan { goal: goal.clone(), lost_lease };
        let Some(request) = self.ask(command) else { return };
        let Some(session) = self.world.active_session_mut() else { return };
        session.screen = Screen::Restore;
        session.plans.shown = None;
        session.plans.not_made = None;
        session.plans.making = Some(Making { request, goal, lost_lease });
    }

    pub(super) fn show_plan(&mut self, plan: Option<PlanId>) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.screen = Screen::Restore;
        session.plans.shown = plan;
        session.plans.not_made = None;
        if session.plans.shown.is_none() {
            self.load_plans();
        }
    }

    /// Reads the plans on disk again: another window may have run some.
    pub(super) fn load_plans(&mut self) {
        if self.ask(CommandKind::LoadPlans).is_some()
            && let Some(session) = self.world.active_session_mut()
        {
            session.plans.loaded.ask();
        }
    }

    pub(super) fn set_steps(&mut self, plan: &str, steps: &[usize], on: bool) {
        let Some(session) = self.world.active_session_mut() else { return };
        if session.plans.running.contains_key(plan) {
            return;
        }
        let Some(plan) = session.plans.get_mut(plan) else { return };
        let choice = plan.lost_lease;
        for at in steps {
            if let Some(step) = plan.steps.get_mut(*at)
                && (!on || step.may_be_on(choice))
                && !step.is_over()
            {
                step.on = on;
            }
        }
    }

    pub(super) fn set_lost_lease(&mut self, plan: &str, lost_lease: LostLease) {
        let Some(session) = self.world.active_session_mut() else { return };
        if session.plans.running.contains_key(plan) {
            return;
        }
        if let Some(plan) = session.plans.get_mut(plan) {
            plan.choose_lost_lease(lost_lease);
        }
    }

    /// Asks before a plan is run, unless it destroys nothing.
    pub(super) fn ask_run_plan(&mut self, id: PlanId) {
        if !self.may_write() {
            return;
        }
        let Some(session) = self.world.active_session() else { return };
        let Some(plan) = session.plans.get(&id) else { return };
        let work = plan.work();
        if work.steps() == 0 || session.plans.running.contains_key(&id) {
            return;
        }
        if let Some(confirmed) = ConfirmedPlan::harmless(plan, &session.profile) {
            self.run_plan(confirmed);
            return;
        }
        let type_to_confirm = session.profile.is_production().then(|| session.profile.name.clone());
        self.world.dialog = Some(Dialog::RunPlan { plan: id, work, type_to_confirm });
    }

    pub(super) fn run_plan(&mut self, confirmed: ConfirmedPlan) {
        self.world.dialog = None;
        if !self.may_write() {
            return;
        }
        let id = confirmed.into_plan();
        let Some(session) = self.world.active_session() else { return };
        let Some(plan) = session.plans.get(&id).cloned() else { return };
        if session.plans.running.contains_key(&id) {
            return;
        }
        let total = plan.work().steps();
        let Some(request) = self.ask(CommandKind::RunPlan(Box::new((*plan).clone()))) else { return };
        let Some(session) = self.world.active_session_mut() else { return };
        if let Some(plan) = session.plans.get_mut(&id) {
            plan.state = PlanState::Running;
        }
        session.plans.running.insert(id, Running { request, over: 0, total, stopping: false });
    }

    pub(super) fn stop_plan(&mut self, id: &str) {
        let Some(session) = self.world.active_session_mut() else { return };
        let Some(running) = session.plans.running.get_mut(id) else { return };
        running.stopping = true;
        let (session, request) = (session.id, running.request);
        self.send(session, CommandKind::Cancel(request));
    }

    /// Has the plan worked out that undoes what this one has done.
    pub(super) fn undo_plan(&mut self, id: &str) {
        let Some(session) = self.world.active_session() else { return };
        let Some(plan) = session.plans.get(id).cloned() else { return };
        self.make_plan(PlanGoal::Undo(plan), LostLease::LeaveOut);
    }

    pub(super) fn drop_plan(&mut self, id: &str) {
        let Some(session) = self.world.active_session_mut() else { return };
        if session.plans.running.contains_key(id) {
            return;
        }
        if let Some(plan) = session.plans.remove(id) {
            self.world.discarded.push(crate::model::discard::Discarded::Plan(plan));
            self.ask(CommandKind::DropPlan(id.to_owned()));
        }
    }
}

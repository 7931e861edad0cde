//! News of plans.

use crate::model::discard::Discarded;
use crate::model::fault::Fault;
use crate::model::message::{EventKind, RequestId};
use crate::model::plan::{Plan, PlanState};
use crate::model::session::Session;
use crate::model::world::{ToastKind, ToastText};

impl Session {
    /// Takes in what is told of plans. Returns a short message, if there is something to say.
    pub(super) fn apply_plans(
        &mut self,
        request: RequestId,
        kind: EventKind,
        discarded: &mut Vec<Discarded>,
    ) -> Option<(ToastKind, ToastText)> {
        match kind {
            EventKind::Planned(made) => {
                self.apply_planned(request, made);
                None
            }
            EventKind::PlanNews { plan, over, total } => {
                if let Some(running) = self.plans.running.get_mut(&plan) {
                    (running.over, running.total) = (over, total);
                }
                None
            }
            EventKind::PlanDone(plan) => {
                // One that was overtaken is not told of any more.
                if self.plans.running.get(&plan.id).is_none_or(|running| running.request != request) {
                    return None;
                }
                self.plans.running.remove(&plan.id);
                let toast = ended(&plan);
                discarded.extend(self.plans.put(*plan).map(Discarded::Plan));
                Some(toast)
            }
            EventKind::Plans(Ok(stored)) => {
                self.plans.loaded.answer(Ok(()));
                self.plans.take_stored(stored);
                None
            }
            EventKind::Plans(Err(fault)) => {
                self.plans.loaded.answer(Err(fault));
                None
            }
            _ => None,
        }
    }

    fn apply_planned(&mut self, request: RequestId, made: Result<Box<Plan>, Fault>) {
        let Some(making) = self.plans.making.take_if(|making| making.request == request) else { return };
        match made {
            Ok(mut plan) => {
                self.layers.check(&making.goal, &mut plan);
                self.plans.shown = Some(plan.id.clone());
                self.plans.put(*plan);
            }
            Err(fault) => self.plans.not_made = Some(fault),
        }
    }
}

/// What a plan that ended has to say, in short.
fn ended(plan: &Plan) -> (ToastKind, ToastText) {
    if let PlanState::Stopped(Some(fault)) = &plan.state {
        return (ToastKind::Failure, ToastText::Fault(fault.clone()));
    }
    let counts = plan.counts();
    let (done, total) =
        (counts.done, counts.done + counts.skipped + counts.refused + counts.unknown + counts.left);
    let kind = match (counts.refused + counts.unknown, counts.skipped + counts.left) {
        (0, 0) => ToastKind::Success,
        (0, _) => ToastKind::Info,
        _ => ToastKind::Failure,
    };
    (kind, ToastText::BatchDone { done, total, skipped: counts.skipped })
}

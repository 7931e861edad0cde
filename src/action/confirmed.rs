//! Values that only a confirmed dialog can make.

use crate::model::dialog::Dialog;
use crate::model::plan::PlanId;
use crate::model::write::BatchStep;

/// Guarded deletions that the operator has confirmed with the blast radius before their eyes.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmedDelete {
    steps: Vec<BatchStep>,
}

impl ConfirmedDelete {
    /// Confirms the delete dialog on screen. `None` where it is another dialog, or where the text
    /// that it asks for has not been typed.
    #[must_use]
    pub fn confirm(dialog: &Dialog, typed: &str) -> Option<Self> {
        let Dialog::Delete { steps, type_to_confirm, .. } = dialog else { return None };
        let typed_right = type_to_confirm.as_deref().is_none_or(|text| text == typed.trim());
        typed_right.then(|| Self { steps: steps.clone() })
    }

    /// The deletions.
    #[must_use]
    pub fn into_steps(self) -> Vec<BatchStep> {
        self.steps
    }
}

/// A plan that the operator has confirmed to be run, with what it writes before their eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedPlan {
    plan: PlanId,
}

impl ConfirmedPlan {
    /// Confirms the dialog on screen. `None` where it is another dialog, or where the text that it
    /// asks for has not been typed.
    #[must_use]
    pub fn confirm(dialog: &Dialog, typed: &str) -> Option<Self> {
        let Dialog::RunPlan { plan, type_to_confirm, .. } = dialog else { return None };
        let typed_right = type_to_confirm.as_deref().is_none_or(|text| text == typed.trim());
        typed_right.then(|| Self { plan: plan.clone() })
    }

    /// The plan.
    #[must_use]
    pub fn into_plan(self) -> PlanId {
        self.plan
    }
}

//! Values that only a confirmed dialog can make.

use crate::model::dialog::{Dialog, EndHow, EndQuestion};
use crate::model::plan::{Plan, PlanId, PlanState, PlanStep, StepAction};
use crate::model::profile::Profile;
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

/// A plan that the operator has confirmed to be run, with what it writes before their eyes: in a dialog,
/// or on the plan itself where it destroys nothing.
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

    /// Needs no further question: outside production, a plan that was not begun, and only creates keys
    /// of which nothing has to be known. `None` for every other.
    #[must_use]
    pub fn harmless(plan: &Plan, profile: &Profile) -> Option<Self> {
        let creates = |step: &PlanStep| {
            matches!(step.action, StepAction::Put { .. }) && step.before.is_none() && step.warnings.is_empty()
        };
        let fresh = plan.state == PlanState::Draft && !profile.is_production();
        let mut steps = plan.steps.iter().filter(|step| step.on).peekable();
        let harmless = fresh && steps.peek().is_some() && steps.all(creates);
        harmless.then(|| Self { plan: plan.id.clone() })
    }

    /// The plan.
    #[must_use]
    pub fn into_plan(self) -> PlanId {
        self.plan
    }
}

/// The end of something that lives on a lease, confirmed with what it takes along before the operator's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedEnd {
    question: EndQuestion,
    how: EndHow,
}

impl ConfirmedEnd {
    /// Confirms the dialog on screen. `None` where it is another dialog, where the text that it asks for has
    /// not been typed, or where there is nothing to be ended in this way.
    #[must_use]
    pub fn confirm(dialog: &Dialog, how: EndHow, typed: &str) -> Option<Self> {
        let Dialog::End(question) = dialog else { return None };
        let typed_right = question.type_to_confirm.as_deref().is_none_or(|text| text == typed.trim());
        let possible = match how {
            EndHow::DeleteKey => question.key.is_some(),
            EndHow::RevokeLease => question.lease != 0,
        };
        (typed_right && possible).then(|| Self { question: (**question).clone(), how })
    }

    /// What is to be ended, and how.
    #[must_use]
    pub fn into_parts(self) -> (EndQuestion, EndHow) {
        (self.question, self.how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{StepState, Warning};
    use crate::model::profile::ProfileColour;
    use crate::model::record::{KeyMeta, KeyRecord};

    #[test]
    fn only_a_plan_that_creates_outside_production_needs_no_question() {
        let key = crate::model::bytes::Key::from(b"a".as_slice());
        let put = StepAction::Put { value: b"1".as_slice().into(), lease: 0 };
        let step = PlanStep {
            key: key.clone(),
            action: put,
            before: None,
            on: true,
            warnings: Vec::new(),
            state: StepState::Waiting,
        };
        let plan = Plan { id: "p".to_owned(), steps: vec![step.clone()], ..Plan::default() };
        let profile = Profile::default();
        assert!(ConfirmedPlan::harmless(&plan, &profile).is_some());
        let production = Profile { colour: ProfileColour::Red, ..Profile::default() };
        assert_eq!(ConfirmedPlan::harmless(&plan, &production), None);
        let there = KeyRecord { key, meta: KeyMeta::default(), value: None };
        for asked in [
            PlanStep { before: Some(there.clone()), ..step.clone() },
            PlanStep { before: Some(there), action: StepAction::Delete, ..step.clone() },
            PlanStep { warnings: vec![Warning::LeaseGone(7)], ..step.clone() },
            PlanStep { warnings: vec![Warning::Uncertain], ..step.clone() },
        ] {
            let mut plan = plan.clone();
            plan.steps.push(asked);
            assert_eq!(ConfirmedPlan::harmless(&plan, &profile), None, "{plan:?}");
            plan.steps[1].on = false;
            assert!(ConfirmedPlan::harmless(&plan, &profile).is_some(), "it is left out");
        }
        let begun = Plan { state: PlanState::Stopped(None), ..plan.clone() };
        assert_eq!(ConfirmedPlan::harmless(&begun, &profile), None);
        assert_eq!(ConfirmedPlan::harmless(&Plan::default(), &profile), None, "nothing to run");
    }
}

//! Values of layers that the mirror does not keep, read when they are looked at.

use super::board::ReadValues;
use crate::model::bytes::Key;
use crate::model::fault::Fault;
use crate::model::message::RequestId;
use crate::model::moment::Picture;
use crate::model::plan::{Plan, PlanGoal, Warning};
use crate::model::status::SeenAt;

/// Values are kept up to so many bytes.
const MAX_BYTES: usize = 64 << 20;

/// What was read for a connection.
#[derive(Clone, Debug, Default)]
pub struct LoadedLayers {
    /// The values, each with the mod revision that it is of.
    pub values: std::sync::Arc<ReadValues>,
    /// Grows with each answer.
    pub serial: u64,
    /// What is asked for now.
    pub asked: Option<(RequestId, Key)>,
    /// When it was asked.
    pub asked_at: SeenAt,
    /// Why the newest question failed.
    pub fault: Option<Fault>,
    /// The newest promotion, and the mod revision of each key that it was worked out from.
    pub promoted: Option<(PlanGoal, Vec<(Key, i64)>)>,
}

impl LoadedLayers {
    /// Whether this is the answer that is waited for.
    #[must_use]
    pub fn waits_for(&self, request: RequestId) -> bool {
        self.asked.as_ref().is_some_and(|(asked, _)| *asked == request)
    }

    /// Switches the steps off that would undo what someone wrote after a promotion was worked out and
    /// before its plan was made: a part of a document is written with all the rest of it.
    pub fn check(&self, goal: &PlanGoal, plan: &mut Plan) {
        let Some((_, based_on)) = self.promoted.as_ref().filter(|(promoted, _)| promoted == goal) else {
            return;
        };
        for step in &mut plan.steps {
            let now = step.before.as_ref().map_or(0, |before| before.meta.mod_revision);
            let base = based_on.iter().find(|(key, _)| *key == step.key).map(|(_, revision)| *revision);
            if base.is_some_and(|base| base != now) {
                step.on = false;
                step.warnings.push(Warning::ChangedSince { revision: now });
            }
        }
    }

    /// Takes an answer in.
    pub fn answer(&mut self, picture: Result<&Picture, Fault>) {
        self.asked = None;
        self.serial += 1;
        let picture = match picture {
            Ok(picture) => picture,
            Err(fault) => {
                self.fault = Some(fault);
                return;
            }
        };
        self.fault = None;
        let values = std::sync::Arc::make_mut(&mut self.values);
        let kept: usize = values.values().map(|(_, value)| value.len()).sum();
        let new: usize = picture.keys.values().filter_map(|key| Some(key.value.as_ref()?.len())).sum();
        if kept + new > MAX_BYTES {
            values.clear();
        }
        for (key, past) in &picture.keys {
            if let Some(value) = &past.value {
                values.insert(key.clone(), (past.meta.mod_revision, value.clone()));
            }
        }
    }
}

//! Layers of configuration: values that the mirror does not keep, and how a profile is layered.

use super::super::App;
use crate::model::bytes::Key;
use crate::model::layers::LayerSettings;
use crate::model::message::CommandKind;
use crate::model::plan::{LostLease, PlanGoal};

impl App {
    /// Reads the values below a prefix as of the revision shown. One question at a time: the next one
    /// is asked when this is answered.
    pub(super) fn read_layers(&mut self, prefix: Key) {
        let now = self.world.now;
        let Some(session) = self.world.active_session() else { return };
        let (id, revision) = (session.id, session.applied);
        if session.layers.asked.is_some() {
            return;
        }
        let request = self.send(id, CommandKind::Moment { prefix: prefix.to_vec(), revision });
        if let Some(session) = self.world.session_mut(id) {
            session.layers.asked = Some((request, prefix));
            session.layers.asked_at = now;
        }
    }

    /// Has the plan of a promotion worked out.
    pub(super) fn promote(&mut self, goal: PlanGoal, based_on: Vec<(Key, i64)>) {
        if let Some(session) = self.world.active_session_mut() {
            session.layers.promoted = Some((goal.clone(), based_on));
        }
        self.make_plan(goal, LostLease::default());
    }

    /// How configuration is layered is part of the profile; of one that is not kept it lasts as long as
    /// the connection.
    pub(super) fn keep_layers(&mut self, settings: LayerSettings) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.profile.layers = settings.clone();
        let name = session.profile.name.clone();
        if let Some(mut profile) = self.world.profiles.iter().find(|profile| profile.name == name).cloned() {
            profile.layers = settings;
            self.keep_profile(profile, None, None);
        }
    }
}

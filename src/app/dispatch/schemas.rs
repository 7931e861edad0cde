//! What becomes of the rules about values.

use super::super::App;
use crate::model::schema::SchemaSettings;

impl App {
    /// The connection shown checks by these rules from now on; they are kept with its profile, if that
    /// is kept at all.
    pub(super) fn change_schemas(&mut self, settings: SchemaSettings) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.profile.schemas = settings.clone();
        session.refresh_schemas();
        let name = session.profile.name.clone();
        let known = self.world.profiles.iter().find(|known| known.name == name).cloned();
        if let Some(mut profile) = known {
            profile.schemas = settings;
            self.keep_profile(profile, None, None);
        }
    }

    /// Rules that were changed with a profile hold for its open connections at once.
    pub(super) fn take_schemas(&mut self, profile: &crate::model::profile::Profile) {
        let open = self.world.sessions.iter_mut().filter(|session| session.profile.name == profile.name);
        for session in open {
            session.profile.schemas.clone_from(&profile.schemas);
            session.refresh_schemas();
        }
    }
}

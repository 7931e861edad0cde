//! Connections, profiles, settings.

use super::super::App;
use crate::model::document::Document;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, ConnectRequest, SessionId};
use crate::model::profile::{Profile, Secret};
use crate::model::session::Session;
use crate::model::settings::Settings;
use crate::model::world::{ConnectionTest, DemoState, World};

impl App {
    pub(super) fn connect(&mut self, mut request: ConnectRequest) {
        if !self.world.stored_loaded {
            // Its drafts are not read yet.
            self.open_at_start.push(request);
            return;
        }
        if request.password.is_none()
            && let Some(environment) = &self.environment
            && environment.profile == request.profile
        {
            request.password.clone_from(&environment.password);
        }
        self.last_session += 1;
        let id = SessionId(self.last_session);
        let mut session = Session::new(id, request.profile.clone());
        let (ours, others) = std::mem::take(&mut self.world.drafts)
            .into_iter()
            .partition(|draft| draft.profile == request.profile.name);
        self.world.drafts = others;
        session.drafts = ours;
        let recovered: Vec<_> = session.drafts.iter().map(|draft| draft.key.clone()).collect();
        self.world.sessions.push(session);
        self.world.active = Some(id);
        self.send(id, CommandKind::Connect(Box::new(request)));
        for key in recovered {
            self.open_key(&key);
        }
    }

    pub(super) fn test_connection(&mut self, request: Box<ConnectRequest>) {
        let request = self.send(SessionId::default(), CommandKind::TestConnection(request));
        self.world.test = Some(ConnectionTest { request, ..ConnectionTest::default() });
    }

    pub(super) fn close_session(&mut self, id: SessionId) {
        self.keep_drafts(true);
        let Some(at) = self.world.sessions.iter().position(|session| session.id == id) else { return };
        let session = self.world.sessions.remove(at);
        // Its drafts stay, for the next connection with this profile.
        let profile = session.profile.name.clone();
        let now = self.world.now;
        let open = session.documents.iter().filter_map(|document| draft_of(document, &profile, now));
        let kept: Vec<_> = open.chain(session.drafts.iter().cloned()).collect();
        self.world.drafts.extend(kept);
        self.world.forget_compared();
        self.send(id, CommandKind::Disconnect);
        if self.world.active == Some(id) {
            let next = self.world.sessions.get(at).or_else(|| self.world.sessions.last());
            self.world.active = next.map(|session| session.id);
        }
    }

    pub(super) fn keep_profile(
        &mut self,
        profile: Profile,
        renamed_from: Option<String>,
        password: Option<Secret>,
    ) {
        let old = renamed_from.as_deref().unwrap_or(&profile.name).to_owned();
        if old != profile.name {
            if self.world.profiles.iter().any(|known| known.name == profile.name) {
                let detail = format!("there is another profile {:?}", profile.name);
                self.world.toast_fault(Fault::new(FaultKind::Invalid, detail));
                return;
            }
            self.rename_drafts(&old, &profile.name);
        }
        self.tighten(&profile);
        self.take_schemas(&profile);
        self.take_coordination(&profile);
        match self.world.profiles.iter_mut().find(|known| known.name == old) {
            Some(known) => *known = profile.clone(),
            None => self.world.profiles.push(profile.clone()),
        }
        self.world.profiles.sort_by(|a, b| a.name.cmp(&b.name));
        let kind = CommandKind::KeepProfile { profile: Box::new(profile), renamed_from, password };
        self.send(SessionId::default(), kind);
    }

    /// A profile made read-only is so for its open connections too, at once (the backend closes
    /// them as well). One that may be written to again is for connections opened from then on: a
    /// connection never becomes more dangerous than it was when it was opened.
    fn tighten(&mut self, profile: &Profile) {
        let open = self.world.sessions.iter_mut().filter(|session| session.profile.name == profile.name);
        for session in open.filter(|_| profile.read_only) {
            session.profile.read_only = true;
        }
    }

    /// Drafts follow their profile to its new name: those on disk are taken there with the profile.
    fn rename_drafts(&mut self, old: &str, new: &str) {
        self.keep_drafts(true);
        for draft in &mut self.world.drafts {
            if draft.profile == old {
                new.clone_into(&mut draft.profile);
            }
        }
        for session in &mut self.world.sessions {
            if session.profile.name == old {
                new.clone_into(&mut session.profile.name);
                for draft in &mut session.drafts {
                    new.clone_into(&mut draft.profile);
                }
            }
        }
    }

    pub(super) fn remove_profile(&mut self, name: String) {
        self.world.profiles.retain(|profile| profile.name != name);
        self.send(SessionId::default(), CommandKind::RemoveProfile(name));
    }

    pub(super) fn start_demo(&mut self) {
        self.connect_demo = true;
        if !matches!(self.world.demo, DemoState::Starting | DemoState::Running(_)) {
            self.world.demo = DemoState::Starting;
            self.send(SessionId::default(), CommandKind::StartDemo);
        }
    }

    /// Takes over the settings that were changed from those shown.
    pub(super) fn change_settings(&mut self, settings: Settings) {
        let before = self.world.settings.clone();
        let World { overrides, settings: stored, .. } = &mut self.world;
        overrides.change(stored, settings);
        if before != self.world.settings {
            let settings = Box::new(self.world.settings.clone());
            self.send(SessionId::default(), CommandKind::KeepSettings(settings));
        }
    }
}

fn draft_of(document: &Document, profile: &str, now: i64) -> Option<crate::model::document::Draft> {
    Some(crate::model::document::Draft {
        profile: profile.to_owned(),
        key: document.key.clone(),
        value: document.draft.clone()?,
        base: document.base_record().cloned(),
        seen_at: now,
    })
}

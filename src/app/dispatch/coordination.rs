//! Services, leases, locks and elections: what is shown, ended, granted, attached and kept.

use super::super::App;
use crate::action::{Action, ConfirmedEnd};
use crate::model::bytes::{Key, Value};
use crate::model::coordination::{ClaimKind, CoordinationSettings};
use crate::model::dialog::{Dialog, EndHow, EndQuestion, EndSubject, Moved};
use crate::model::ended::Ended;
use crate::model::message::CommandKind;
use crate::model::profile::Profile;
use crate::model::session::{Attaching, Job, JobKind, JobState, Screen, Session};
use crate::model::write::{BatchStep, Expect, LeaseChoice, PutRequest};

impl App {
    pub(super) fn coordinate(&mut self, action: Action) {
        match action {
            Action::ListLeases => self.list_leases(),
            Action::ShowService(folder) => self.choose(Screen::Services, |session| {
                session.chosen.service = Some(folder);
            }),
            Action::ShowServices(only) => self.choose(Screen::Services, |session| {
                session.chosen.services = only;
            }),
            Action::ShowQueue(ClaimKind::Lock, name) => self.choose(Screen::Locks, |session| {
                session.chosen.lock = Some(name);
            }),
            Action::ShowQueue(ClaimKind::Election, name) => self.choose(Screen::Elections, |session| {
                session.chosen.election = Some(name);
                session.chosen.raft = false;
            }),
            Action::ShowRaft => self.choose(Screen::Elections, |session| session.chosen.raft = true),
            Action::ShowLease(lease) => self.choose(Screen::Leases, |session| {
                session.chosen.lease = Some(lease);
            }),
            Action::AskEndKey(key) => self.ask_end(|session| end_of_key(session, &key)),
            Action::AskEndLease(lease) => self.ask_end(|session| Some(end_of_lease(session, lease))),
            Action::End(confirmed) => self.end(confirmed),
            Action::AskGrantLease => self.ask_to_write(Dialog::GrantLease),
            Action::GrantLease { ttl_secs, id } => {
                self.write(CommandKind::GrantLease { ttl_secs, id });
            }
            Action::KeepLease(lease) => self.write(CommandKind::KeepLease(lease)),
            Action::AskAttach(lease) => self.ask_to_write(Dialog::AttachKey { lease }),
            Action::Attach { key, revision, lease } => self.attach(&key, revision, lease),
            Action::AskEditInstance(key) => self.ask_to_write(Dialog::EditInstance { key }),
            Action::EditInstance { key, revision, value } => {
                let expect = Expect::Revision(revision);
                self.write(CommandKind::Put(PutRequest { key, value, expect, lease: LeaseChoice::Keep }));
            }
            Action::KeepCoordination(settings) => self.keep_coordination(*settings),
            _ => {}
        }
    }

    fn choose(&mut self, screen: Screen, choice: impl FnOnce(&mut Session)) {
        if let Some(session) = self.world.active_session_mut() {
            session.screen = screen;
            choice(session);
        }
    }

    fn list_leases(&mut self) {
        if self.ask(CommandKind::ListLeases).is_some()
            && let Some(session) = self.world.active_session_mut()
        {
            session.all_leases.ask();
        }
    }

    fn ask_to_write(&mut self, dialog: Dialog) {
        if self.may_write() {
            self.world.dialog = Some(dialog);
        }
    }

    fn ask_end(&mut self, question: impl FnOnce(&Session) -> Option<EndQuestion>) {
        if !self.may_write() {
            return;
        }
        let Some(session) = self.world.active_session() else { return };
        if let Some(question) = question(session) {
            self.world.dialog = Some(Dialog::End(Box::new(question)));
        }
    }

    fn end(&mut self, confirmed: ConfirmedEnd) {
        let (question, how) = confirmed.into_parts();
        let now = self.world.now;
        let again = self.world.active_session().and_then(|session| question.ask_again(how, session, now));
        if let Some(again) = again {
            self.world.dialog = Some(Dialog::End(Box::new(again)));
            return;
        }
        self.world.dialog = None;
        let command = match (how, question.key.clone()) {
            (EndHow::RevokeLease, _) => CommandKind::RevokeLease(question.lease),
            (EndHow::DeleteKey, Some((key, revision))) => {
                CommandKind::Batch(vec![BatchStep::Delete { key, revision }])
            }
            (EndHow::DeleteKey, None) => return,
        };
        if self.may_write()
            && let Some(request) = self.ask(command)
        {
            let kind = JobKind::End(Box::new(Ended::of(question, how, self.world.now)));
            self.add_job(Job { request, kind, done: 0, total: Some(1), state: JobState::Running });
        }
    }

    /// Attaches a key to a lease by writing the value that it has anew, guarded by its revision. Where the
    /// mirror has no value it is read first.
    fn attach(&mut self, key: &Key, revision: i64, lease: i64) {
        let Some(value) = self.value_at(key, revision) else {
            self.world.dialog = None;
            if self.may_write()
                && let Some(request) = self.ask(CommandKind::Read(key.clone()))
                && let Some(session) = self.world.active_session_mut()
            {
                session.attaching = Some(Attaching { request, revision, lease });
            }
            return;
        };
        let put = PutRequest {
            key: key.clone(),
            value,
            expect: Expect::Revision(revision),
            lease: LeaseChoice::Attach(lease),
        };
        self.write(CommandKind::Put(put));
    }

    fn value_at(&self, key: &[u8], revision: i64) -> Option<Value> {
        let session = self.world.active_session()?;
        let view = session.keyspace.get(key).filter(|view| view.meta.mod_revision == revision)?;
        view.value.cloned()
    }

    fn write(&mut self, command: CommandKind) {
        self.world.dialog = None;
        if self.may_write() {
            self.ask(command);
        }
    }

    /// Open connections of this profile follow what it says of services, locks and elections from now on.
    pub(super) fn take_coordination(&mut self, profile: &Profile) {
        let open = self.world.sessions.iter_mut().filter(|session| session.profile.name == profile.name);
        for session in open {
            session.profile.coordination.clone_from(&profile.coordination);
        }
    }

    fn keep_coordination(&mut self, settings: CoordinationSettings) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.profile.coordination = settings.clone();
        let name = session.profile.name.clone();
        if let Some(mut profile) = self.world.profiles.iter().find(|profile| profile.name == name).cloned() {
            profile.coordination = settings;
            self.keep_profile(profile, None, None);
        }
    }
}

/// What ending what this key registers or claims would touch; `None`: it is gone.
fn end_of_key(session: &Session, key: &Key) -> Option<EndQuestion> {
    let meta = session.keyspace.get(key)?.meta;
    let coordination = &session.coordination;
    let subject = if let Some((queue, place)) = coordination.claim_of(key) {
        // Readers hold together: none of them waits.
        let place = if place < queue.holding() { 0 } else { place };
        EndSubject::Claim { queue: queue.name.clone(), kind: queue.kind, place }
    } else {
        let (service, instance) = coordination.instance_of(key)?;
        let (folder, service) = (service.folder.clone(), service.name.clone());
        EndSubject::Instance { folder, service, id: instance.id.clone() }
    };
    let key = Some((key.clone(), meta.mod_revision));
    Some(EndQuestion { subject, key, ..end_of_lease(session, meta.lease) })
}

fn end_of_lease(session: &Session, lease: i64) -> EndQuestion {
    let attached = session.attached_to(lease);
    let type_to_confirm = session.profile.is_production().then(|| session.profile.name.clone());
    let (subject, moved) = (EndSubject::Lease, Moved::default());
    EndQuestion { subject, key: None, lease, attached, type_to_confirm, moved }
}

//! Acts on what the operator did. Nothing else changes the world on their behalf.

mod audit;
mod commands;
mod compare;
mod connections;
mod coordination;
mod documents;
mod history;
mod layers;
mod plans;
mod schemas;
mod travel;
mod tree;

use super::App;
use crate::action::Action;
use crate::model::dialog::Dialog;
use crate::model::message::{CommandKind, SessionId};
use crate::model::world::{ToastKind, ToastText};

/// Whether this question is about keys of the connection shown.
fn is_about_a_connection(dialog: &Dialog) -> bool {
    !matches!(dialog, Dialog::Settings | Dialog::Shortcuts | Dialog::About)
}

impl App {
    /// Acts on an action.
    pub(super) fn dispatch(&mut self, action: Action) {
        let before = self.world.active;
        self.act_on(action);
        // A question is about the connection that it was asked in, and must never be answered in
        // another one.
        if self.world.active != before && self.world.dialog.as_ref().is_some_and(is_about_a_connection) {
            self.world.dialog = None;
        }
    }

    fn act_on(&mut self, action: Action) {
        match action {
            Action::Run(command) => self.run_command(command),

            Action::Connect(request) => self.connect(*request),
            Action::TestConnection(request) => self.test_connection(request),
            Action::TestNotification => self.test_notification(),
            Action::Reconnect => {
                self.ask(CommandKind::Reconnect);
            }
            Action::ShowSession(id) => self.world.active = id,
            Action::CloseSession(id) => self.close_session(id),
            Action::KeepProfile { profile, renamed_from, password } => {
                self.keep_profile(*profile, renamed_from, password);
            }
            Action::ChangeSchemas(settings) => self.change_schemas(*settings),
            Action::RemoveProfile(name) => self.remove_profile(name),
            Action::StartDemo => self.start_demo(),
            Action::ChangeSettings(settings) => self.change_settings(*settings),
            Action::ShowScreen(screen) => {
                if let Some(session) = self.world.active_session_mut() {
                    session.screen = screen;
                }
            }

            Action::ToggleFolder(path) => self.toggle_folder(&path),
            Action::Reveal(item) => self.reveal(&item),
            Action::Select { rows, cursor } => self.select(rows, cursor),
            Action::Search(query) => self.ask_search(query),
            Action::ToggleFavourite(path) => self.toggle_favourite(&path),

            Action::AskCreate { prefix } => self.ask_create(prefix),
            Action::AskMove { from, copy } => self.ask_move(from, copy),
            Action::AskDelete(roots) => self.ask_delete(roots),
            Action::AskUndelete(key) => self.ask_undelete(key),
            Action::AskExport(what) => self.ask_export(what),
            Action::CloseDialog => self.world.dialog = None,

            Action::Create { key, value } => self.create(&key, value),
            Action::Move { from, to, copy, keep_lease } => self.move_keys(&from, &to, copy, keep_lease),
            Action::Delete(confirmed) => self.delete(confirmed),
            Action::Undelete(key) => self.undelete(&key),
            Action::Export(request) => self.export(request),

            Action::Travel { prefix } => self.travel(&prefix),
            Action::TravelTo(revision) => self.travel_to(revision),
            Action::TravelCompare(revision) => self.travel_compare(revision),
            Action::TravelOpen(key) => self.travel_open(key),
            Action::TravelRetry => self.travel_retry(),
            Action::LeaveTravel => self.leave_travel(),

            Action::OpenKey(key) => self.open_key(&key),
            Action::CloseDocument(key) => self.close_document(&key),
            Action::DiscardAndClose(key) => self.discard_and_close(&key),
            Action::ShowPage { key, page } => self.show_page(&key, page),
            Action::CompareWith { key, sources } => {
                self.compare_with(self.world.active.unwrap_or_default(), &key, sources);
            }
            Action::SwapCompared(key) => self.swap_compared(&key),
            Action::ReadCompared { key, source } => {
                self.read_compared(self.world.active.unwrap_or_default(), &key, source, true);
            }
            Action::EditDraft { key, value } => self.edit_draft(&key, value),
            Action::ReplaceDraft { key, value } => self.replace_draft(&key, value),
            Action::DiscardDraft(key) => self.discard_draft(&key),
            Action::UndoDiscard(toast) => self.undo_discard(toast),
            Action::Review(key) => self.review(&key),
            Action::CancelSave(key) => self.cancel_save(&key),
            Action::Save(key) => self.save(&key),
            Action::Resolve { key, merged } => self.resolve(&key, merged),
            Action::TakeTheirs(key) => self.take_theirs(&key),
            Action::Reload(key) => self.reload(&key),
            Action::LoadHistory(key) => self.load_history(&key),
            Action::OfferDeepHistory(key) => self.offer_deep_history(&key),
            Action::StartDeepHistory(key) => self.start_deep_history(&key),
            Action::StopDeepHistory(key) => self.stop_deep_history(&key),
            Action::LoadTogether { key, revision } => self.load_together(&key, revision),
            Action::Restore { key, value } => self.restore(&key, value),

            Action::MakePlan { goal, lost_lease } => self.make_plan(goal, lost_lease),
            Action::ShowPlan(plan) => self.show_plan(plan),
            Action::SetSteps { plan, steps, on } => self.set_steps(&plan, &steps, on),
            Action::SetLostLease { plan, lost_lease } => self.set_lost_lease(&plan, lost_lease),
            Action::AskRunPlan(plan) => self.ask_run_plan(plan),
            Action::RunPlan(confirmed) => self.run_plan(confirmed),
            Action::StopPlan(plan) => self.stop_plan(&plan),
            Action::UndoPlan(plan) => self.undo_plan(&plan),
            Action::DropPlan(plan) => self.drop_plan(&plan),

            Action::LoadAudit(query) => self.load_audit(query),
            Action::ExportAudit(query, path) => self.export_audit(query, path),
            Action::Promote { goal, based_on } => self.promote(goal, based_on),
            Action::ReadLayers(prefix) => self.read_layers(prefix),
            Action::KeepLayers(settings) => self.keep_layers(*settings),

            Action::LoadLeases(ids) => {
                if let Some(id) = self.world.active {
                    self.send(id, CommandKind::Leases(ids));
                }
            }
            action @ (Action::ListLeases
            | Action::ShowService(_)
            | Action::ShowServices(_)
            | Action::ShowQueue(..)
            | Action::ShowRaft
            | Action::ShowLease(_)
            | Action::AskEndKey(_)
            | Action::AskEndLease(_)
            | Action::End(_)
            | Action::AskGrantLease
            | Action::GrantLease { .. }
            | Action::KeepLease(_)
            | Action::AskAttach(_)
            | Action::Attach { .. }
            | Action::AskEditInstance(_)
            | Action::EditInstance { .. }
            | Action::KeepCoordination(_)) => self.coordinate(action),
            Action::CancelJob(request) => {
                self.send(self.world.active.unwrap_or_default(), CommandKind::Cancel(request));
            }
            Action::DismissJob(request) => {
                for session in &mut self.world.sessions {
                    session.jobs.retain(|job| job.request != request);
                }
            }
            Action::DismissToast(id) => self.world.toasts.retain(|toast| toast.id != id),
            Action::ChooseFile(question) => self.choose_file(question),
            Action::CopyText(_) => self.world.toast(ToastKind::Info, ToastText::Copied),
        }
    }

    /// Sends a question of the connection shown.
    fn ask(&mut self, kind: CommandKind) -> Option<crate::model::message::RequestId> {
        let id = self.world.active.filter(|id| *id != SessionId::default())?;
        Some(self.send(id, kind))
    }
}

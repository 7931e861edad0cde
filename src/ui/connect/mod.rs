//! The first screen: connections that are known at the left, the form with its test at the right.
//! No configuration file is needed.

mod cards;
mod coordination_form;
mod coordination_view;
mod endpoint;
mod form;
mod form_view;
mod journal_form;
mod journal_view;
mod notify_view;
mod schema_view;
mod test_view;
mod tls_view;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::action::{Action, Actions};
use crate::model::dialog::FileQuestion;
use crate::model::message::ConnectRequest;
use crate::model::profile::{Profile, Secret};
use crate::model::status::MirrorState;
use crate::model::world::World;
use crate::ui::theme;

pub use coordination_form::{CoordinationForm, RuleForm};
pub use form::{Form, Problems};
pub use journal_form::JournalForm;

/// Width of the list of connections.
const LIST_WIDTH: f32 = 348.0;
/// The form grows no wider than this.
const FORM_WIDTH: f32 = 600.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct ConnectState {
    form: Form,
    /// What the newest test was asked for.
    tested: Option<ConnectRequest>,
    /// How many of its results have been brought into sight.
    results_seen: usize,
    /// The newest answer of the file dialog that was taken over.
    file_serial: u64,
    /// Whether it is asked if the profile shall be removed.
    removing: bool,
    /// Whether a button was pressed, so that what is missing is told.
    pressed: bool,
    /// The rules about values.
    rules: schema_view::SchemaRules,
    /// Whether the first field got the keyboard.
    greeted: bool,
}

impl ConnectState {
    /// Puts a profile into the form, to be changed.
    pub fn edit(&mut self, profile: &Profile) {
        self.form = Form::of(profile);
        self.tested = None;
        self.pressed = false;
        self.removing = false;
    }

    /// Empties the form.
    fn start_anew(&mut self) {
        self.form = Form::default();
        self.tested = None;
        self.pressed = false;
        self.removing = false;
        self.greeted = false;
    }

    fn take_chosen_file(&mut self, world: &World) {
        let Some(chosen) = world.chosen_file.as_ref().filter(|chosen| chosen.serial > self.file_serial)
        else {
            return;
        };
        let path = chosen.path.display().to_string();
        match chosen.question {
            FileQuestion::AuthorityFile => self.form.ca_file = path,
            FileQuestion::CertificateFile => self.form.cert_file = path,
            FileQuestion::KeyFile => self.form.key_file = path,
            FileQuestion::ExportTo(_) | FileQuestion::AuditTo(_) | FileQuestion::CompareWith { .. } => return,
        }
        self.file_serial = chosen.serial;
    }
}

/// Draws the screen.
pub fn show(ui: &mut Ui, world: &World, state: &mut ConnectState, actions: &mut Actions) {
    state.take_chosen_file(world);
    let tokens = theme::tokens(ui);
    let frame =
        Frame::new().fill(tokens.panel).inner_margin(Margin { left: 16, right: 12, top: 0, bottom: 0 });
    Panel::left("connections").resizable(false).exact_size(LIST_WIDTH).frame(frame).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| cards::show(ui, world, state, actions));
    });
    let frame = Frame::new().fill(tokens.base).inner_margin(Margin { left: 32, right: 0, top: 0, bottom: 0 });
    CentralPanel::default().frame(frame).show(ui, |ui| form_view::show(ui, world, state, actions));
}

/// Opens a connection, or shows it where it is open.
fn connect(world: &World, profile: &Profile, password: Option<Secret>) -> Action {
    let same =
        |open: &Profile| Profile { favourites: profile.favourites.clone(), ..open.clone() } == *profile;
    // A connection that gave up, or a password that was typed, deserves a new attempt.
    let open = world.sessions.iter().find(|session| {
        password.is_none() && same(&session.profile) && !matches!(session.state, MirrorState::Failed(_))
    });
    match open {
        Some(session) => Action::ShowSession(Some(session.id)),
        None => Action::Connect(Box::new(ConnectRequest { profile: profile.clone(), password })),
    }
}

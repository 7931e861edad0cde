//! The window: events in, actions out, one frame after the other.

mod choose;
mod discard;
mod dispatch;
mod drafts;
mod frame_log;
mod logic;
mod notify;
mod pace;
mod settings;
mod window;

pub use window::{WindowOptions, open};

use crate::action::Actions;
use crate::backend::{Backend, BackendOptions, Wake};
use crate::model::fault::Fault;
use crate::model::message::{Command, CommandKind, ConnectRequest, RequestId, SessionId};
use crate::model::status::now;
use crate::model::world::World;
use crate::storage::secrets::Secrets;
use crate::ui::UiState;

/// The console: what is known, what views keep, and the way to the backend.
pub struct App {
    world: World,
    ui: UiState,
    actions: Actions,
    backend: Option<Backend>,
    last_request: u64,
    last_session: u64,
    drafts: drafts::DraftKeeper,
    applied_settings: Option<crate::model::settings::Settings>,
    /// Connect to the demonstration cluster as soon as it stands.
    connect_demo: bool,
    open_at_start: Vec<ConnectRequest>,
    choosing: choose::Choosing,
    environment: Option<ConnectRequest>,
    frame_log: frame_log::FrameLog,
    /// What this frame has cost so far.
    frame_work: frame_log::Work,
    /// What was told of each connection by notifications.
    notifiers: std::collections::BTreeMap<SessionId, crate::model::notify::Notifier>,
    /// A notification was clicked: the window is to come to the front.
    to_front: bool,
    /// The system has asked the console to end.
    asked_to_end: std::sync::Arc<std::sync::atomic::AtomicBool>,
    /// How often news may have the window drawn.
    pace: std::sync::Arc<pace::Pace>,
    /// Frees what is no longer shown.
    discarder: discard::Discarder,
}

impl App {
    /// Starts the backend; `wake` is called when it has news.
    ///
    /// # Errors
    /// When the backend cannot be started.
    pub fn start(backend: BackendOptions, wake: Wake, options: &WindowOptions) -> Result<Self, Fault> {
        let keyring_off = backend.secrets == Secrets::off();
        let backend = Backend::start(backend, wake)?;
        let mut app = Self {
            world: World::default(),
            ui: UiState::default(),
            actions: Actions::default(),
            backend: Some(backend),
            last_request: 0,
            last_session: 0,
            drafts: drafts::DraftKeeper::default(),
            applied_settings: None,
            connect_demo: false,
            open_at_start: options.open.clone(),
            choosing: None,
            environment: options.environment.clone(),
            frame_log: frame_log::FrameLog::from_environment(),
            frame_work: frame_log::Work::default(),
            notifiers: std::collections::BTreeMap::new(),
            to_front: false,
            asked_to_end: Default::default(),
            pace: std::sync::Arc::new(pace::Pace::new(false)),
            discarder: discard::Discarder::start(),
        };
        app.world.environment_profile = options.environment.as_ref().map(|request| request.profile.clone());
        app.world.now = now();
        app.world.overrides = options.overrides.clone();
        app.world.keyring_off = keyring_off;
        app.send(SessionId::default(), CommandKind::LoadStored);
        app.send(SessionId::default(), CommandKind::ProbeLocal);
        if options.start_demo {
            app.dispatch(crate::action::Action::StartDemo);
        }
        Ok(app)
    }

    /// Gives a command, and returns the number that its answers will carry. A command that cannot
    /// be given is said on screen.
    fn send(&mut self, session: SessionId, kind: CommandKind) -> RequestId {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        let given =
            self.backend.as_ref().map_or(Ok(()), |backend| backend.send(Command { session, request, kind }));
        if let Err(fault) = given {
            self.world.toast_fault(fault);
        }
        request
    }

    /// Does what a click would do: for driving the console without its window.
    pub fn act(&mut self, action: crate::action::Action) {
        self.dispatch(action);
    }

    /// Takes the news in that has arrived: for driving the console without its window.
    pub fn step(&mut self) {
        self.logic();
        self.discarder.free(&mut self.world.discarded);
    }

    /// Ends every connection, with all drafts on disk.
    pub fn shutdown(mut self) {
        self.close();
    }

    fn close(&mut self) {
        self.world.now = now();
        self.keep_every_draft();
        if let Some(backend) = self.backend.take() {
            backend.shutdown();
        }
    }

    /// What is known.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }
}

//! The native window.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::App;
use super::frame_log::Working;
use super::pace::Pace;
use crate::action::Action;
use crate::backend::{BackendOptions, Urgency};
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::ConnectRequest;
use crate::model::settings::Overrides;
use crate::ui;

/// Asked to end, the window has so long to close.
const CLOSE_WITHIN: Duration = Duration::from_secs(12);

/// How the window is opened.
#[derive(Clone, Debug, Default)]
pub struct WindowOptions {
    /// Connections to open at once.
    pub open: Vec<ConnectRequest>,
    /// Start the demonstration cluster and connect to it.
    pub start_demo: bool,
    /// The connection that the `ETCDCTL_*` environment describes.
    pub environment: Option<ConnectRequest>,
    /// Draw with OpenGL instead of wgpu (Vulkan, Metal, DX12).
    pub use_glow: bool,
    /// Theme and language from the command line.
    pub overrides: Overrides,
}

/// Opens the window and runs it until it is closed.
///
/// # Errors
/// When no window can be opened with this renderer; the message says which other to try.
pub fn open(backend: BackendOptions, options: WindowOptions) -> Result<(), Fault> {
    let (renderer, other) =
        if options.use_glow { (eframe::Renderer::Glow, "wgpu") } else { (eframe::Renderer::Wgpu, "glow") };
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("etcdscope")
            .with_app_id("etcdscope")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([720.0, 480.0]),
        renderer,
        centered: true,
        // Against bands in gradients, of which there are none here; without a graphics card it costs.
        dithering: false,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let ctx = creation.egui_ctx.clone();
        ui::theme::install(&ctx);
        let pace = Arc::new(Pace::new(draws_by_processor(creation)));
        let wake = {
            let (ctx, pace) = (ctx.clone(), pace.clone());
            Arc::new(move |urgency| match urgency {
                Urgency::Answer => ctx.request_repaint(),
                Urgency::News => ctx.request_repaint_after(pace.wait()),
            })
        };
        let mut app = App::start(backend, wake, &options)?;
        app.pace = pace;
        close_when_asked(&ctx, &app.asked_to_end);
        Ok(Box::new(app))
    });
    eframe::run_native("etcdscope", native, create).map_err(|error| {
        let hint = format!("no window with this renderer ({error}); try --renderer {other}");
        Fault::new(FaultKind::Other, hint)
    })
}

/// Whether there is no graphics card, so that the processor draws. (OpenGL does not say.)
fn draws_by_processor(creation: &eframe::CreationContext<'_>) -> bool {
    creation
        .wgpu_render_state
        .as_ref()
        .is_some_and(|state| state.adapter.get_info().device_type == eframe::wgpu::DeviceType::Cpu)
}

/// When the system asks the console to end (at a log-out, or with Ctrl-C), the window closes as it
/// does by its button: with every draft on disk.
fn close_when_asked(ctx: &egui::Context, asked: &Arc<AtomicBool>) {
    let (ctx, asked) = (ctx.clone(), asked.clone());
    let watch = move || {
        let code = match crate::cli::wait_until_asked_to_end() {
            Ok(code) => code,
            Err(error) => return tracing::warn!(%error, "signals are not heard"),
        };
        asked.store(true, Ordering::Release);
        ctx.request_repaint();
        std::thread::sleep(CLOSE_WITHIN);
        std::process::exit(code.into());
    };
    if let Err(error) = std::thread::Builder::new().name("signals".to_owned()).spawn(watch) {
        tracing::warn!(%error, "signals are not heard");
    }
}

/// Where the system lets a window come to the front by itself; else it asks for attention.
fn bring_to_front(ctx: &egui::Context) {
    use egui::{UserAttentionType, ViewportCommand};
    ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
    ctx.send_viewport_cmd(ViewportCommand::Focus);
    ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(UserAttentionType::Informational));
    ctx.request_repaint();
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let working = Working::begin();
        let again = App::logic(self);
        if self.asked_to_end.load(Ordering::Acquire) {
            self.keep_drafts(true);
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.apply_settings(ctx);
        if std::mem::take(&mut self.to_front) {
            bring_to_front(ctx);
        }
        if let Some(after) = again {
            ctx.request_repaint_after(after);
        }
        self.frame_work = working.so_far();
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let working = Working::begin();
        for command in ui::shell::shortcuts(ui.ctx(), &self.world) {
            self.actions.push(Action::Run(command));
        }
        ui::show(ui, &self.world, &mut self.ui, &mut self.actions);
        let actions = self.actions.take();
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        for action in actions {
            if let Action::CopyText(text) = &action {
                ui.ctx().copy_text(text.clone());
            }
            self.dispatch(action);
        }
        // The views have gone over to what is new.
        self.discarder.free(&mut self.world.discarded);
        self.pace.drawn();
        let work = self.frame_work + working.so_far();
        self.frame_log.note(work, self.world.active_session(), frame.info().cpu_usage);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.close();
    }
}

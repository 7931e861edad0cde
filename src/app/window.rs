//! The native window.

use std::sync::Arc;
use std::time::Instant;

use super::App;
use super::settings::Overrides;
use crate::action::Action;
use crate::backend::BackendOptions;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::ConnectRequest;
use crate::ui;

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
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let ctx = creation.egui_ctx.clone();
        ui::theme::install(&ctx);
        let wake = {
            let ctx = ctx.clone();
            Arc::new(move || ctx.request_repaint())
        };
        let app = App::start(backend, wake, &options)?;
        Ok(Box::new(app))
    });
    eframe::run_native("etcdscope", native, create).map_err(|error| {
        let hint = format!("no window with this renderer ({error}); try --renderer {other}");
        Fault::new(FaultKind::Other, hint)
    })
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let started = Instant::now();
        let again = App::logic(self);
        self.apply_settings(ctx);
        if let Some(after) = again {
            ctx.request_repaint_after(after);
        }
        self.frame_work = started.elapsed();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let started = Instant::now();
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
        self.frame_log.note(self.frame_work + started.elapsed());
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.close();
    }
}

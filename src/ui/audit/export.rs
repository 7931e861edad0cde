//! Where the log is to be written to.

use std::path::{Path, PathBuf};

use egui::{Align, Frame, Id, Label, Layout, Margin, Ui, vec2};
use rust_i18n::t;

use super::AuditState;
use crate::action::{Action, Actions};
use crate::model::audit::AuditQuery;
use crate::model::dialog::FileQuestion;
use crate::model::world::World;
use crate::ui::theme::{self, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::field::text_field;
use crate::ui::widgets::segmented;

/// The form, while it is open.
#[derive(Default)]
pub(super) struct ExportState {
    open: bool,
    path: String,
    /// The answer of the file dialog that was taken over last.
    chosen_serial: u64,
}

impl ExportState {
    pub(super) fn toggle(&mut self) {
        self.open = !self.open;
        if self.open && self.path.is_empty() {
            let folder = directories::UserDirs::new()
                .map(|dirs| dirs.document_dir().unwrap_or_else(|| dirs.home_dir()).to_path_buf());
            self.path = folder.unwrap_or_default().join("etcdscope-audit.jsonl").display().to_string();
        }
    }
}

/// Draws the form below the title.
pub(super) fn show(ui: &mut Ui, world: &World, state: &mut AuditState, actions: &mut Actions) {
    if !state.export.open {
        return;
    }
    if let Some(chosen) = &world.chosen_file
        && chosen.serial > state.export.chosen_serial
        && matches!(chosen.question, FileQuestion::AuditTo(_))
    {
        state.export.chosen_serial = chosen.serial;
        state.export.path = chosen.path.display().to_string();
    }
    let tokens = theme::tokens(ui);
    Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = size::GRID;
        let room = vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            let ready = !state.export.path.trim().is_empty();
            let write = t!("audit.export_write");
            if Button::primary(&write).enabled(ready).show(ui).clicked() {
                let query = AuditQuery { below: None, limit: 0, ..state.query.clone() };
                actions.push(Action::ExportAudit(query, PathBuf::from(state.export.path.trim())));
                state.export.open = false;
            }
            if Button::quiet(&t!("audit.browse")).show(ui).clicked() {
                let name = Path::new(&state.export.path).file_name();
                let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                actions.push(Action::ChooseFile(FileQuestion::AuditTo(name)));
            }
            let is_csv = is_csv(&state.export.path);
            if let Some(csv) = segmented(ui, is_csv, &[(true, "CSV"), (false, "JSON Lines")]) {
                let path = Path::new(&state.export.path);
                let extension = if csv { "csv" } else { "jsonl" };
                state.export.path = path.with_extension(extension).display().to_string();
            }
            let name = t!("audit.export_file");
            text_field(ui, Id::unique("audit export"), &mut state.export.path, &name, "");
        });
        let hint = if is_csv(&state.export.path) { t!("audit.csv_hint") } else { t!("audit.json_hint") };
        ui.add(Label::new(tokens.hint(hint)).wrap());
    });
}

fn is_csv(path: &str) -> bool {
    Path::new(path.trim()).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}
